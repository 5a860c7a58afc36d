"""The nested column with light curves: its types, what its metadata say, and its values and offsets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lcscale.errors import InputError
from lcscale.lightcurves.faults import unequal
from lcscale.nested import Nested, is_list, parts_of
from lcscale.units import stated_unit

LIGHTCURVE_TYPE = pa.struct(
    [
        pa.field("time", pa.list_(pa.float64())),
        pa.field("mag", pa.list_(pa.float32())),
        pa.field("mag_err", pa.list_(pa.float32())),
        pa.field("band", pa.list_(pa.string())),
    ]
)
"""Arrow type of the nested column `lightcurve` that catalogs of the lake carry (nested-pandas reads it as a frame)."""

FLUX_TYPE = pa.struct(
    [field.with_name({"mag": "flux", "mag_err": "flux_err"}.get(field.name, field.name)) for field in LIGHTCURVE_TYPE]
)
"""The same where the light curves are fluxes; their unit stands in the column's metadata."""


def declared_bands(schema: pa.Schema, column: str = "lightcurve", key: str = "bands") -> tuple[str, ...]:
    """Bands that the metadata of a light-curve field names, primary first; empty where it says nothing.

    Examples
    --------
    >>> declared_bands(pa.schema([pa.field("lightcurve", LIGHTCURVE_TYPE, metadata={"bands": "I,V"})]))
    ('I', 'V')
    """
    metadata = schema.field(column).metadata if column in schema.names else None
    names = (metadata or {}).get(key.encode(), b"").decode().split(",")
    return tuple(name.strip() for name in names if name.strip())


def part_units(nested: pa.Field) -> dict[str, str]:
    """Units of the parts of a nested column, which its metadata tell as ``time: d, flux: nJy``.

    Examples
    --------
    >>> part_units(pa.field("lightcurve", FLUX_TYPE, metadata={"unit": "time: d, flux: nJy"}))
    {'time': 'd', 'flux': 'nJy'}
    """
    parts = (part.partition(":") for part in (stated_unit(nested) or "").split(","))
    return {name.strip(): unit.strip() for name, _, unit in parts if unit}


def time_reference(nested: pa.Field) -> str:
    """Zero and scale of the times, as the metadata of light curves tell them; empty where they do not.

    Examples
    --------
    >>> time_reference(pa.field("lightcurve", LIGHTCURVE_TYPE, metadata={"time_origin": "MJD", "time_scale": "TAI"}))
    'MJD TAI'
    """
    told = nested.metadata or {}
    return b" ".join(told[key] for key in (b"time_origin", b"time_scale") if told.get(key)).decode()


def part_names(nested: pa.DataType) -> list[str]:
    """Names of the parts of a nested column, whichever of the two layouts it has."""
    kind = nested.value_type if is_list(nested) else nested
    return list(kind.names) if pa.types.is_struct(kind) else []


def nested_column(table: pa.Table | pa.Array | pa.ChunkedArray, column: str) -> tuple[pa.Array, dict[str, str]]:
    """The nested `column` of a table (or the column itself) in one piece, and the units of its parts.

    Raises
    ------
    InputError
        The table has no such column, or it has more than 2^31 observations.
    """
    units = {}
    if isinstance(table, pa.Table):
        if column not in table.column_names:
            raise InputError(f"no light-curve column {column!r}; there are {', '.join(table.column_names)}")
        units = part_units(table.schema.field(column))
        table = table.column(column)
    nested = table.combine_chunks() if isinstance(table, pa.ChunkedArray) else table
    if isinstance(nested, pa.ChunkedArray):  # more than one chunk is left only past the offsets' 2^31
        raise InputError("a batch of light curves holds at most 2^31 observations; use smaller batches")
    return nested, units


def nested_array(
    values: Mapping[str, npt.NDArray[Any]],
    offsets: npt.NDArray[np.int64],
    band: npt.NDArray[np.int8] | None,
    bands: Sequence[str],
) -> pa.StructArray:
    """Flat values by field name, codes and names of bands (None: no such field), as a struct of lists.

    Raises
    ------
    InputError
        There are more than 2^31 observations.
    """
    if offsets[-1] - offsets[0] >= 2**31:
        raise InputError("an Arrow list column holds at most 2^31 observations; use smaller batches")
    arrays: dict[str, pa.Array] = {name: pa.array(value) for name, value in values.items()}
    if band is not None:
        codes = pa.array(band, mask=band < 0)
        arrays["band"] = pa.DictionaryArray.from_arrays(codes, pa.array(bands, pa.string())).cast(pa.string())
    lists = [pa.ListArray.from_arrays(pa.array(offsets.astype(np.int32)), value) for value in arrays.values()]
    return pa.StructArray.from_arrays(lists, names=list(arrays))


def fields_and_offsets(
    nested: pa.Array, column: str, wanted: Sequence[str | None]
) -> tuple[dict[str, pa.Array], npt.NDArray[np.int64], npt.NDArray[np.object_] | None]:
    """Flat value arrays by field name, the offsets into them, and faults, for both nested layouts."""
    if pa.types.is_struct(nested.type):
        lists = dict(zip(nested.type.names, nested.flatten(), strict=True))
        if lists and all(is_list(value.type) for value in lists.values()):
            used = {name: value for name, value in lists.items() if name in wanted} or lists
            faults = unequal(used)
            readable = None if faults is None else pa.array([fault is None for fault in faults], pa.bool_())
            compact = {name: Nested.of(value, readable) for name, value in used.items()}
            return {name: each.values for name, each in compact.items()}, next(iter(compact.values())).offsets, faults
    elif is_list(nested.type) and part_names(nested.type):
        parts = parts_of(nested)
        return {name: each.values for name, each in parts.items()}, next(iter(parts.values())).offsets, None
    raise InputError(f"column {column!r} is no light curve: expected a struct of lists, found {nested.type}")


def band_codes(values: pa.Array) -> tuple[npt.NDArray[np.int8] | None, tuple[str, ...]]:
    """int8 codes and the sorted names of a band column; nulls get code -1."""
    encoded = values if pa.types.is_dictionary(values.type) else values.dictionary_encode()
    names = [str(name) for name in encoded.dictionary.to_pylist()]
    if len(names) > 127:
        raise InputError(f"{len(names)} different bands in one batch of light curves; at most 127 are possible")
    rank = np.empty(len(names) + 1, np.int8)
    rank[np.argsort(names, kind="stable")] = np.arange(len(names))
    rank[-1] = -1
    codes = (
        encoded.indices.fill_null(len(names)).to_numpy(zero_copy_only=False)
        if len(names)
        else np.zeros(len(values), np.int64)
    )
    return rank[codes], tuple(sorted(names))
