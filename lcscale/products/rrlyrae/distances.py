"""`Distances`: absolute magnitudes, distance moduli and distances of RR Lyrae stars, as a step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lcscale.errors import InputError
from lcscale.kernels.compiling import Floats
from lcscale.products.rrlyrae.columns import ANSWERS, DISTANCES, MODE, PULSATION
from lcscale.products.rrlyrae.relations import Relation, relation_named
from lcscale.steps import Declared
from lcscale.units import column_in
from lcscale.vocabulary import Column, append_columns, schema_of

EXTINCTION = {
    "G": 2.740,
    "Ks": 0.306,
    "V": 3.1,
    "W1": 0.19,
    "g": 3.172,
    "r": 2.271,
    "i": 1.682,
}
"""Extinction in a band over E(B−V): Casagrande & VandenBerg 2018 (G, Ks), Yuan et al. 2013 (W1), Schlafly & Finkbeiner
2011 (Pan-STARRS g, r, i), and the usual 3.1."""
MAGNITUDE_RELATIONS = ("muraveva2018_g", "muraveva2018_g")
_DRAWS = 400
_MAG_ERROR = 0.02
"""Of a mean magnitude, where no column tells it, mag."""
_EBV_ERROR = 0.16
"""Relative error of E(B−V) of maps (Schlegel et al. 1998)."""
_READ = ("feh", "feh_error")


@dataclass(frozen=True)
class Distances(Declared):
    """Append absolute magnitude, distance modulus and distance.

    ``μ = m − R E(B−V) − M(period, [Fe/H])``. Errors are those of draws: of [Fe/H], the relation's coefficients (where
    they are published) and scatter, the magnitude and the reddening. All stars have the same draws, so that a result
    depends on its row alone.

    Parameters
    ----------
    relations
        Names for RRab and RRc of relations of one band.
    magnitude
        Column with the mean magnitude in that band.
    reddening
        Column with E(B−V), mag; None: nothing is corrected, and `distance_reason` says so.
    """

    relations: tuple[str, str] = MAGNITUDE_RELATIONS
    magnitude: str = "mean"
    reddening: str | None = None
    settings = ("relations", "magnitude", "reddening")
    version = 1

    def __post_init__(self) -> None:
        object.__setattr__(self, "relations", tuple(self.relations))
        bands = {each.band for each in self._relations()}
        if len(bands) > 1:
            raise InputError(f"relations of {' and '.join(self.relations)} are of several bands, {', '.join(bands)}")

    def _relations(self) -> list[Relation]:
        modes = ("RRab", "RRc")
        return [relation_named(name, m, "absolute_magnitude") for name, m in zip(self.relations, modes, strict=True)]

    @property
    def reads(self) -> tuple[Column, ...]:
        """[Fe/H] with its error, period, mode."""
        return (*(column for column in ANSWERS if column.name in _READ), PULSATION, MODE)

    @property
    def columns(self) -> tuple[str, ...]:
        """Those, the magnitude and the reddening."""
        further = (self.magnitude,) if self.reddening is None else (self.magnitude, self.reddening)
        return (*super().columns, *further)

    def gives(self, input_schema: pa.Schema) -> tuple[Column, ...]:
        """Distances and what they were made of."""
        return DISTANCES

    def __call__(self, table: pa.Table) -> pa.Table:
        """The rows of `table` with their distances."""
        feh, error = _floats(table, "feh"), _floats(table, "feh_error")
        period = _floats(table, "pulsation_period", "d")
        magnitude = _floats(table, self.magnitude, "mag")
        reddening = np.zeros(len(table)) if self.reddening is None else _floats(table, self.reddening, "mag")
        first = np.array(table.column("mode").to_pylist(), object) == "RRab"
        both = self._relations()
        drawn = [_drawn(each, feh, error, period, magnitude, reddening) for each in both]
        absolute, modulus = (np.where(first, a, b) for a, b in zip(*drawn, strict=True))
        best = [_absolute(each, feh, period) for each in both]
        center = np.where(first, *best)
        extinction = EXTINCTION[both[0].band] * reddening
        mu = magnitude - extinction - center
        kpc = 10 ** (modulus / 5 - 2)
        low, high = np.quantile(kpc, [0.16, 0.84], axis=0)
        values = (center, absolute.std(axis=0), extinction, mu, modulus.std(axis=0), 10 ** (mu / 5 - 2), low, high)
        arrays = [pa.array(each, pa.float64(), mask=~np.isfinite(mu)) for each in values]
        names = np.where(first, *self.relations)
        arrays += [
            pa.array(names, pa.string(), mask=~np.isfinite(mu)),
            pa.array(self._reasons(feh, magnitude, reddening)),
        ]
        return append_columns(table, pa.table(arrays, schema=schema_of(DISTANCES)))

    def _reasons(self, feh: Floats, magnitude: Floats, reddening: Floats) -> npt.NDArray[np.object_]:
        """Why there is no distance, or what was not done."""
        reasons = np.full(len(feh), None if self.reddening else "extinction not corrected", object)
        reasons[~np.isfinite(reddening)] = f"no {self.reddening}"
        reasons[~np.isfinite(magnitude)] = f"no {self.magnitude}"
        reasons[~np.isfinite(feh)] = "no [Fe/H]"
        return reasons


def _absolute(relation: Relation, feh: Floats, period: Floats) -> Floats:
    return relation.value({"feh": feh, "period": period, "log_period": np.log10(period)})


def _drawn(
    relation: Relation, feh: Floats, error: Floats, period: Floats, magnitude: Floats, reddening: Floats
) -> tuple[Floats, Floats]:
    """Absolute magnitudes and distance moduli, float64 [draws, n]."""
    normal = np.random.default_rng(20180).standard_normal((7, _DRAWS, 1))
    pivot = {"feh": -1.5, "log_period": -0.25}  # coefficients are uncorrelated near the stars they were fitted to
    metal = feh + error * normal[0]
    absolute = _absolute(relation, metal, period) + relation.scatter * normal[1]
    terms = {"feh": metal, "log_period": np.log10(period)}
    for k, (name, spread) in enumerate(relation.coefficient_errors.items()):
        absolute = absolute + spread * normal[2 + k] * (1.0 if name == "constant" else terms[name] - pivot[name])
    light = magnitude + _MAG_ERROR * normal[5] - EXTINCTION[relation.band] * reddening * (1 + _EBV_ERROR * normal[6])
    return absolute, np.asarray(light - absolute)


def _floats(table: pa.Table, name: str, unit: str | None = None) -> Floats:
    column = table.column(name) if unit is None else column_in(table, name, unit)
    return np.asarray(column.cast(pa.float64()).to_numpy(), np.float64)
