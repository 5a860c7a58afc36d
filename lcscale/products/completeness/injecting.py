"""`Inject`: periodic signals in the light curves of constant stars; `Recovered`: which of them were found again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lcscale.errors import InputError
from lcscale.lightcurves import FLUX_TYPE, LIGHTCURVE_TYPE, LightCurves, clean_light_curves
from lcscale.lightcurves.columns import ReadsLightCurves
from lcscale.lightcurves.fluxes import ab_zero_point
from lcscale.lightcurves.nested import part_names
from lcscale.models.heads.columns import CLASS
from lcscale.models.labels.taxonomy import ancestors, classes
from lcscale.periods import PERIOD
from lcscale.periods.families import read_families
from lcscale.products.completeness.columns import (
    INJECTED,
    INJECTED_CLASS,
    INJECTED_PERIOD,
    RIGHT,
)
from lcscale.simulation.injection import SignalClass, periodic_light, wavelengths_of
from lcscale.steps import Declared
from lcscale.vocabulary import HEALPIX, Column, append_columns, appended_schema, schema_of

Floats = npt.NDArray[np.float64]

FAMILIES = {"RR": "RR Lyrae", "CEP": "Cepheid"}
"""Family whose colours the stars of a class have; others keep those of the constant star."""
SAME_PERIOD = 3e-3
"""Largest relative difference of a period that is right."""
_RED_LIGHT = 0.62
"""Reference wavelength of light curves without named bands, micrometres."""


def mean_magnitudes(lcs: LightCurves, band: str | None) -> Floats:
    """Weighted mean magnitude of each object in a band; of all its observations where it has none there.

    Parameters
    ----------
    lcs
        A clean batch; of fluxes the mean is taken, and NaN where that is not positive.
    band
        Name; None for all.

    Returns
    -------
    float64 [n_objects]
        NaN without observations.
    """
    own = _weighted_means(lcs.of_bands([band]) if band is not None and lcs.bands else lcs)
    mean = np.asarray(np.where(np.isfinite(own), own, _weighted_means(lcs)), np.float64)
    if not lcs.fluxes:
        return mean
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(mean > 0.0, ab_zero_point(lcs.unit) - 2.5 * np.log10(mean), np.nan))


def _levels(lcs: LightCurves) -> Floats:
    """Mean magnitude of each object in each band, float64 [n_objects, n_bands]; NaN where there is none."""
    n_bands = 1 if lcs.band is None else len(lcs.bands)
    level = _weighted_means(lcs, by_band=True).reshape(len(lcs), n_bands)
    if lcs.fluxes:
        with np.errstate(invalid="ignore", divide="ignore"):
            level = np.where(level > 0.0, ab_zero_point(lcs.unit) - 2.5 * np.log10(level), np.nan)
    return level


def colours_of(name: str, bands: Sequence[str], reference: str, rng: np.random.Generator) -> Floats:
    """Mean magnitudes of a star of a class in `bands`, less that in the reference band, float64 [n_bands].

    NaN where the family of the class has no colour. Dust and scatter are drawn from the family's.
    """
    out = np.full(len(bands), np.nan)
    wide = ancestors(name) if name in classes() else (name,)
    named = next((FAMILIES[each] for each in wide if each in FAMILIES), None)
    family = next((each for each in read_families() if each.name == named), None)
    if family is None or reference not in family.colours:
        return out
    dust = abs(rng.standard_normal())
    scatter = {each: rng.standard_normal() for each in family.colours}  # whichever bands stars of the batch have
    for k, band in enumerate(bands):
        if band in family.colours:
            red = family.reddening * dust * (family.dust.get(band, 0.0) - family.dust.get(reference, 0.0))
            out[k] = family.colours[band] - family.colours[reference] + red + family.scatter * scatter[band]
    out[list(bands).index(reference)] = 0.0
    return out


def _weighted_means(lcs: LightCurves, by_band: bool = False) -> Floats:
    """Mean of the values weighted by 1/error², float64 [n_objects]; a band's unknown errors weigh alike."""
    inside = slice(int(lcs.offsets[0]), int(lcs.offsets[-1]))
    value, error = lcs.value[inside].astype(np.float64), lcs.error[inside].astype(np.float64)
    cells, n = lcs.object_index(), len(lcs)
    if by_band and lcs.band is not None:
        cells, n = cells * len(lcs.bands) + lcs.band[inside], n * len(lcs.bands)
    weight = np.where(np.isfinite(error), error, 1.0) ** -2.0
    total, weights = np.bincount(cells, weight * value, minlength=n), np.bincount(cells, weight, minlength=n)
    mean: Floats = np.full(n, np.nan)
    np.divide(total, weights, out=mean, where=weights > 0.0)
    return mean


