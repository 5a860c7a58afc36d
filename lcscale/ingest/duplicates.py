"""Names that more than one row of a catalog has, found without holding all names in one place."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from upath import UPath

from lcscale.ingest.spills import put
from lcscale.lake import Leaf, Pixel
from lcscale.lake.leaf import leaf_path
from lcscale.lake.storage import is_local

ROWS_OF_A_TASK = 8_000_000
_EXAMPLES = 5
_SPACE = 2**64
Keys = npt.NDArray[np.uint64]


def write_names(folder: UPath, pixel: Pixel, names: pa.ChunkedArray) -> None:
    """Put the keys of a leaf's names, in ascending order, aside in `folder`."""
    write_keys(_path(folder, pixel), np.sort(keys_of(names.drop_null())))


def write_keys(path: UPath, keys: Keys) -> None:
    """Write keys into a file that is complete when it is there."""
    buffer = io.BytesIO()
    np.save(buffer, keys)
    put(path, buffer.getvalue())


def read_keys(path: UPath) -> Keys:
    """The keys in a file; none where there is no file. Local files are mapped."""
    if not path.exists():
        return np.empty(0, np.uint64)
    keys: Keys = np.load(path.path, mmap_mode="r") if is_local(path) else np.load(path.open("rb"))
    return keys


def keys_of(names: pa.ChunkedArray) -> Keys:
    """A number for each name, spread evenly over 64 bits: different for different integers, and almost so for texts."""
    if pa.types.is_integer(names.type):
        values = names.to_numpy().astype(np.int64).view(np.uint64)
        values = (values ^ (values >> np.uint64(31))) * np.uint64(0x7FB5D329728EA185)  # an odd factor: one to one
        return np.asarray(values ^ (values >> np.uint64(27)))
    from pandas.util import hash_array

    texts = names.cast(pa.string()).to_numpy().astype(object)
    return np.asarray(hash_array(texts, categorize=False), np.uint64)


def find_duplicates(
    keys: UPath, version: UPath, pixels: Sequence[Pixel], identity: str, number: int, of: int
) -> dict[str, Any]:
    """Count names that repeat that of another row, among those whose keys lie in the span `number` of `of` such spans.

    Parameters
    ----------
    keys
        Folder of what `write_names` put aside.
    version, pixels
        The version and its leaves.
    identity
        Column of the names.

    Returns
    -------
    dict
        ``duplicates``, and a few ``examples`` as text.
    """
    low, high = (np.array([number, number + 1], dtype=object) * _SPACE // of).tolist()
    parts = {pixel: _within(_path(keys, pixel), low, high) for pixel in pixels}
    every = np.sort(np.concatenate([np.empty(0, np.uint64), *parts.values()]))
    repeated = every[1:][np.diff(every) == 0]
    wanted = np.unique(repeated)[:_EXAMPLES]
    holding = {int(key): next(pixel for pixel, part in parts.items() if key in part) for key in wanted}
    return {
        "duplicates": int(repeated.size),
        "examples": [_text(version, pixel, identity, key) for key, pixel in holding.items()],
    }


def _within(path: UPath, low: int, high: int) -> Keys:
    """Those of a file's keys in a half-open span."""
    keys = read_keys(path)
    start = np.searchsorted(keys, np.uint64(low))
    stop = keys.size if high == _SPACE else np.searchsorted(keys, np.uint64(high))
    return keys[start:stop]


def _text(version: UPath, pixel: Pixel, identity: str, key: int) -> str:
    """The name with this key, as it stands in the leaf."""
    names = Leaf(pixel, leaf_path(version, pixel)).read([identity]).column(identity).drop_null()
    return str(names[int(np.flatnonzero(keys_of(names) == np.uint64(key))[0])].as_py())


def _path(folder: UPath, pixel: Pixel) -> UPath:
    return folder / f"names-{pixel.order}-{pixel.pixel}.npy"
