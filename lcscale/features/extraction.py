"""`extract`: features of many light curves as one Arrow table."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lcscale.arrays import one_each
from lcscale.errors import InputError
from lcscale.features.batch import BandBatch, QuantileRule
from lcscale.features.catalogue import FAMILIES, FEATURES, NAMES, PAIR_FAMILIES, PAIR_FEATURES, PERIODIC
from lcscale.features.columns import REASON, column_of
from lcscale.features.declaration import FLUX, MAGNITUDE, Batch
from lcscale.kernels.compiling import Floats
from lcscale.kernels.devices import require_device
from lcscale.lightcurves import LightCurves, clean, say_missing_bands, usable
from lcscale.lightcurves.cleaning import MIN_OBSERVATIONS, is_none, too_few
from lcscale.vocabulary import Column, schema_of

CHUNK = {"cpu": 1 << 18, "cuda": 1 << 24}
"""Observations processed at a time by the type of the device: memory does not grow with the batch, and is filled."""


@dataclass(frozen=True)
class Chosen:
    """Which columns to make: names of features, and the bands they are made for.

    Parameters
    ----------
    names
        Names out of `NAMES`.
    bands
        The first is the primary band, whose columns carry no suffix; empty for light curves of one unnamed band.
    quantile_rule
        ``"linear"`` or ``"hazen"``.
    min_observations
        Objects with fewer usable observations, in all bands together, have a reason in place of features.
    """

    names: tuple[str, ...]
    bands: tuple[str, ...]
    quantile_rule: QuantileRule = "linear"
    min_observations: int = MIN_OBSERVATIONS

    @classmethod
    def of(
        cls,
        names: Iterable[str] | None,
        bands: Sequence[str],
        quantile_rule: QuantileRule = "linear",
        min_observations: int = MIN_OBSERVATIONS,
    ) -> Chosen:
        """Check the names; None asks for all that are made by default."""
        wanted = (*NAMES, *PAIR_FEATURES) if names is None else tuple(dict.fromkeys(names))
        unknown = [name for name in wanted if name not in FEATURES]
        if unknown:
            raise InputError(f"no feature named {', '.join(unknown)}; there are {', '.join(FEATURES)}")
        if quantile_rule not in ("linear", "hazen"):
            raise InputError(f"quantile rule {quantile_rule!r}: give linear or hazen")
        if not (isinstance(min_observations, int) and min_observations >= 2):
            raise InputError(f"min_observations must be a whole number from 2 on, not {min_observations!r}")
        return cls(wanted, tuple(bands), quantile_rule, min_observations)

    @property
    def needs_period(self) -> bool:
        """Whether any of the features needs the period."""
        several = len(self.bands) > 1
        return any(name in PERIODIC and (several or name not in PAIR_FEATURES) for name in self.names)

    def columns(self) -> dict[str, str]:
        """Names of the columns, without `reason`, and the feature in each."""
        first = {name: name for name in self.names if name not in PAIR_FEATURES}
        return first | {f"{name}_{band}": name for band in self.bands[1:] for name in self.names if name != "period"}

    def gives(self) -> tuple[Column, ...]:
        """The columns of the table."""
        bands = {column: column[len(name) + 1 :] for column, name in self.columns().items()}
        return (*(column_of(FEATURES[name], bands[each]) for each, name in self.columns().items()), REASON)

    def schema(self) -> pa.Schema:
        """Schema of the table."""
        return schema_of(self.gives())


def extract(
    lcs: LightCurves,
    names: Iterable[str] | None = None,
    period: npt.ArrayLike | None = None,
    *,
    bands: Sequence[str] | None = None,
    quantile_rule: QuantileRule = "linear",
    min_observations: int = MIN_OBSERVATIONS,
    device: str = "cpu",
) -> pa.Table:
    """Features of every light curve.

    Parameters
    ----------
    lcs
        Any batch, of any mix of lengths.
    names
        Which features, of `FEATURES`; by default all but those of `OPTIONAL`.
    period
        Days, one for each object (NaN: none); by default found by `lcscale.periods.find` where a feature needs it.
    bands
        Bands to use, the primary one first; default `lcs.bands`. Columns of the others are named ``<name>_<band>``.
        An empty sequence takes of each object the band with the most observations.
    quantile_rule
        How quantiles are interpolated: ``"linear"`` as NumPy, ``"hazen"`` as light-curve.
    min_observations
        Fewest usable observations of an object in all bands together. A feature that needs more in its band than the
        band has (see `FEATURES`) has no value.
    device
        Where periods are searched for and features computed, as torch names it; ``"cuda"`` needs numba-cuda.

    Returns
    -------
    pyarrow.Table
        One row an object: the features, float64, null where there is no value, and `reason` why an object has none
        (fewer than `min_observations` usable observations, constant magnitude in the primary band).

    Examples
    --------
    >>> lcs = LightCurves(np.arange(12.0), np.arange(12.0), np.ones(12), [0, 12])
    >>> extract(lcs, ["mean", "linear_trend"]).to_pylist()
    [{'mean': 5.5, 'linear_trend': 1.0, 'reason': None}]
    """
    require_device(device)
    chosen = Chosen.of(names, lcs.bands if bands is None else bands, quantile_rule, min_observations)
    given = None if period is None else one_each(period, len(lcs), "period", "d")
    tables = [
        _extract(lcs.between(a, b), chosen, None if given is None else given[a:b], device)
        for a, b in _chunks(lcs, CHUNK[device.split(":")[0]])
    ]
    return pa.concat_tables(tables) if tables else chosen.schema().empty_table()


def _chunks(lcs: LightCurves, size: int) -> list[tuple[int, int]]:
    """Ranges of objects with about `size` observations each."""
    cuts = np.searchsorted(lcs.offsets, np.arange(lcs.offsets[0], lcs.offsets[-1], size))
    bounds = sorted({0, len(lcs), *cuts.tolist()})
    return [(a, b) for a, b in pairwise(bounds) if b > a]


def _extract(lcs: LightCurves, chosen: Chosen, period: Floats | None, device: str) -> pa.Table:
    lcs = clean(lcs)
    if period is None:
        period = _periods(lcs, chosen, device) if chosen.needs_period else np.full(len(lcs), np.nan)
    given, lcs = lcs, lcs.in_magnitudes()
    few = _too_few(lcs, chosen)
    light: LightCurves | None = None
    if any(FEATURES[name].quantity == FLUX for name in chosen.names):
        light = given if given.fluxes else given.in_fluxes()
        few_light = _too_few(light, chosen)  # an object without magnitudes may have fluxes
    columns: dict[str, Floats] = {"period": period}
    reasons: npt.NDArray[np.object_] | None = None
    primary: Batch | None = None
    for band in chosen.bands or ("",):
        kept, why = _usable(lcs, band, few)
        batch = BandBatch.of(kept, period, chosen.quantile_rule)
        there = on_device(batch, device)
        if primary is None:
            primary, reasons = there, why
            columns |= columns_of(batch, there, chosen.names)
        else:
            others = columns_of(batch, there, chosen.names) | _pair_columns(primary, there, chosen.names)
            columns |= {f"{name}_{band}": values for name, values in others.items()}
        if light is not None:
            fluxes = BandBatch.of(_usable(light, band, few_light)[0], period, chosen.quantile_rule)
            others = columns_of(fluxes, on_device(fluxes, device), chosen.names, FLUX)
            columns |= {name if primary is there else f"{name}_{band}": values for name, values in others.items()}
    arrays = [pa.array(columns[name], mask=~np.isfinite(columns[name])) for name in chosen.columns()]
    return pa.table([*arrays, pa.array(reasons, pa.string())], schema=chosen.schema())


def _too_few(lcs: LightCurves, chosen: Chosen) -> npt.NDArray[np.object_]:
    """Why an object has too few observations in the bands together, object [n_objects]; None where it has enough."""
    together = lcs.of_bands(chosen.bands) if chosen.bands and lcs.band is not None else lcs
    reasons = too_few(together, chosen.min_observations)
    reasons[together.counts >= chosen.min_observations] = None
    if chosen.bands:
        say_missing_bands(reasons, lcs, chosen.bands)
    return reasons


def _usable(lcs: LightCurves, band: str, few: npt.NDArray[np.object_]) -> tuple[LightCurves, npt.NDArray[np.object_]]:
    """The usable observations in a band, none where there is a reason, and the reasons."""
    selected = _select(lcs, band)
    kept, why = usable(selected, 0)
    why[kept.counts < 2] = None  # of too few no feature is made, but for those that one will do for
    why = np.where(is_none(few), why, few)
    good = is_none(why)
    return (kept if good.all() else kept.keep(np.repeat(good, kept.counts))), why


def _periods(lcs: LightCurves, chosen: Chosen, device: str) -> Floats:
    from lcscale.periods import find

    values: Floats = find(lcs, bands=chosen.bands or None, device=device)["period"].to_numpy()
    return values


def _select(lcs: LightCurves, band: str) -> LightCurves:
    """The observations in `band`; none where the batch does not have it; of an unnamed band the most of each object."""
    if not band and lcs.band is not None and len(lcs.bands) > 1:
        return _most_observed(lcs)
    if not band or (lcs.band is None and (not lcs.bands or lcs.bands == (band,))):
        return lcs
    if band not in lcs.bands or lcs.band is None:
        return lcs.of_bands(())
    return lcs.select_band(band)


def _most_observed(lcs: LightCurves) -> LightCurves:
    """All objects of a clean batch, each with the observations of the band it has most of (the first of equals)."""
    inside = slice(int(lcs.offsets[0]), int(lcs.offsets[-1]))
    band = np.zeros(lcs.time.size, np.int64) if lcs.band is None else lcs.band.astype(np.int64)
    owner = lcs.object_index()
    cells = owner * len(lcs.bands) + band[inside]
    chosen = np.bincount(cells, minlength=len(lcs) * len(lcs.bands)).reshape(len(lcs), -1).argmax(axis=1)
    keep = np.zeros(lcs.time.size, np.bool_)
    keep[inside] = band[inside] == chosen[owner]
    left_out = None if lcs.left_out is None else np.where(np.arange(lcs.n_codes) == chosen[:, None], lcs.left_out, 0)
    return replace(lcs.keep(keep), left_out=left_out)


def on_device(batch: BandBatch, device: str) -> Batch:
    """`batch` where its features are computed."""
    if device == "cpu":
        return batch
    from lcscale.features.on_device import DeviceBatch

    return DeviceBatch(batch, device)


def columns_of(batch: BandBatch, there: Batch, names: Collection[str], quantity: str = MAGNITUDE) -> dict[str, Floats]:
    """The features of these names, `period` and those of two bands left out, by name; NaN where one has no value.

    Parameters
    ----------
    batch
        Observations of one band.
    there
        The same on the device where features are computed (`on_device`).
    names
        Names out of `FEATURES`.
    quantity
        What the batch is in; features that are defined in the other are left out.
    """
    columns: dict[str, Floats] = {}
    for family in FAMILIES:
        wanted = [k for k, feature in enumerate(family.features) if feature.name in names]
        if not wanted or family.quantity != quantity:
            continue
        values = family.compute(there)
        for k in wanted:
            feature = family.features[k]
            column = values[:, k] + batch.zero if feature.location else values[:, k]
            known = batch.counts >= feature.min_observations
            if feature.needs_errors:
                known &= batch.errors_known
            columns[feature.name] = np.where(known, column, np.nan)
    return columns


def _pair_columns(primary: Batch, there: Batch, names: Collection[str]) -> dict[str, Floats]:
    columns: dict[str, Floats] = {}
    for family in PAIR_FAMILIES:
        wanted = [k for k, feature in enumerate(family.features) if feature.name in names]
        if wanted:
            values = family.compute(primary, there)
            columns |= {family.features[k].name: values[:, k] for k in wanted}
    return columns