@dataclass(frozen=True)
class Inject(ReadsLightCurves):
    """Step that puts a periodic signal into every star, whose times and errors stay; several rows a star where asked.

    Magnitudes change by the signal; of fluxes the mean of the star in the band does, and the noise stays as it is.
    Where the family of the class has colours (`lcscale.periods.families`: of RR Lyrae stars and Cepheids), the means of
    the other bands move to these, with dust and scatter drawn as the family has them; the reference band stays. What
    is drawn depends on `seed` and on the star's place alone, not on the rows beside it. Stars without a mean magnitude
    are left out.

    Parameters
    ----------
    signals
        Classes, which are equally frequent.
    band
        Reference band of amplitudes and magnitudes; None for light curves without named bands.
    each
        Signals a star.
    seed
        Of all that is drawn.
    column
        Name of the nested light-curve column.
    """

    signals: tuple[SignalClass, ...]
    band: str | None = None
    each: int = 1
    seed: int = 0
    column: str = "lightcurve"
    settings = ("signals", "band", "each", "seed")
    version = 3

    @property
    def reads(self) -> tuple[Column, ...]:
        """Light curves and places."""
        return (*super().reads, HEALPIX)

    def gives(self, input_schema: pa.Schema) -> tuple[Column, ...]:
        """Class, period, amplitude and mean magnitude of what was injected."""
        return INJECTED

    def schema(self, input_schema: pa.Schema) -> pa.Schema:
        """The columns of the input, the light curves in the form that lcscale writes, and what was injected."""
        at = input_schema.get_field_index(self.column)
        plain = input_schema.set(at, _plain_field(input_schema.field(self.column)))
        return appended_schema(plain, schema_of(INJECTED))

    def __call__(self, table: pa.Table) -> pa.Table:
        """The rows of `table` with a signal in each, `each` times."""
        schema = self.schema(table.schema)
        lcs = clean_light_curves(table, self.column)
        mags = mean_magnitudes(lcs, self.band)
        rows = np.repeat(np.flatnonzero(np.isfinite(mags)), self.each)
        table, lcs, mags = table.take(pa.array(rows)), lcs.take(rows), mags[rows]
        places = table.column(HEALPIX.name).to_numpy()
        light, drawn, levels = np.zeros(lcs.time.size), [], _levels(lcs)
        wavelengths = wavelengths_of(lcs.bands) if lcs.bands else np.array([_RED_LIGHT])
        reference = float(wavelengths_of([self.band])[0]) if self.band is not None else _RED_LIGHT
        for i, place in enumerate(places.tolist()):
            rng = np.random.default_rng([self.seed, place, i % self.each])
            signal = self.signals[int(rng.integers(len(self.signals)))]
            period, amplitude = signal.drawn(rng)
            inside = slice(int(lcs.offsets[i]), int(lcs.offsets[i + 1]))
            length = wavelengths[0 if lcs.band is None else lcs.band[inside]] + np.zeros(inside.stop - inside.start)
            light[inside] = periodic_light(signal, period, amplitude, lcs.time[inside], length, reference, rng)
            if lcs.band is not None and self.band in lcs.bands:
                at_reference = levels[i, lcs.bands.index(self.band)]
                moved = at_reference + colours_of(signal.name, lcs.bands, self.band, rng) - levels[i]
                light[inside] += np.where(np.isfinite(moved), moved, 0.0)[lcs.band[inside]]
            drawn.append((signal.name, period, amplitude))
        names, periods, amplitudes = zip(*drawn, strict=True) if drawn else ((), (), ())
        at = table.column_names.index(self.column)
        table = table.set_column(at, schema.field(at), _changed(lcs, light).to_arrow().cast(schema.field(at).type))
        columns = [names, periods, amplitudes, mags]
        arrays = [pa.array(values, column.type) for values, column in zip(columns, INJECTED, strict=True)]
        return append_columns(table, pa.table(arrays, schema=schema_of(INJECTED)))


