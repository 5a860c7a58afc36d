"""The second task of an ingest: decide on the partitions, from the histograms of the spills."""

from __future__ import annotations

import base64
import contextlib
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from upath import UPath

from lcscale.errors import InputError
from lcscale.ingest.spills import CELL_ORDER, Histogram, read_histogram, read_ranges, read_schema
from lcscale.ingest.tiling import covered, overlaps, tile, within
from lcscale.lake import HEALPIX_COLUMN, Pixel
from lcscale.lake.borders import ranges_around_each, ranges_around_pixel
from lcscale.lake.leaf import Ranges
from lcscale.lake.pixel import Pixels
from lcscale.surveys.nesting import common_field, settled_field
from lcscale.vocabulary import NAME

_FINER = 4
_FINEST = 24
Integers = npt.NDArray[np.int64]


def plan_leaves(
    folder: UPath,
    names: Sequence[str],
    labels: Sequence[str],
    rows: int,
    size: int,
    existing: Sequence[Pixel] = (),
    schema: str = "",
    reach: float = 0.0,
) -> dict[str, Any]:
    """The partitions for the spills `names`: at most `rows` rows and `size` bytes (in memory) each.

    Parameters
    ----------
    folder, names, labels
        The spills, and what file each is from.
    rows, size
        Largest partition.
    existing
        Partitions that are there already: they stay, whatever they get, and new ones lie beside them.
    schema
        Schema of the rows that are there already (see `schema_text`); new columns are refused then.
    reach
        Rows within so many arcseconds of a partition matter to it too.

    Returns
    -------
    dict
        ``pixels``: [order, pixel, indices of the spills with rows that matter to it]; ``schema``: text of the common
        schema; ``notes`` on columns that differ between files.

    Raises
    ------
    InputError
        Where the files' columns cannot be brought together.
    """
    histograms = [read_histogram(folder, name) for name in names]
    spans = np.array([pixel.span for pixel in existing], np.int64).reshape(-1, 2)
    tiling = _Tiling(folder, tuple(names), histograms, rows, size, spans)
    pixels = [*existing, *tiling.new_pixels()]
    touched = zip(pixels, tiling.touched(pixels, reach), strict=True)
    found, notes = _common([read_schema(folder, name) for name in names], labels)
    common = _without_nulls(found) if not schema else _fitting(found, read_schema_text(schema))
    if "lightcurve" in common.names:
        before = common.field("lightcurve") if schema else None
        common = common.set(common.get_field_index("lightcurve"), settled_field(found.field("lightcurve"), before))
    return {
        "pixels": [[*pixel, spills] for pixel, spills in touched if spills],
        "schema": schema_text(common),
        "notes": notes,
    }


class _Tiling:
    """Works out the new pixels of a plan."""

    def __init__(
        self,
        folder: UPath,
        names: Sequence[str],
        histograms: Sequence[Histogram],
        rows: int,
        size: int,
        taken: Integers,
    ) -> None:
        self.folder, self.names, self.histograms, self.taken = folder, names, histograms, taken
        total = _sum(histograms)
        inside = covered(total.cells, CELL_ORDER, taken)
        self.cells = total.cells[~inside]
        self.weights = np.maximum(total.rows / rows, total.bytes / size)[~inside]
        self.row_weight = max(1 / rows, float(total.bytes.sum()) / max(1, int(total.rows.sum())) / size)

    def new_pixels(self) -> list[Pixel]:
        """Pixels for the rows outside what is taken, none with more than it may hold."""
        found: list[Pixel] = []
        for pixel in tile(self.cells, self.weights, CELL_ORDER, 1.0, self.taken):
            full = pixel.order == CELL_ORDER and self.weights[np.searchsorted(self.cells, pixel.pixel)] > 1.0
            found += self._refine(pixel) if full or overlaps(pixel, self.taken) else [pixel]
        return found

    def _refine(self, pixel: Pixel) -> list[Pixel]:
        """Smaller pixels for one that holds too much or overlaps another, from the rows' own indices."""
        order = min(pixel.order + _FINER, _FINEST)
        parts = [
            batch.column(HEALPIX_COLUMN).to_numpy()
            for i in self.touched([pixel])[0]
            for batch in read_ranges(self.folder, self.names[i], np.array([pixel.span]))
        ]
        index = np.concatenate([np.empty(0, np.int64), *parts])
        cells, counts = np.unique(index[~within(index, self.taken)] >> 2 * (29 - order), return_counts=True)
        weights = counts * self.row_weight
        found: list[Pixel] = []
        for finer in tile(cells, weights, order, 1.0, self.taken):
            full = finer.order == order and weights[np.searchsorted(cells, finer.pixel)] > 1.0
            again = order < _FINEST and (full or overlaps(finer, self.taken))
            found += self._refine(finer) if again else [finer]
        return found

    def touched(self, pixels: Sequence[Pixel], reach: float = 0.0) -> list[list[int]]:
        """For each pixel, which spills have a cell that overlaps it or lies within `reach` arcseconds."""
        found: list[list[int]] = [[] for _ in pixels]
        cells = np.unique(np.concatenate([np.empty(0, np.int64), *(one.cells for one in self.histograms)]))
        wide = _any_of(cells, ranges_around_each(Pixels.of(pixels), reach).reshape(-1, 2)).reshape(len(pixels), -1)
        places = np.flatnonzero(wide.any(axis=1)).tolist()  # the others need no finer look
        if not places:
            return found
        around = [ranges_around_pixel(pixels[place], reach) for place in places]
        edges = np.cumsum([0, *map(len, around)])[:-1]
        ranges = np.concatenate(around)
        for i, one in enumerate(self.histograms):
            for number in np.flatnonzero(np.logical_or.reduceat(_any_of(one.cells, ranges), edges)):
                found[places[number]].append(i)
        return found


