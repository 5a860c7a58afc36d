"""Lists of objects, one row an object: read from a list, or gathered from the detections themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lcscale.surveys.identities import trimmed
from lcscale.surveys.packed import POSITION
from lcscale.surveys.positions import angles, placed
from lcscale.surveys.reading import pick, read_batches, read_table, reading
from lcscale.surveys.release import Part, Problem, ReleaseFileError
from lcscale.vocabulary import NAME

_FAR_ARCSEC = 60.0


def object_list(
    path: str,
    problems: list[Problem],
    *,
    id: str,
    ra: str = "ra",
    dec: str = "dec",
    label: str | None = None,
    also: str = "",
    detected: Sequence[str] = (),
    sources: tuple[str, str] | None = None,
) -> pa.Table:
    """A table of objects: `object_id` and the position first, then all other columns, the class as `label`.

    Parameters
    ----------
    path, problems
        The list; an id that is repeated counts once, with its first row, which is said.
    id, ra, dec, label
        Its columns.
    also
        Columns, between bars, of which the first that is there holds a further name: it becomes `name`.
    detected
        Columns of detections: a list that has all of them is one of detections, of which only id, class and the mean
        position are taken.
    sources
        Columns of the position, where they may have other names than the result's `ra` and `dec`.
    """
    position_from = sources or (ra, dec)
    wanted = [*position_from, *([label] if label else [])]
    table = read_table(path, problems, ids=[id], wanted=wanted)
    present = table.column_names
    id, ra_from, dec_from = (pick(name, present) for name in (id, *position_from))
    with reading(path):
        position = [pa.array(angles(table, name, hours=name == ra_from)) for name in (ra_from, dec_from)]
    fields = [pa.field("object_id", table.schema.field(id).type), *_position_fields(ra, dec)]
    arrays = [table.column(id), *position]
    if detected and all(pick(name, present) in present for name in detected):
        if label:
            arrays.append(table.column(pick(label, present)))
            fields.append(pa.field("label", arrays[-1].type))
        made = _with_name(pa.Table.from_arrays(arrays, schema=pa.schema(fields)), table, also, (id,))
        return _gathered([made], ra, dec)
    renamed = {pick(label, present): "label"} if label else {}
    called = pick(also, present)
    for name in present:
        if name not in (id, ra_from, dec_from, called):
            arrays.append(table.column(name))
            fields.append(table.schema.field(name).with_name(renamed.get(name, name)))
    made = _with_name(pa.Table.from_arrays(arrays, schema=pa.schema(fields)), table, also, (id, *position_from))
    found = placed(made, ra, dec, path, problems)
    return _each_once(found, ra, dec, path, problems)


def objects_of_detections(
    files: Mapping[str, str | None],
    *,
    id: str,
    ra: str,
    dec: str,
    label: str | None,
    also: str = "",
    names: Sequence[str] = (),
    sources: tuple[str, str] | None = None,
) -> pa.Table:
    """The objects that detections tell of: `object_id`, the mean position, and the class of the first as `label`.

    Parameters
    ----------
    files
        Tables of detections, each with the name of its object where no column has it.
    id, ra, dec, label, also, names, sources
        Columns, and their names by place (see `read_batches`); see `object_list`.
    """
    tables = []
    damaged: ReleaseFileError | None = None
    position_from = sources or (ra, dec)
    for path, name in files.items():
        columns = [*position_from, *([label] if label else []), *([] if name else [id])]
        try:
            optional = [also] if also else []
            ids = [] if name else [id]
            for table in read_batches(Part(path), [], columns, ids=ids, optional=optional, names=names):
                present = table.column_names
                owner = pa.array([name] * len(table)) if name else table.column(pick(id, present))
                with reading(path):
                    position = [angles(table, pick(one, present), hours=not i) for i, one in enumerate(position_from)]
                arrays = [owner, *map(pa.array, position), *([table.column(pick(label, present))] if label else [])]
                fields = [pa.field("object_id", owner.type), *_position_fields(ra, dec)]
                fields += [pa.field("label", arrays[-1].type)] if label else []
                made = _with_name(pa.Table.from_arrays(arrays, schema=pa.schema(fields)), table, also, (*ids, *columns))
                tables.append(_gathered([made], ra, dec, sums=True))
        except ReleaseFileError as error:  # a damaged file costs only itself: reading its detections says so
            damaged = error
    if not tables:
        raise damaged or ReleaseFileError("no detections to gather objects from")
    return _gathered(tables, ra, dec)


def _with_name(objects: pa.Table, table: pa.Table, also: str, taken: Sequence[str]) -> pa.Table:
    """`objects` with the further name that the same rows of `table` have, if they do, in a column not `taken` yet."""
    present = table.column_names
    called = pick(also, present)
    if called not in present or called in [pick(name, present) for name in taken]:
        return objects
    names = trimmed(table.column(called).cast(pa.string()))
    return objects.append_column(NAME.field, names)


def _position_fields(ra: str, dec: str) -> list[pa.Field]:
    return [pa.field(name, pa.float64(), metadata=POSITION["ra"]) for name in (ra, dec)]


def _gathered(tables: Sequence[pa.Table], ra: str, dec: str, *, sums: bool = False) -> pa.Table:
    """One row an object at the mean of its positions; as `sums` of unit vectors, which can be gathered again."""
    parts = [table if "_x" in table.column_names else _vectors(table, ra, dec) for table in tables]
    schema = parts[0].schema
    for part in parts[1:]:
        if part.schema.field("object_id").type != schema.field("object_id").type:  # names of numbers and of text
            parts = [_as_text(one) for one in parts]
            break
    table = pa.concat_tables(parts, promote_options="permissive")
    table = table.filter(pc.is_valid(table.column("object_id")))
    how = {"_x": "sum", "_y": "sum", "_z": "sum", "_west": "min", "_east": "max", "_south": "min", "_north": "max"}
    how |= {name: "first" for name in table.column_names if name not in ("object_id", *how)}
    grouped = table.group_by("object_id", use_threads=False).aggregate(list(how.items()))
    grouped = grouped.select(["object_id", *(f"{name}_{what}" for name, what in how.items())])
    grouped = grouped.rename_columns(["object_id", *how])
    if sums:
        return grouped
    x, y, z, west, east, south, north = (grouped.column(name).to_numpy() for name in list(how)[:7])
    good = pa.array(np.isfinite(west) & (np.hypot(np.hypot(x, y), z) > 0))
    lon, lat = np.degrees(np.arctan2(y, x)) % 360.0, np.degrees(np.arctan2(z, np.hypot(x, y)))
    lon, lat = np.where(west == east, west, lon), np.where(south == north, south, lat)
    rest = list(how)[7:]
    fields = [grouped.schema.field("object_id"), *_position_fields(ra, dec)]
    fields += [grouped.schema.field(name) for name in rest]
    columns = [grouped.column("object_id"), pa.array(lon), pa.array(lat), *(grouped.column(name) for name in rest)]
    return pa.Table.from_arrays(columns, schema=pa.schema(fields)).filter(good)


def _as_text(table: pa.Table) -> pa.Table:
    return table.set_column(0, "object_id", table.column("object_id").cast(pa.string()))


def _vectors(table: pa.Table, ra: str, dec: str) -> pa.Table:
    """The table with unit vectors and edges in place of positions; those without a position add nothing."""
    lon, lat = (table.column(name).to_numpy() for name in (ra, dec))
    known = np.isfinite(lon) & np.isfinite(lat)
    x, y = np.radians(np.where(known, lon, 0.0)), np.radians(np.where(known, lat, 0.0))
    vectors = {"_x": np.cos(y) * np.cos(x), "_y": np.cos(y) * np.sin(x), "_z": np.sin(y)}
    edges = {"_west": lon, "_east": lon, "_south": lat, "_north": lat}
    table = table.drop_columns([ra, dec])
    for name, values in vectors.items():
        table = table.append_column(name, pa.array(np.where(known, values, 0.0)))
    for name, values in edges.items():
        table = table.append_column(name, pa.array(values, mask=~known))
    return table


def _each_once(found: pa.Table, ra: str, dec: str, path: str, problems: list[Problem]) -> pa.Table:
    """The first row of each id, and all rows without one; how many repeat an id is said.

    Rows that repeat the id of one far away stay: they are other objects, wrongly named.
    """
    codes = found.column("object_id").combine_chunks().dictionary_encode().indices
    numbers = codes.fill_null(-1).to_numpy(zero_copy_only=False)
    _, first, which = np.unique(numbers, return_index=True, return_inverse=True)
    lon, lat = (np.radians(found.column(name).to_numpy()) for name in (ra, dec))
    unit = np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])
    away = np.linalg.norm(unit - unit[:, first[which]], axis=0) > np.radians(_FAR_ARCSEC / 3600)
    keep = (numbers < 0) | away
    keep[first] = True
    far = int((away & (numbers >= 0)).sum())
    if far:
        text = f"{far} rows repeat the id of another that is more than {_FAR_ARCSEC:g} arcseconds away: both are kept"
        problems.append(Problem(path, text, set_aside=False))
    repeated = int(keep.size - keep.sum())
    if repeated:
        text = f"{repeated} rows repeat the id of another (the first of each is taken)"
        problems.append(Problem(path, text, set_aside=False))
    return found if keep.all() else found.filter(pa.array(keep))
