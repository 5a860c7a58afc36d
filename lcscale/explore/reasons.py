"""`why`: what became of an object on its way to a catalog, told from what each version was made from."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa

from lcscale.engine import Ledger
from lcscale.explore.finding import rows_of
from lcscale.expressions import holds, names_in
from lcscale.lake import HEALPIX_COLUMN, Catalog, Lake, Pixel
from lcscale.lake.inputs import CROSSMATCH, JOIN, ROWS, STEPS
from lcscale.models.heads.columns import PROBABILITY

_MOST_SET_ASIDE = 5


def why(lake: Lake, object_id: str | int, name: str) -> list[str]:
    """Why an object is, or is not, in the catalog `name`, a line each step back to the release files.

    It was not in the input; a condition left it out; no row of the other catalog lies near it; its partition was set
    aside; or it is there, with its class or the reason for having none.

    Parameters
    ----------
    lake
        Where the catalog is, and what it was made from.
    object_id
        The object, as the catalogs name it.
    name
        Name of the catalog.
    """
    return _told(lake[name], object_id)


def _told(catalog: Catalog, object_id: str | int) -> list[str]:
    called = f"{catalog.name} {catalog.source.version}"
    rows = rows_of(catalog, object_id)
    if rows.num_rows:
        return [f"{object_id} is in {called}{_class_of(rows.slice(0, 1).to_pylist()[0])}"]
    lines = [f"{object_id} is not in {called}"]
    inputs = catalog.inputs
    if not inputs:
        return lines + _left_out(catalog)
    before = catalog.input_catalog(next(each for each in inputs if each.role == ROWS))
    row = rows_of(before, object_id)
    if not row.num_rows:
        return lines + _told(before, object_id)
    lines.append(f"{object_id} is in {before.name} {before.source.version}, which {catalog.name} was made from")
    return lines + (_set_aside(catalog, row) or _cut(catalog, row.slice(0, 1), object_id))


def _class_of(row: dict[str, Any]) -> str:
    if row.get("class") is not None:
        return f": {row['class']}, probability {row.get(PROBABILITY.of(row['class']).name, float('nan')):.3f}"
    return f": no class, {row['reason']}" if row.get("reason") else ""


def _left_out(catalog: Catalog) -> list[str]:
    """What the ingest of `catalog` left out."""
    aside = Ledger(catalog.source.folder / "ledger").set_aside()
    if not aside:
        return ["it was ingested whole: no release file has the object"]
    some = [f"left out of it: {entry['label']}: {entry['error']}" for entry in aside[:_MOST_SET_ASIDE]]
    more = len(aside) - len(some)
    return some + ([f"and {more:,} more (lcscale jobs)"] if more else [])


def _set_aside(catalog: Catalog, row: pa.Table) -> list[str]:
    """What is missing of `catalog` where the object is."""
    index = row.column(HEALPIX_COLUMN)[0].as_py()
    for entry in Ledger(catalog.source.folder / "ledger").quarantined():
        order, pixel = (int(part.partition("=")[2]) for part in entry["label"].split()[-1].split("/"))
        first, behind = Pixel(order, pixel).span
        if first <= index < behind:
            return [f"its partition was set aside: {entry['label']}: {entry['error']}"]
    return []


def _cut(catalog: Catalog, row: pa.Table, object_id: str | int) -> list[str]:
    """Which condition or match left the row out, as far as the inputs tell."""
    for each in catalog.inputs:
        if each.role == JOIN:
            row = _with_columns(row, rows_of(catalog.input_catalog(each), object_id))
    lines = []
    for step in json.loads(dict(catalog.source.properties).get(STEPS, "[]")):
        condition = step.get("condition")
        if condition is None:
            continue
        unknown = [name for name in names_in(condition) if name not in row.column_names]
        if unknown or "@" in condition:  # columns made on the way, lists that were given
            lines.append(f"this condition may have left it out: {condition}")
        elif not holds(condition, row)[0].as_py():
            values = ", ".join(f"{name} = {row.column(name)[0].as_py()}" for name in names_in(condition))
            return [f"a condition left it out: {condition} ({values})"]
    matched = [each for each in catalog.inputs if each.role == CROSSMATCH]
    lines += [f"it may have no counterpart in {each.name} {each.version}" for each in matched]
    return lines or ["no condition is known that would leave it out"]


def _with_columns(row: pa.Table, other: pa.Table) -> pa.Table:
    for name in other.column_names:
        if other.num_rows and name not in row.column_names:
            row = row.append_column(other.schema.field(name), other.column(name).slice(0, 1))
    return row