def _any_of(cells: Integers, ranges: Ranges) -> npt.NDArray[np.bool_]:
    """Whether a range of indices has a part in one of `cells`, which are sorted and of `CELL_ORDER`."""
    low, high = ranges[:, 0] >> 2 * (29 - CELL_ORDER), (ranges[:, 1] - 1) >> 2 * (29 - CELL_ORDER)
    return np.asarray(np.searchsorted(cells, low) < np.searchsorted(cells, high, side="right"))


def _sum(histograms: Sequence[Histogram]) -> Histogram:
    cells, inverse = np.unique(np.concatenate([one.cells for one in histograms]), return_inverse=True)

    def added(parts: list[Integers]) -> Integers:
        return np.bincount(inverse, np.concatenate(parts), cells.size).astype(np.int64)

    return Histogram(cells, added([one.rows for one in histograms]), added([one.bytes for one in histograms]))


def _common(schemas: Sequence[pa.Schema], labels: Sequence[str]) -> tuple[pa.Schema, list[str]]:
    """The schema all rows fit into; columns that are text in one file and numbers in another become text."""
    with contextlib.suppress(pa.ArrowTypeError, pa.ArrowInvalid):  # found out below: which columns of which files
        return _with_light_curves(pa.unify_schemas(schemas, promote_options="permissive"), schemas), []
    kinds: dict[str, dict[pa.DataType, str]] = {}
    for schema, label in zip(schemas, labels, strict=True):
        for field in schema:
            kinds.setdefault(field.name, {}).setdefault(field.type, label)
    notes, text = [], set()
    for name, found in kinds.items():
        if not _agree(found):
            where = ", ".join(f"{kind} in {label}" for kind, label in list(found.items())[:3])
            if any(pa.types.is_nested(kind) for kind in found):
                raise InputError(f"column {name!r} is {where}: these are no files of one release")
            notes.append(f"column {name!r} is {where}: it was made text")
            text.add(name)
    alike = [
        pa.schema([field.with_type(pa.string()) if field.name in text else field for field in one]) for one in schemas
    ]
    return _with_light_curves(pa.unify_schemas(alike, promote_options="permissive"), schemas), notes


def _with_light_curves(schema: pa.Schema, schemas: Sequence[pa.Schema]) -> pa.Schema:
    """`schema` with what the light curves of all `schemas` say of their bands and times."""
    fields = [one.field("lightcurve") for one in schemas if "lightcurve" in one.names]
    if not fields:
        return schema
    return schema.set(schema.get_field_index("lightcurve"), common_field(fields))


def _agree(kinds: Collection[pa.DataType]) -> bool:
    try:
        pa.unify_schemas([pa.schema([("it", kind)]) for kind in kinds], promote_options="permissive")
    except (pa.ArrowTypeError, pa.ArrowInvalid):
        return False
    return True


def _without_nulls(schema: pa.Schema) -> pa.Schema:
    """Columns in which no file has a value get a type that every reader knows."""
    fields = [field.with_type(pa.string()) if pa.types.is_null(field.type) else field for field in schema]
    return pa.schema(fields, schema.metadata)


def _fitting(found: pa.Schema, present: pa.Schema) -> pa.Schema:
    """The schema that is there already, if the new rows can be brought into it."""
    unknown = [name for name in found.names if name not in (*present.names, NAME.name)]  # older catalogs have no name
    if unknown:
        raise InputError(
            f"cannot append: the catalog has no column {', '.join(unknown)}; it has {', '.join(present.names)}"
        )
    for field in found:
        if field.name not in present.names:
            continue
        there = present.field(field.name).type
        if pa.types.is_string(field.type) and (pa.types.is_floating(there) or pa.types.is_integer(there)):
            raise InputError(f"cannot append: column {field.name!r} is text in the files, {there} in the catalog")
        if field.name == "lightcurve" and "flux" in {*field.type.names} ^ {*there.names}:
            files, catalog = ("fluxes" if "flux" in kind.names else "magnitudes" for kind in (field.type, there))
            raise InputError(f"cannot append: the light curves are {files} in the files, {catalog} in the catalog")
    return present


def schema_text(schema: pa.Schema) -> str:
    """The schema as text that JSON can hold."""
    return base64.b64encode(schema.serialize().to_pybytes()).decode()


def read_schema_text(text: str) -> pa.Schema:
    """The schema of a `schema_text`."""
    return pa.ipc.read_schema(pa.py_buffer(base64.b64decode(text)))
