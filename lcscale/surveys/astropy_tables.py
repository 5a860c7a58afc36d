"""FITS, VOTable, IPAC and CDS tables through astropy: masked values are nulls, units are metadata."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lcscale.surveys.formats import Format
from lcscale.surveys.identities import trimmed
from lcscale.surveys.positions import with_joined_positions
from lcscale.surveys.release import Problem, ReleaseFileError

if TYPE_CHECKING:
    from astropy.table import Table

KINDS = {"fits", "votable", "ipac", "cds", "sextractor"}
"""What `read_with_astropy` reads."""
_OF_TIME = ("d", "h", "min", "s", "ms")


def read_with_astropy(
    path: str, how: Format, wanted: Sequence[str], optional: Sequence[str], problems: list[Problem]
) -> pa.Table:
    """The table in the file at `path`; where there are several, the first that has the columns `wanted`.

    Those that a FITS file has in its header, once for all rows, become columns.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if how.kind == "votable":
            table = _votable(path, wanted, problems)
        elif how.kind == "fits":
            table = _fits(path, wanted, optional, problems)
        else:
            table = _text(path, how)
    return arrow_table(table)


def arrow_table(table: Table) -> pa.Table:
    """A table of astropy as Arrow: masked values are nulls, units, UCDs and descriptions are metadata of the fields."""
    table = table.copy(copy_data=False)
    _simplify(table)
    arrays, fields = [], []
    for name in table.colnames:
        array = _arrow(table[name])
        noted = table.meta.get("fields", {}).get(name, {}) | _said(table[name], name)
        fields.append(pa.field(name, array.type, metadata=noted or None))
        arrays.append(array)
    return with_joined_positions(pa.Table.from_arrays(arrays, schema=pa.schema(fields)))


def _simplify(table: Table) -> None:
    """Replace astropy's times by MJD, and its coordinates by two columns of degrees, ``coord.ra`` and ``coord.dec``."""
    for name in table.colnames:
        column = table[name]
        if hasattr(column, "mjd"):
            said = {"time_origin": "MJD-origin", "time_scale": str(column.scale)}
            table[name] = column.mjd
            table.meta.setdefault("fields", {})[name] = said
        elif hasattr(column, "icrs"):
            for angle in ("ra", "dec"):
                table[f"{name}.{angle}"] = getattr(column.icrs, angle).deg
                table[f"{name}.{angle}"].unit = "deg"
            table.remove_column(name)


def _said(column: Any, name: str) -> dict[str, str]:
    """What the file says of a column: its unit, its UCD and what it means."""
    info = column.info
    found = {"unit": info.unit, "ucd": (info.meta or {}).get("ucd")}
    if info.description != name:
        found["description"] = info.description
    return {key: str(value) for key, value in found.items() if value is not None and str(value)}


def _text(path: str, how: Format) -> Table:
    from astropy.io import ascii as texts
    from astropy.table import Table

    if how.kind == "ipac":
        return Table.read(path, format="ascii.ipac")
    if how.kind == "sextractor":
        return texts.read(path, format="sextractor")
    described = {"readme": how.described_by} if how.described_by else {}
    return texts.read(path, format="cds", **described)


def _votable(path: str, wanted: Sequence[str], problems: list[Problem]) -> Table:
    from astropy.io.votable import parse

    whole = parse(path, verify="ignore")
    for info in (one for resource in whole.resources for one in resource.infos):
        if info.name == "QUERY_STATUS" and (info.value or "").upper() == "ERROR":
            raise ReleaseFileError(f"{path} holds no table but an error of its archive: {(info.content or '')[:200]}")
        if info.name == "QUERY_STATUS" and (info.value or "").upper() == "OVERFLOW":
            problems.append(
                Problem(path, "its archive cut it off: there were more rows than it gives", set_aside=False)
            )
    tables = list(whole.iter_tables())
    named = [
        (one.name or one.ID or f"table {i}", [field.name for field in one.fields]) for i, one in enumerate(tables, 1)
    ]
    chosen = tables[_choose(path, named, wanted, problems)]
    table = chosen.to_table(use_names_over_ids=True)
    systems = {one.ID: one for resource in whole.resources for one in getattr(resource, "time_systems", [])}
    table.meta["fields"] = {
        field.name: _time_system(systems[field.ref]) for field in chosen.fields if field.ref in systems
    }
    return table


def _time_system(system: Any) -> dict[str, str]:
    """What a VOTable's TIMESYS says of a column of times."""
    said = {"time_origin": system.timeorigin, "time_scale": system.timescale}
    return {name: str(value) for name, value in said.items() if value is not None}