def _plain_field(field: pa.Field) -> pa.Field:
    """The field of light curves as `LightCurves.to_arrow` gives them; its metadata stay."""
    names = part_names(field.type)
    parts = FLUX_TYPE if "mag" not in names and "flux" in names else LIGHTCURVE_TYPE
    return field.with_type(pa.struct([part for part in parts if part.name != "band" or "band" in names]))


def _changed(lcs: LightCurves, light: Floats) -> LightCurves:
    """The batch with magnitude changes `light`, float64 [n_observations]."""
    value = lcs.value.astype(np.float64)
    if lcs.fluxes:
        level = _weighted_means(lcs, by_band=True)
        owner = lcs.object_index()
        cells = owner if lcs.band is None else owner * len(lcs.bands) + lcs.band
        value = value + np.maximum(level[cells], 0.0) * np.expm1(-0.4 * np.log(10.0) * light)
    else:
        value = value + light
    return replace(lcs, value=value.astype(np.float32))


@dataclass(frozen=True)
class Recovered(Declared):
    """Step that says of stars with an injected signal whether candidates' `period` and `class` are those of it."""

    settings = ()
    version = 1

    @property
    def reads(self) -> tuple[Column, ...]:
        """What was injected, and what was found."""
        return (INJECTED_CLASS, INJECTED_PERIOD, PERIOD, CLASS)

    def gives(self, input_schema: pa.Schema) -> tuple[Column, ...]:
        """Whether period and class are right."""
        return RIGHT

    def __call__(self, table: pa.Table) -> pa.Table:
        """The rows of `table` with what is right of them; what was not found is not right."""
        period, injected = (
            table.column(column.name).to_numpy(zero_copy_only=False) for column in (PERIOD, INJECTED_PERIOD)
        )
        same = np.abs(np.asarray(period, np.float64) / injected - 1.0) < SAME_PERIOD
        found, wanted = (table.column(column.name).to_pylist() for column in (CLASS, INJECTED_CLASS))
        right = [is_of(one, other) for one, other in zip(found, wanted, strict=True)]
        return append_columns(table, pa.table([pa.array(same), pa.array(right, pa.bool_())], schema=schema_of(RIGHT)))


def is_of(found: str | None, wanted: str) -> bool:
    """Whether the class found is the one wanted or a wider one.

    Examples
    --------
    >>> is_of("DCEP_F", "DCEP_F"), is_of("ECL", "EA"), is_of("EA", "EB"), is_of(None, "EA")
    (True, True, False, False)
    """
    return found is not None and found in (ancestors(wanted) if wanted in classes() else (wanted,))


def check_classes(signals: Sequence[SignalClass], known: Sequence[str], model: str) -> None:
    """`InputError` where a model cannot name a class that is to be injected."""
    unknown = [each.name for each in signals if not any(is_of(name, each.name) for name in known)]
    if unknown:
        raise InputError(
            f"model {model} has no class for {', '.join(unknown)}; leave them out (--class) or take another model; "
            f"its classes are {', '.join(known)}"
        )
