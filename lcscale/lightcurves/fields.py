"""Where a catalog of others keeps its light curves: which columns, under which names; and the same under ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lcscale.errors import InputError
from lcscale.lightcurves.fluxes import NJY
from lcscale.nested import Nested, is_list, parts_of, struct_of

COLUMN = "lightcurve"
"""Name of the column under which every step finds light curves."""


@dataclass(frozen=True)
class LightCurveFields:
    """Names of the parts of light curves in a catalog that was not made here.

    The light curves are one nested column (a struct of lists, or a list of structs), or list columns side by side. They
    are read as the column `lightcurve` of type ``struct<time, mag, mag_err, band>``, or of ``struct<time, flux,
    flux_err, band>``, which takes the place of what it is made of, so that every step and command reads them.

    Parameters
    ----------
    time
        Days.
    mag, mag_err
        Magnitudes and their errors; None: errors are unknown.
    flux, flux_err
        Fluxes and their errors; where `flux` is named, they are read in place of magnitudes.
    unit
        Unit of the fluxes.
    band
        Band of each observation, or a column with one band a row; None: one unnamed band.
    column
        The nested column; None: the only one that has the fields, else list columns of these names.
    flags
        Observations for which any of these is above `max_flags` (0 for those that are true or false) are left out.
    max_flags
        Largest flag of a usable observation.
    band_names
        Names of bands for the values of `band`, where those are numbers or codes: ``{1: "g", 2: "r"}``.
    bands
        Bands of the catalog, the primary one first, where each light curve has several.
    time_scale
        Scale of the times (``TAI``), where it is known that they are MJD.

    Examples
    --------
    >>> LightCurveFields(time="hmjd", mag_err="magerr") == LightCurveFields.parse("time=hmjd,mag_err=magerr")
    True
    """

    time: str = "time"
    mag: str = "mag"
    mag_err: str | None = "mag_err"
    band: str | None = "band"
    column: str | None = None
    flags: str | tuple[str, ...] | None = None
    max_flags: int = 0
    band_names: Mapping[Any, str] | tuple[tuple[str, str], ...] = ()
    bands: tuple[str, ...] = ()
    flux: str | None = None
    flux_err: str | None = None
    unit: str = NJY
    time_scale: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "flags", (self.flags,) if isinstance(self.flags, str) else tuple(self.flags or ()))
        names = self.band_names.items() if isinstance(self.band_names, Mapping) else self.band_names
        object.__setattr__(self, "band_names", tuple((str(code), str(name)) for code, name in names))
        object.__setattr__(self, "bands", tuple(self.bands))

    @classmethod
    def parse(cls, text: str) -> LightCurveFields:
        """The fields from text, as a command takes them: ``time=hmjd,mag=mag,mag_err=magerr,band=band``.

        Several `bands` or `flags` are joined by ``+``.
        """
        given: dict[str, Any] = {}
        for part in text.split(","):
            key, separator, value = (each.strip() for each in part.partition("="))
            if not separator or not value or key not in _TEXTS:
                raise InputError(f"light curves {text!r}: expected {'=…, '.join(_TEXTS)}=…, separated by commas")
            given[key] = value
        try:
            given |= {"max_flags": int(given["max_flags"])} if "max_flags" in given else {}
        except ValueError as error:
            raise InputError(f"light curves {text!r}: max_flags is no whole number") from error
        return cls(**given | {key: tuple(given[key].split("+")) for key in ("bands", "flags") if key in given})

    @classmethod
    def recognised(cls, schema: pa.Schema) -> LightCurveFields | None:
        """The fields of a catalog in a form of ZTF's or Rubin's data releases; None where it is of no such form.

        ZTF: nested or side by side, with ``hmjd`` (or ``mjd`` and ``catflags``), ``mag``, ``magerr``; the band in the
        light curve, or one a row (``filterid``, ``fid``, ``filtercode``). As `lcscale ingest ztf` has it, observations
        with `catflags` are left out.

        Rubin: nested, with ``midpointMjdTai``, ``psfFlux``, ``psfFluxErr``, ``band``: forced photometry before the
        difference detections (of which ``scienceFlux``, that of the whole source, is taken). Observations with any of
        the flags that the tutorials of Data Preview 1 cut on are left out.
        """
        own = _children(schema.field(COLUMN).type).keys() if COLUMN in schema.names else set()
        if {"time", "mag"} <= own or {"time", "flux"} <= own:
            return None
        rubin = None if COLUMN in schema.names else cls._of_rubin(schema)
        if rubin is not None:
            return rubin
        places: list[tuple[str | None, dict[str, pa.DataType]]] = [*_nested(schema).items()]
        for column, names in [*places, (None, cls()._lists(schema))]:
            time = next((each for each in ("hmjd", "mjd") if each in names), None)
            flags = "catflags" if "catflags" in names else None
            hidden = COLUMN in schema.names and column != COLUMN
            if time is None or hidden or not {"mag", "magerr"} <= set(names) or (time == "mjd" and flags is None):
                continue
            inner = next((each for each in _ZTF_BANDS if each in names), None)
            band = inner or next((each for each in _ZTF_BANDS if each in schema.names), None)
            bands = _ZTF if inner else ()
            return cls(time, "mag", "magerr", band, column, flags, band_names=_ZTF_NAMES, bands=bands)
        return None

    @classmethod
    def _of_rubin(cls, schema: pa.Schema) -> LightCurveFields | None:
        fit = {
            name: parts
            for name, parts in _nested(schema).items()
            if {"midpointMjdTai", "psfFlux", "psfFluxErr", "band"} <= parts.keys()
        }
        if not fit:
            return None
        column = min(fit, key=lambda name: ("forced" not in name.lower(), list(fit).index(name)))
        flux = "scienceFlux" if "scienceFlux" in fit[column] else "psfFlux"
        flags = tuple(name for name in RUBIN_FLAGS if name in fit[column])
        return cls(
            "midpointMjdTai",
            column=column,
            flags=flags,
            bands=RUBIN_BANDS,
            flux=flux,
            flux_err=f"{flux}Err",
            time_scale="TAI",
        )

    def found_in(self, schema: pa.Schema) -> LightCurveFields:
        """These fields with the nested column named, and without what is a default that `schema` lacks.

        Raises
        ------
        InputError
            `schema` has no such light curves.
        """
        nested = _nested(schema)
        value = self.mag if self.flux is None else self.flux
        fit = [name for name, names in nested.items() if {self.time, value} <= names.keys()]
        fit = [COLUMN] if self.column is None and COLUMN in fit else fit
        if self.column is not None and self.column not in nested:
            raise InputError(
                f"no nested column {self.column!r} of light curves; there are {', '.join(nested) or 'none'}"
            )
        if self.column is None and len(fit) > 1:
            raise InputError(f"the columns {', '.join(fit)} all have {self.time} and {value}: name one as column")
        return replace(self, column=self.column or next(iter(fit), None))._checked(schema)

    def _checked(self, schema: pa.Schema) -> LightCurveFields:
        """These fields, without defaults that are not there; an error where others are not."""
        own = self._lists(schema)
        named = self._parts | {f"flags {name}": name for name in self._flags}
        missing = {key: name for key, name in named.items() if name not in own}
        if self.band in schema.names:
            missing.pop("band", None)
        absent = {key for key, name in missing.items() if key == name and key in ("mag_err", "band")}
        wrong = [f"{key.split()[0]} {name!r}" for key, name in missing.items() if key not in absent]
        if wrong:
            place = "there are the list columns" if self.column is None else f"column {self.column!r} has"
            raise InputError(f"no light curves with {', '.join(wrong)}: {place} {', '.join(own) or 'none'}")
        mag_err, band = (None if key in absent else getattr(self, key) for key in ("mag_err", "band"))
        found = replace(self, mag_err=mag_err, band=band)
        if COLUMN in schema.names and COLUMN not in found._replaced(schema):
            raise InputError(f"there is a column {COLUMN} already, which is not one of these light curves")
        return found

    @property
    def _flags(self) -> tuple[str, ...]:
        return (self.flags,) if isinstance(self.flags, str) else self.flags or ()

    @property
    def _parts(self) -> dict[str, str]:
        """What the parts of the light curve are called here, by our names."""
        values = {"mag": self.mag, "mag_err": self.mag_err}
        values = values if self.flux is None else {"flux": self.flux, "flux_err": self.flux_err}
        named = {"time": self.time, **values, "band": self.band}
        return {name: theirs for name, theirs in named.items() if theirs is not None}

    def _lists(self, schema: pa.Schema) -> dict[str, pa.DataType]:
        """Parts that a light curve may have in a catalog of `schema`, and the types of their values."""
        if self.column is not None:
            return _children(schema.field(self.column).type)
        return {field.name: field.type.value_type for field in schema if is_list(field.type)}

    def _replaced(self, schema: pa.Schema) -> set[str]:
        """Columns in whose place the light curves stand."""
        if self.column is not None:
            return {self.column}
        return {name for name in self._lists(schema) if name in {*self._parts.values(), *self._flags}}

    def sources(self, schema: pa.Schema) -> set[str]:
        """Columns of `schema` that the light curves are made of."""
        band = {self.band} if self.band is not None and self.band not in self._lists(schema) else set()
        return self._replaced(schema) | band

    def schema(self, schema: pa.Schema) -> pa.Schema:
        """`schema` with `lightcurve` in the place of what it is made of; a band of a whole row stays."""
        replaced = self._replaced(schema)
        found = [self._field(schema) if field.name in replaced else field for field in schema]
        return pa.schema({field.name: field for field in found}.values(), schema.metadata)

    def _field(self, schema: pa.Schema) -> pa.Field:
        """The field `lightcurve`, with what is known of it."""
        own = self._lists(schema)
        parts = [pa.field(name, pa.list_(_our_type(name, own.get(theirs)))) for name, theirs in self._parts.items()]
        known = dict(schema.field(self.column).metadata or {}) if self.column is not None else {}
        known[b"unit"] = b"time: d, mag: mag" if self.flux is None else f"time: d, flux: {self.unit}".encode()
        if self.time_scale:
            known |= {b"time_origin": b"MJD", b"time_scale": self.time_scale.encode()}
        if self.bands:
            known[b"bands"] = ",".join(self.bands).encode()
        if self.band is not None and self.band not in own and self.band_names:
            known[b"band_of_row"] = ",".join(dict.fromkeys(name for _, name in self.band_names)).encode()
        if self._flags:
            known[b"left_out"] = " or ".join(f"{name} > {self.max_flags}" for name in self._flags).encode()
        return pa.field(COLUMN, pa.struct(parts), metadata=known)

    def adapt(self, table: pa.Table) -> pa.Table:
        """`table`, which has the `sources`, with the column `lightcurve`."""
        field = self._field(table.schema)
        lists, null = self._gathered(table)
        if self._flags:
            lists = _unflagged(lists, self._flags, self.max_flags, self.mag if self.flux is None else self.flux)
        if self.band is not None and self.band not in lists:
            times = lists[self.time]
            of_row = table.column(self.band).combine_chunks().take(pa.array(times.owner))
            lists[self.band] = Nested(of_row, times.offsets)
        parts = {}
        for part in field.type:
            values, offsets = lists[self._parts[part.name]].values, lists[self._parts[part.name]].offsets
            kind = part.type.value_type
            values = self._named(values) if part.name == "band" else values.cast(kind, safe=False)
            parts[part.name] = Nested(values, offsets)
        curves = struct_of(parts, list(field.type), null)
        return table.drop_columns(list(self._replaced(table.schema))).append_column(field, curves)

    def _gathered(self, table: pa.Table) -> tuple[Lists, pa.Array | None]:
        """Each part, and which light curves are null."""
        if self.column is None:
            return {name: Nested.of(table.column(name).combine_chunks()) for name in self._replaced(table.schema)}, None
        nested = table.column(self.column).combine_chunks()
        null = nested.is_null() if pa.types.is_struct(nested.type) else None
        return parts_of(nested, {*self._parts.values(), *self._flags}), null

    def _named(self, values: pa.Array) -> pa.Array:
        """Names of bands for their values."""
        texts = values.cast(pa.string())
        if not self.band_names:
            return texts
        codes, names = (pa.array(each, pa.string()) for each in zip(*self.band_names, strict=True))
        return pc.coalesce(names.take(pc.index_in(texts, value_set=codes, skip_nulls=True)), texts)


Lists = dict[str, Nested]
"""Parts of light curves by name."""

RUBIN_BANDS = ("r", "g", "i", "z", "u", "y")
"""Bands of Rubin, primary band first."""
RUBIN_FLAGS = ("psfFlux_flag", "pixelFlags_suspect", "pixelFlags_saturated", "pixelFlags_cr", "pixelFlags_bad")
"""Flags that the tutorials of Data Preview 1 cut on."""

_TEXTS = (
    *("time", "mag", "mag_err", "flux", "flux_err", "unit", "band", "flags", "column", "max_flags", "bands"),
    "time_scale",
)
_ZTF = ("g", "r", "i")
_ZTF_BANDS = ("band", "filterid", "fid", "filtercode")
_ZTF_NAMES = {number: band for number, band in enumerate(_ZTF, 1)} | {f"z{band}": band for band in _ZTF}


def _children(kind: pa.DataType) -> dict[str, pa.DataType]:
    """Parts of a nested column, a struct of lists or a list of structs, and the types of their values."""
    if pa.types.is_struct(kind):
        return {field.name: field.type.value_type for field in kind if is_list(field.type)}
    if is_list(kind) and pa.types.is_struct(kind.value_type):
        return {field.name: field.type for field in kind.value_type}
    return {}


def _nested(schema: pa.Schema) -> dict[str, dict[str, pa.DataType]]:
    """Nested columns and their parts."""
    found = {field.name: _children(field.type) for field in schema}
    return {name: parts for name, parts in found.items() if parts}


def _our_type(name: str, kind: pa.DataType | None) -> pa.DataType:
    """Type of the values of a part of `lightcurve`; numbers that came as text stay text, so that a fault is told."""
    if name == "band" or kind is None or pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return pa.string()
    narrow = name != "time" and (pa.types.is_float32(kind) or pa.types.is_float16(kind))
    return pa.float32() if narrow else pa.float64()


def _unflagged(lists: Lists, flags: tuple[str, ...], most: int, value: str) -> Lists:
    """The lists without `flags`, and without observations any of whose flags is above `most`; unknown ones are good.

    Where a light curve has another number of flags than of observations nobody knows which are good: what was measured,
    `value`, goes, so that the lists differ in length.
    """
    own = lists[flags[0]]
    alike = tuple(flag for flag in flags if np.array_equal(lists[flag].offsets, own.offsets))
    good = np.logical_and.reduce([_at_most(lists[flag].values, most) for flag in alike])
    result: Lists = {}
    for name, each in lists.items():
        if name in alike:
            continue
        equal = each.counts == own.counts
        keep, aligned = (equal | (name != value))[each.owner], equal[each.owner]
        keep[aligned] &= good[equal[own.owner]]
        ends = np.concatenate([[0], np.cumsum(keep)])
        result[name] = Nested(each.values.filter(pa.array(keep)), ends[each.offsets])
    others = tuple(flag for flag in flags if flag not in alike)
    return _unflagged(result, others, most, value) if others else result


def _at_most(values: pa.Array, most: int) -> npt.NDArray[np.bool_]:
    low = pc.fill_null(pc.less_equal(values.cast(pa.int64()), most), True)
    return np.asarray(low.to_numpy(zero_copy_only=False))
