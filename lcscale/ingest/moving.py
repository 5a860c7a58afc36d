"""Known objects whose new rows lie in another partition than before: they leave the old one when the new one has them.

New names are compared with those of their own partition first. Only where some are strangers there, new objects or
moved ones, the names of all leaves are read, one column of the catalog: where nothing but observations of known
objects came, nothing is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from upath import UPath

from lcscale.ingest.duplicates import Keys, keys_of, read_keys, write_keys
from lcscale.ingest.planning import read_schema_text
from lcscale.ingest.spills import Spills
from lcscale.lake import Leaf, Pixel
from lcscale.lake.storage import writing


def find_strangers(
    rows: Spills, pixel: Pixel, base: Leaf | None, schema: str, identity: str, staging: UPath
) -> dict[str, Any]:
    """Put aside the keys of the waiting names in `pixel` that its leaf in the version before does not have.

    Returns
    -------
    dict
        ``strangers``: how many.
    """
    kind = read_schema_text(schema).field(identity).type
    batches = rows.within(np.array([pixel.span]))
    names = pa.chunked_array([batch.column(identity).cast(kind) for batch in batches], kind)
    keys = np.unique(keys_of(names.drop_null()))
    if base is not None:
        keys = np.setdiff1d(keys, _keys_in(base, identity), assume_unique=True)
    if keys.size:
        with writing(staging):
            write_keys(_path(staging, pixel), keys)
    return {"strangers": int(keys.size)}


def find_moves(staging: UPath, strangers: Sequence[Pixel], leaves: Sequence[Leaf], identity: str) -> dict[str, Any]:
    """From which of `leaves` objects have moved to the partitions `strangers`.

    Returns
    -------
    dict
        ``moves``: [order, pixel, order, pixel] of the old partition and the new.
    """
    parts = [_keys_in(leaf, identity) for leaf in leaves]
    keys = np.concatenate(parts)
    owner = np.repeat(np.arange(len(leaves)), [part.size for part in parts])
    order = np.argsort(keys)
    keys, owner = keys[order], owner[order]
    moves = []
    for pixel in strangers:
        wanted = read_keys(_path(staging, pixel))
        first, behind = (np.searchsorted(keys, wanted, side=side) for side in ("left", "right"))
        some = np.flatnonzero(behind > first)
        found = np.unique(np.concatenate([owner[:0], *(owner[first[i] : behind[i]] for i in some)]))
        moves += [[*leaves[number].pixel, *pixel] for number in found.tolist()]
    return {"moves": moves}


def of_strangers(
    table: pa.Table, identity: str, staging: UPath, pixels: Sequence[Pixel], *, invert: bool = False
) -> pa.Table:
    """The rows of `table` whose names are strangers in one of `pixels`; with `invert` all others."""
    if not pixels:
        return table if invert else table.slice(0, 0)
    names = table.column(identity)
    named = names.is_valid().to_numpy()
    among = np.zeros(table.num_rows, bool)
    wanted = np.concatenate([read_keys(_path(staging, pixel)) for pixel in pixels])
    among[named] = np.isin(keys_of(names.drop_null()), wanted)
    return table.filter(pa.array(among != invert))


def _keys_in(leaf: Leaf, identity: str) -> Keys:
    names = leaf.read([identity]).column(identity)
    return np.asarray(np.sort(keys_of(names.drop_null())))


def _path(staging: UPath, pixel: Pixel) -> UPath:
    return staging / f"strangers-{pixel.order}-{pixel.pixel}.npy"