def _fits(path: str, wanted: Sequence[str], optional: Sequence[str], problems: list[Problem]) -> Table:
    from astropy.io import fits
    from astropy.table import Table

    with fits.open(path) as units:
        tables = [i for i, one in enumerate(units) if isinstance(one, fits.BinTableHDU | fits.TableHDU)]
        if not tables:
            raise ReleaseFileError(f"cannot read {path}: it has no table, only images")
        named = [(units[i].name or f"extension {i}", list(units[i].columns.names)) for i in tables]
        header = dict(units[0].header) | dict(units[tables[0]].header)
        asked = {one for name in (*wanted, *optional) for one in name.split("|")}
        cards = {name: header[name] for name in asked if name in header}
        chosen = tables[_choose(path, named, _beyond(wanted, cards), problems)]
        reference = _time_reference(dict(units[0].header) | dict(units[chosen].header))
        native = any(str(name).startswith("TCTYP") for name in units[chosen].header)  # times in two numbers each
    table = Table.read(path, format="fits", hdu=chosen, astropy_native=native)
    table.meta["fields"] = {name: reference for name in table.colnames if reference and _is_time(table[name], name)}
    for name in set(cards) - set(table.colnames):  # what is told once for all rows stands in the header
        table[name] = [cards[name]] * len(table)
    return table


def _time_reference(header: Mapping[str, Any]) -> dict[str, str]:
    """What the header of a FITS table says that its times count from: ``MJDREF`` or ``MJDREFI`` and ``MJDREFF`` …"""
    from astropy.units import Unit

    for kind in ("mjd", "bjd", "hjd", "jd"):
        parts = [header.get(f"{kind.upper()}REF{end}") for end in ("", "I", "F")]
        if any(isinstance(part, float | int) for part in parts):
            unit = str(header.get("TIMEUNIT", "s")).strip()
            days = Unit(unit, parse_strict="silent")
            step = days.to("d") if days.is_equivalent("d") else 1.0
            zero = sum(part for part in parts if isinstance(part, float | int))
            zero += step * sum(float(header.get(name, 0.0)) for name in ("TIMEZERO", "TIMEOFFS"))
            said = {"time_reference": f"{kind} {zero!r}", "unit": unit}
            return said | ({"time_scale": str(header["TIMESYS"]).strip()} if "TIMESYS" in header else {})
    return {}


def _is_time(column: Any, name: str) -> bool:
    """Whether a column may count days or seconds from its header's reference."""
    unit = getattr(column, "unit", "none")
    return str(unit or "") in _OF_TIME or (unit is None and name.lower() == "time")


def _beyond(wanted: Sequence[str], cards: Collection[str]) -> list[str]:
    """Those of the `wanted` columns that the header does not have."""
    return [name for name in wanted if not set(name.split("|")) & set(cards)]


def _choose(
    path: str, tables: Sequence[tuple[str, list[str]]], wanted: Collection[str], problems: list[Problem]
) -> int:
    """The first table that has all `wanted` columns, else the first; the others are named."""
    if not tables:
        raise ReleaseFileError(f"cannot read {path}: it has no table")
    fitting = [i for i, (_, names) in enumerate(tables) if all(set(one.split("|")) & set(names) for one in wanted)]
    chosen = fitting[0] if fitting else 0
    others = [name for i, (name, _) in enumerate(tables) if i != chosen]
    if others:
        text = f"it has {len(tables)} tables: {tables[chosen][0]} is read, not {', '.join(others)}"
        problems.append(Problem(path, text, set_aside=False))
    return chosen


def _arrow(column: Any) -> pa.Array:
    """A column as Arrow; cells that are arrays become lists."""
    mask = np.asarray(column.mask) if getattr(column, "mask", None) is not None else None
    values = _native(np.asarray(column))
    if values.dtype.kind == "O":
        return _objects(list(values), mask)
    if values.ndim > 1:
        return _lists(values, mask)
    array = pa.array(values, mask=mask)
    return trimmed(array) if pa.types.is_string(array.type) else array


def _native(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    if values.dtype.kind == "S":
        return np.char.decode(values, "utf-8", "replace")
    if values.dtype.kind == "c":
        return np.stack([values.real, values.imag], axis=-1)
    return values.astype(values.dtype.newbyteorder("=")) if values.dtype.byteorder == ">" else values


def _lists(values: npt.NDArray[Any], mask: npt.NDArray[np.bool_] | None) -> pa.Array:
    """Lists of the rows' elements, nested as deep as the array has dimensions."""
    flat = pa.array(values.reshape(-1), mask=None if mask is None or not mask.any() else mask.reshape(-1))
    for width in reversed(values.shape[1:]):
        flat = pa.ListArray.from_arrays(np.arange(0, len(flat) + 1, max(width, 1), dtype=np.int32), flat)
    return flat


def _objects(cells: list[Any], mask: npt.NDArray[np.bool_] | None) -> pa.Array:
    """Texts, or arrays that differ in length."""
    hidden = np.zeros(len(cells), bool) if mask is None or mask.ndim != 1 else mask
    plain = [None if gone or cell is None else _plain(cell) for cell, gone in zip(cells, hidden, strict=True)]
    try:
        array = pa.array(plain)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        array = pa.array([None if cell is None else str(cell) for cell in plain])
    return trimmed(array) if pa.types.is_string(array.type) else array


def _plain(cell: Any) -> Any:
    if isinstance(cell, np.ma.MaskedArray):
        return cell.tolist()
    if isinstance(cell, np.ndarray):
        return _native(cell).tolist()
    return cell.decode("utf-8", "replace") if isinstance(cell, bytes) else cell
