"""Small leaves of a selection put together: a list of fifty rows is one leaf, not forty."""

from __future__ import annotations

import hashlib
import itertools
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa
from upath import UPath

from lcscale.engine import Shared, Task
from lcscale.engine.disk import make_folder, sync
from lcscale.lake.leaf import Leaf, leaf_path, write_leaf
from lcscale.lake.leaf_record import LeafRecord
from lcscale.lake.pixel import Pixel
from lcscale.lake.storage import is_local, writing

FULL_BYTES = 8 << 20
"""Leaves are put together as long as they are no larger than this."""


def merge_tasks(
    records: Sequence[LeafRecord], folder: UPath, schema: pa.Schema, options: Mapping[str, Any]
) -> list[Task]:
    """Tasks that write what small leaves of one neighbourhood hold into one leaf each.

    Parameters
    ----------
    records
        The leaves of the version at `folder`.
    folder
        Folder of the version.
    schema
        Schema of the rows.
    options
        How to write leaves; see `lcscale.lake.leaf.parquet_options`.
    """
    tasks = []
    told = _digest(f"{folder}|{schema}")
    shared = Shared(told, (schema, dict(options)))
    for pixel, some in groups(records):
        if len(some) > 1:
            pixels = tuple(record.pixel for record in some)
            key = _digest("|".join([told, str(pixel), *(record.digest for record in some)]))
            tasks.append(Task(key, merge_leaves, (pixels, pixel, folder, shared), f"{len(some)} leaves in {pixel}"))
    return tasks


def groups(records: Sequence[LeafRecord]) -> list[tuple[Pixel, list[LeafRecord]]]:
    """The leaves by the pixels that they fit into, in order of the sky; a leaf that stays alone has its own."""
    ordered = sorted(records, key=lambda record: record.pixel.span)
    starts = [record.pixel.span[0] for record in ordered]

    def grouped(pixel: Pixel, low: int, high: int) -> Iterator[tuple[Pixel, list[LeafRecord]]]:
        if high - low < 2:
            yield from ((record.pixel, [record]) for record in ordered[low:high])
            return
        children = [Pixel(pixel.order + 1, 4 * pixel.pixel + quarter) for quarter in range(4)]
        edges = [low, *(bisect_left(starts, child.span[0], low, high) for child in children[1:]), high]
        occupied = sum(before < after for before, after in itertools.pairwise(edges))
        if occupied > 1 and sum(record.bytes for record in ordered[low:high]) <= FULL_BYTES:
            yield pixel, ordered[low:high]
            return
        for child, before, after in zip(children, edges, edges[1:], strict=False):
            yield from grouped(child, before, after)

    edges = [bisect_left(starts, Pixel(0, base).span[0]) for base in range(13)]
    return [group for base in range(12) for group in grouped(Pixel(0, base), edges[base], edges[base + 1])]


def merge_leaves(pixels: Sequence[Pixel], pixel: Pixel, folder: UPath, how: tuple[Any, Any]) -> dict[str, Any]:
    """Write the rows of the leaves of `pixels` as the leaf of `pixel`; the small ones are put aside.

    They stay beside the data, so that a later version can take them over from there.
    """
    schema, options = how
    tables = [schema.empty_table()]
    for each in sorted(pixels, key=lambda each: each.span):
        source = leaf_path(folder, each)
        path = source if source.exists() else part_path(folder, each)
        tables.append(Leaf(each, str(path), tuple(path.storage_options.items())).read().cast(schema))
    together = pa.concat_tables(tables)  # at once: a row group a part would be mostly metadata
    with writing(folder):
        record = write_leaf(folder, pixel, together, options)
    for each in pixels:
        _put_aside(leaf_path(folder, each), part_path(folder, each))
    return record.to_json() | {"merged": [list(each) for each in pixels]}


def part_name(pixel: Pixel) -> str:
    """Where a leaf lies in its version that was put together with others."""
    return f"parts/{pixel.order}-{pixel.pixel}.parquet"


def part_path(folder: UPath, pixel: Pixel) -> UPath:
    """The same in the version at `folder`."""
    return folder / part_name(pixel)


def _put_aside(path: UPath, place: UPath) -> None:
    if path.exists():
        if is_local(path):
            make_folder(place.parent.path)
            path.rename(place)
            sync(place.parent.path)
        else:
            path.fs.mv(path.path, place.path)


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()
