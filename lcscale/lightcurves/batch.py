"""`LightCurves`: many light curves in flat arrays and offsets, which is an Arrow list column without a copy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lcscale.arrays import flags, floats, integers, one_each, selection, texts
from lcscale.errors import InputError
from lcscale.lightcurves.faults import Texts, first_faults, numbers
from lcscale.lightcurves.fluxes import MAG, NJY, ab_zero_point, fluxes, softened
from lcscale.lightcurves.nested import band_codes, fields_and_offsets, nested_array, nested_column, part_names


@dataclass(frozen=True, eq=False)
class LightCurves:
    """A ragged batch of light curves; observations of object *i* are ``offsets[i]:offsets[i + 1]``.

    Parameters
    ----------
    time
        float64 [n_observations], days.
    value, error
        float32 or float64 [n_observations], magnitudes or fluxes, as `unit` says, and their 1-sigma errors; `mag` and
        `mag_err`, `flux` and `flux_err` give them by name. Fluxes that are zero or negative are observations. Kernels
        compute in float64. As in every array of `lcscale`, what a mask hides is missing (NaN), and Quantities are
        converted or refused.
    offsets
        int64 [n_objects + 1], non-decreasing; the first need not be 0.
    band
        int8 [n_observations], index into `bands`, -1 for no band; None when every observation is of the same band.
    bands
        Names of the bands, in order of their codes.
    faults
        object [n_objects], why the light curve of an object cannot be read, None where it can; None: all can. Objects
        with a fault have no observations, and every kernel gives them the fault as `reason`.
    left_out
        int64 [n_objects, n_bands + 1] ([n_objects, 1] without `band`), how many observations `clean` has left out of
        each band, the last of no band; None: the batch has not been cleaned.
    unit
        ``mag`` for magnitudes, else the unit of the fluxes: ``nJy``, ``uJy``, ``electron/s`` …

    Examples
    --------
    >>> lcs = LightCurves([0.0, 1.0, 2.0], [15.0, 15.2, 15.1], [0.1, 0.1, 0.1], [0, 2, 3])
    >>> len(lcs), lcs.counts.tolist()
    (2, [2, 1])
    >>> faint = LightCurves([0.0, 1.0, 2.0], [90.0, -7.0, 60.0], [20.0, 20.0, 20.0], [0, 3], unit="nJy")
    >>> faint.in_magnitudes().mag.round(2).tolist()
    [26.46, 28.34, 26.85]
    """

    time: npt.NDArray[np.float64]
    value: npt.NDArray[np.floating]
    error: npt.NDArray[np.floating]
    offsets: npt.NDArray[np.int64]
    band: npt.NDArray[np.int8] | None = None
    bands: tuple[str, ...] = ()
    faults: npt.NDArray[np.object_] | None = None
    left_out: npt.NDArray[np.int64] | None = None
    unit: str = MAG

    def __post_init__(self) -> None:
        object.__setattr__(self, "time", np.ascontiguousarray(floats(self.time, "time", "d")))
        for name, called in zip(("value", "error"), self.names, strict=True):
            value = floats(getattr(self, name), called, self.unit, kinds=(np.float32, np.float64))
            object.__setattr__(self, name, np.ascontiguousarray(value))
        object.__setattr__(self, "offsets", np.ascontiguousarray(integers(self.offsets, "offsets")))
        object.__setattr__(self, "bands", tuple(self.bands))
        if self.band is not None:
            object.__setattr__(self, "band", np.ascontiguousarray(integers(self.band, "band", np.int8, missing=-1)))
        if self.faults is not None and type(self.faults) is not np.ndarray:
            object.__setattr__(self, "faults", texts(self.faults, "faults"))
        if self.left_out is not None:
            object.__setattr__(self, "left_out", integers(self.left_out, "left_out"))
        self._check()

    def _check(self) -> None:
        n = self.time.size
        for name, value in zip((*self.names, "band"), (self.value, self.error, self.band), strict=True):
            if value is not None and value.shape != (n,):
                raise InputError(f"LightCurves: {name} has shape {value.shape}, time has ({n},)")
        offsets = self.offsets
        if offsets.ndim != 1 or offsets.size == 0 or offsets[0] < 0 or offsets[-1] > n or np.any(np.diff(offsets) < 0):
            raise InputError(
                f"LightCurves: offsets must be non-decreasing, within 0 and {n} observations, and not empty"
            )
        if self.faults is not None and self.faults.shape != (len(self),):
            raise InputError(f"LightCurves: faults has shape {self.faults.shape}, there are {len(self)} objects")
        if self.left_out is not None and self.left_out.shape != (len(self), self.n_codes):
            raise InputError(f"LightCurves: left_out has shape {self.left_out.shape}, not {(len(self), self.n_codes)}")

    def __len__(self) -> int:
        """Number of objects."""
        return self.offsets.size - 1

    @property
    def n_codes(self) -> int:
        """How many kinds of observations `left_out` tells apart: one a band, and those of no band."""
        return 1 if self.band is None else len(self.bands) + 1

    @property
    def counts(self) -> npt.NDArray[np.int64]:
        """Number of observations of each object, int64 [n_objects]."""
        return np.diff(self.offsets)

    @property
    def fluxes(self) -> bool:
        """Whether the values are fluxes, not magnitudes."""
        return self.unit != MAG

    @property
    def names(self) -> tuple[str, str]:
        """What `value` and `error` are called in tables."""
        return ("flux", "flux_err") if self.fluxes else ("mag", "mag_err")

    @property
    def mag(self) -> npt.NDArray[np.floating]:
        """Magnitudes, [n_observations].

        Raises
        ------
        InputError
            The batch holds fluxes; `in_magnitudes` converts them.
        """
        return self._values(self.value, fluxes=False)

    @property
    def mag_err(self) -> npt.NDArray[np.floating]:
        """Errors of the magnitudes, [n_observations]; raises as `mag` does."""
        return self._values(self.error, fluxes=False)

    @property
    def flux(self) -> npt.NDArray[np.floating]:
        """Fluxes in `unit`, [n_observations].

        Raises
        ------
        InputError
            The batch holds magnitudes; `in_fluxes` converts them.
        """
        return self._values(self.value, fluxes=True)

    @property
    def flux_err(self) -> npt.NDArray[np.floating]:
        """Errors of the fluxes, [n_observations]; raises as `flux` does."""
        return self._values(self.error, fluxes=True)

    def _values(self, values: npt.NDArray[np.floating], *, fluxes: bool) -> npt.NDArray[np.floating]:
        if self.fluxes is fluxes:
            return values
        has, door = ("magnitudes", "in_fluxes()") if fluxes else (f"fluxes ({self.unit})", "in_magnitudes()")
        raise InputError(f"these light curves are {has}; {door} converts them")

    @property
    def faintness(self) -> npt.NDArray[np.floating]:
        """What grows as the object fades, [n_observations]: the magnitudes, or minus the fluxes."""
        return -self.value if self.fluxes else self.value

    def in_magnitudes(self) -> LightCurves:
        """The batch in magnitudes; one that is comes back as it is.

        Fluxes become inverse hyperbolic sine magnitudes (AB), softened by the median error of the object's fluxes in
        the band: at a signal-to-noise ratio of 10 they differ by 0.01 mag from the logarithm, which is taken where all
        errors are unknown (then fluxes that are not positive have none, NaN). A band in which half of the fluxes of
        an object or more are zero or negative has no magnitudes; an object without any other has a fault.

        Raises
        ------
        InputError
            Nothing is known of the magnitude of a flux in `unit`.
        """
        if not self.fluxes:
            return self
        zero = ab_zero_point(self.unit)
        lcs = self.between(0, len(self))
        made = softened(lcs.value, lcs.error, lcs._cells(), len(lcs) * lcs.n_codes, zero)
        narrow, faults = lcs.value.dtype, made.faults(self.n_codes, self.faults)
        result = replace(lcs, value=made.mag.astype(narrow), error=made.error.astype(narrow), faults=faults, unit=MAG)
        return result if self.left_out is None else result._leaving_out(~np.isfinite(made.mag))

    def in_fluxes(self, unit: str = NJY) -> LightCurves:
        """The batch in fluxes of `unit`, magnitudes taken as AB; fluxes are converted from one unit to another.

        Raises
        ------
        InputError
            Nothing is known of the magnitude of a flux in `unit`.
        """
        if self.unit == unit:
            return self
        zero = ab_zero_point(unit)
        if self.fluxes:
            factor = 10.0 ** (0.4 * (zero - ab_zero_point(self.unit)))
            flux, flux_err = self.value * factor, self.error * factor
        else:
            flux, flux_err = fluxes(self.value.astype(np.float64), self.error.astype(np.float64), zero)
        narrow = self.value.dtype
        return replace(self, value=flux.astype(narrow), error=flux_err.astype(narrow), unit=unit)

    def _cells(self) -> npt.NDArray[np.int64]:
        """For each observation within the offsets the number of its object and band, int64."""
        inside = slice(int(self.offsets[0]), int(self.offsets[-1]))
        owner = self.object_index() * self.n_codes
        return owner if self.band is None else owner + self.band[inside] % self.n_codes

    def _leaving_out(self, gone: npt.NDArray[np.bool_]) -> LightCurves:
        """A clean batch without the observations that are `gone`, which are counted."""
        counts = np.bincount(self._cells()[gone], minlength=len(self) * self.n_codes).reshape(len(self), self.n_codes)
        return replace(self.keep(~gone), left_out=counts if self.left_out is None else self.left_out + counts)

    @property
    def mean_mag(self) -> npt.NDArray[np.float64]:
        """Mean magnitude of each object, float64 [n_objects]; NaN without observations."""
        total = np.bincount(self.object_index(), self.mag[self.offsets[0] : self.offsets[-1]], minlength=len(self))
        counts = self.counts
        mean: npt.NDArray[np.float64] = np.full(len(self), np.nan)
        np.divide(total, counts, out=mean, where=counts > 0)
        return mean

    @classmethod
    def from_arrow(
        cls,
        table: pa.Table | pa.Array | pa.ChunkedArray,
        column: str = "lightcurve",
        *,
        time: str = "time",
        mag: str = "mag",
        mag_err: str | None = "mag_err",
        band: str | None = "band",
        flux: str = "flux",
        flux_err: str | None = "flux_err",
    ) -> LightCurves:
        """View the nested `column` of `table` (or the column itself) as light curves.

        Takes a struct of lists, as the lake stores it, or a list of structs; null light curves have no observations.
        The field names can be given for catalogs of others (ZTF: ``time="hmjd", mag_err="magerr"``). Fluxes are taken
        where there is no field `mag`, in the unit that the metadata of the column states, else nJy. A missing
        `mag_err` (or `flux_err`) field means unknown errors (NaN), a missing `band` field one unnamed band. An object
        whose lists differ in length, or hold text that is no number, has no observations and a fault.
        """
        nested, units = nested_column(table, column)
        names = part_names(nested.type)
        unit = MAG
        if mag not in names and flux in names:
            unit, mag, mag_err = units.get(flux, NJY), flux, flux_err
        fields, offsets, faults = fields_and_offsets(nested, column, (time, mag, mag_err, band))
        for name in (time, mag):
            if name not in fields:
                raise InputError(f"light-curve column {column!r} has no field {name!r}; there are {', '.join(fields)}")
        values = {name: numbers(fields[name]) for name in (time, mag, mag_err) if name in fields}
        texts = [(name, wrong, fields[name]) for name, (_, wrong) in values.items() if wrong is not None]
        measured = values[mag][0]
        errors = values[mag_err][0] if mag_err in values else np.full(measured.size, np.nan, np.float32)
        codes, bands = band_codes(fields[band]) if band in fields else (None, ())
        lcs = cls(values[time][0], measured, errors, offsets, codes, bands, faults, unit=unit)
        return lcs._without_texts(texts) if texts else lcs

    def _without_texts(self, texts: Sequence[Texts]) -> LightCurves:
        """The batch in which objects with text among their numbers have no observations, and say so."""
        faults = first_faults(texts, self.offsets, self.faults)
        readable = np.array([fault is None for fault in faults], np.bool_)
        return replace(self.keep(np.repeat(readable, self.counts)), faults=faults)

    def to_arrow(self) -> pa.StructArray:
        """The batch as an Arrow array of `LIGHTCURVE_TYPE` or `FLUX_TYPE` (without the band field if there is none)."""
        value, error = np.asarray(self.value, np.float32), np.asarray(self.error, np.float32)
        values: dict[str, npt.NDArray[Any]] = dict(zip(("time", *self.names), (self.time, value, error), strict=True))
        return nested_array(values, self.offsets, self.band, self.bands)

    def take(self, index: npt.ArrayLike) -> LightCurves:
        """The objects at `index` (integers or a mask over objects), copied."""
        index = selection(index, "index")
        counts = self.counts[index]
        offsets = np.concatenate([[0], np.cumsum(counts)])
        rows = np.repeat(self.offsets[:-1][index] - offsets[:-1], counts) + np.arange(offsets[-1])
        return self._rows(rows, offsets, index)

    def between(self, start: int, stop: int) -> LightCurves:
        """The objects from `start` to before `stop`, without a copy."""
        rows = slice(int(self.offsets[start]), int(self.offsets[stop]))
        return self._rows(rows, self.offsets[start : stop + 1] - rows.start, slice(start, stop))

    def _rows(
        self,
        rows: npt.NDArray[Any] | slice,
        offsets: npt.NDArray[np.int64],
        objects: npt.NDArray[Any] | slice = slice(None),
    ) -> LightCurves:
        return LightCurves(
            self.time[rows],
            self.value[rows],
            self.error[rows],
            offsets,
            None if self.band is None else self.band[rows],
            self.bands,
            None if self.faults is None else self.faults[objects],
            None if self.left_out is None else self.left_out[objects],
            self.unit,
        )

    def keep(self, mask: npt.NDArray[np.bool_]) -> LightCurves:
        """All objects, with only the observations where `mask` (bool [n_observations]) is true."""
        mask = flags(mask, self.time.size, "mask")
        before = np.concatenate([[0], np.cumsum(mask)])
        return self._rows(mask, before[self.offsets] - before[0])

    def select_band(self, band: str) -> LightCurves:
        """All objects, with only their observations in `band`; objects without any stay, empty."""
        if self.band is None:
            if not self.bands or self.bands == (band,):
                return self
            raise InputError(f"no band {band!r}; there is only {', '.join(self.bands)}")
        if band not in self.bands:
            raise InputError(f"no band {band!r}; there are {', '.join(self.bands)}")
        code = self.bands.index(band)
        left_out = None if self.left_out is None else self.left_out[:, [code]]
        return replace(self.keep(self.band == code), band=None, bands=(band,), left_out=left_out)

    def of_bands(self, bands: Sequence[str]) -> LightCurves:
        """All objects, with only their observations in `bands`; those of one unnamed band all stay."""
        if self.band is None and not self.bands:
            return self
        if self.band is None:
            if self.bands[0] in bands:
                return self
            left_out = None if self.left_out is None else np.zeros_like(self.left_out)
            return replace(self.keep(np.zeros(self.time.size, np.bool_)), left_out=left_out)
        chosen = np.array([*(name in bands for name in self.bands), False], np.bool_)
        left_out = None if self.left_out is None else np.where(chosen, self.left_out, 0)
        return replace(self.keep(chosen[self.band]), left_out=left_out)

    def object_index(self) -> npt.NDArray[np.int64]:
        """For each observation between the first and last offset the index of its object, int64."""
        return np.repeat(np.arange(len(self)), self.counts)

    def fold(self, period: npt.ArrayLike, epoch: npt.ArrayLike | None = None) -> npt.NDArray[np.float64]:
        """Phase of every observation in [0, 1), float64 [n_observations].

        Parameters
        ----------
        period
            Days, one for each object (or one for all). NaN or non-positive periods give NaN phases.
        epoch
            Time of phase 0, days; default: the earliest observation of each object.

        Examples
        --------
        >>> LightCurves([0.0, 1.5, 5.0], [1, 2, 3], [1, 1, 1], [0, 3]).fold(2.0).tolist()
        [0.0, 0.75, 0.5]
        """
        n = len(self)
        period = one_each(period, n, "period", "d")
        frequency = np.divide(1.0, period, out=np.full(n, np.nan), where=period > 0)
        phase = np.full(self.time.size, np.nan)
        inside = slice(int(self.offsets[0]), int(self.offsets[-1]))
        counts = self.counts
        if epoch is None:
            zero = np.full(n, np.nan)
            some = counts > 0
            zero[some] = np.fmin.reduceat(self.time[: inside.stop], self.offsets[:-1][some])
        else:
            zero = one_each(epoch, n, "epoch", "d")
        cycles = (self.time[inside] - np.repeat(zero, counts)) * np.repeat(frequency, counts)
        cycles -= np.floor(cycles)
        phase[inside] = np.where(cycles == 1.0, 0.0, cycles)
        return phase

    @classmethod
    def concatenate(cls, batches: Sequence[LightCurves]) -> LightCurves:
        """One batch of all objects of `batches`, which must share their `bands` and `unit`."""
        if not batches:
            raise InputError("LightCurves.concatenate needs at least one batch")
        if len({batch.bands for batch in batches}) > 1:
            raise InputError("LightCurves.concatenate needs batches with the same bands")
        if len(units := {batch.unit for batch in batches}) > 1:
            raise InputError(f"LightCurves.concatenate needs batches in one unit, not {' and '.join(sorted(units))}")
        parts = [batch.take(np.arange(len(batch))) for batch in batches]
        band = None if parts[0].band is None else np.concatenate([part.band for part in parts if part.band is not None])
        counts = np.concatenate([part.counts for part in parts])
        left_out = [part.left_out for part in parts if part.left_out is not None]
        faults = [np.full(len(part), None, object) if part.faults is None else part.faults for part in parts]
        return cls(
            np.concatenate([part.time for part in parts]),
            np.concatenate([part.value for part in parts]),
            np.concatenate([part.error for part in parts]),
            np.concatenate([[0], np.cumsum(counts)]),
            band,
            parts[0].bands,
            None if all(part.faults is None for part in parts) else np.concatenate(faults),
            np.concatenate(left_out) if len(left_out) == len(parts) else None,
            parts[0].unit,
        )
