"""`Distances`: absolute magnitudes, distance moduli and distances of RR Lyrae stars and Cepheids, as a step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

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
    "BP-RP": 1.339,
    "W_G": 0.0,
}
"""Extinction in a band over E(B−V): Casagrande & VandenBerg 2018 (G, BP − RP, Ks), Yuan et al. 2013 (W1), Schlafly &
Finkbeiner 2011 (Pan-STARRS g, r, i), and the usual 3.1. ``W_G = G − 1.90 (BP − RP)`` is made to have none."""
MAGNITUDE_RELATIONS = ("muraveva2018_g", "muraveva2018_g")
COLOUR_RELATIONS = ("lmc_bp_rp_rrab", "lmc_bp_rp_rrc")
"""Intrinsic BP − RP of RRab and RRc."""
_MODES = ("RRab", "RRc")
_DRAWS = 400
_MAG_ERROR = 0.02
"""Of a mean magnitude, where no column tells it, mag."""
_EBV_ERROR = 0.16
"""Relative error of E(B−V) of maps (Schlegel et al. 1998)."""
_PIVOTS = {"feh": -1.5, "RR": -0.25, "Cepheids": 0.7}
"""[Fe/H] and log P at which a constant has its published error: coefficients are uncorrelated there."""
_ONE = "several relations are for RRab and RRc; one is for all rows"


@dataclass(frozen=True)
class Distances(Declared):
    """Append absolute magnitude, distance modulus and distance.

    ``μ = m − R E(B−V) − M(period, [Fe/H])``. Errors are those of draws: of [Fe/H], the relation's coefficients (where
    they are published) and scatter, the magnitude and the reddening. All stars have the same draws, so that a result
    depends on its row alone.

    Parameters
    ----------
    relations
        Names for RRab and RRc of relations of one band; or one name, for all rows, as that of a Wesenheit index for
        Cepheids.
    magnitude
        Column with the mean magnitude in that band.
    reddening
        Column with E(B−V), mag; None: nothing is corrected, and `distance_reason` says so.
    colour
        Column with the mean BP − RP: E(B−V) is what it is above the intrinsic colour at the star's period.
    period
        Column with the period, days.
    """

    relations: tuple[str, ...] = MAGNITUDE_RELATIONS
    magnitude: str = "mean"
    reddening: str | None = None
    colour: str | None = None
    period: str = PULSATION.name
    settings = ("relations", "magnitude", "reddening", "colour", "period")
    version = 2

    def __post_init__(self) -> None:
        object.__setattr__(self, "relations", tuple(self.relations))
        if len(self.relations) not in (1, 2):
            raise InputError(f"{len(self.relations)} relations: {_ONE}")
        bands = {each.band for each in self._relations()}
        if len(bands) > 1:
            raise InputError(f"relations of {' and '.join(self.relations)} are of several bands, {', '.join(bands)}")
        if self.colour is not None and (self.reddening is not None or not self._by_mode or bands == {"W_G"}):
            raise InputError("colours tell the reddening of RRab and RRc, in place of a column of E(B-V)")

    @property
    def _by_mode(self) -> bool:
        return len(self.relations) == 2

    def _relations(self) -> list[Relation]:
        modes = _MODES if self._by_mode else (None,)
        return [relation_named(name, m, "absolute_magnitude") for name, m in zip(self.relations, modes, strict=True)]

    @property
    def _needs_feh(self) -> bool:
        return any("feh" in each.coefficients for each in self._relations())

    @property
    def reads(self) -> tuple[Column, ...]:
        """Mode, and [Fe/H] with its error, where the relations need them; the period, where it is one of ours."""
        read = tuple(column for column in ANSWERS[:2] if self._needs_feh)
        read += (PULSATION,) if self.period == PULSATION.name else ()
        return (*read, MODE) if self._by_mode else read

    @property
    def columns(self) -> tuple[str, ...]:
        """Those, the period, the magnitude, and what tells the reddening."""
        further = (self.period, self.magnitude, self.reddening, self.colour)
        return tuple(dict.fromkeys((*super().columns, *(name for name in further if name is not None))))

    def gives(self, input_schema: pa.Schema) -> tuple[Column, ...]:
        """Distances and what they were made of."""
        return DISTANCES

    def __call__(self, table: pa.Table) -> pa.Table:
        """The rows of `table` with their distances."""
        n, both = len(table), self._relations()
        feh, error = (_floats(table, c.name) if self._needs_feh else np.zeros(n) for c in ANSWERS[:2])
        period = _floats(table, self.period, "d" if self.period == PULSATION.name else None)
        period = np.where(period > 0, period, np.nan)
        magnitude = _floats(table, self.magnitude, "mag")
        first = np.ones(n, np.bool_)
        if self._by_mode:
            first = np.array(table.column(MODE.name).to_pylist(), object) == "RRab"
        reddening, its_error = self._reddening(table, period, first)
        drawn = [_drawn(each, feh, error, period, magnitude, (reddening, its_error)) for each in both]
        center = np.where(first, *_pair([_absolute(each, feh, period) for each in both]))
        absolute, modulus = (np.where(first, *_pair(each)) for each in zip(*drawn, strict=True))
        extinction = EXTINCTION[both[0].band] * reddening
        mu = magnitude - extinction - center
        kpc = 10 ** (modulus / 5 - 2)
        low, high = np.quantile(kpc, [0.16, 0.84], axis=0)
        values = (center, absolute.std(axis=0), extinction, mu, modulus.std(axis=0), 10 ** (mu / 5 - 2), low, high)
        arrays = [pa.array(each, pa.float64(), mask=~np.isfinite(mu)) for each in values]
        names = np.where(first, *_pair(self.relations)).astype(object)
        arrays += [
            pa.array(names, pa.string(), mask=~np.isfinite(mu)),
            pa.array(self._reasons(feh, period, magnitude, reddening), pa.string()),
        ]
        return append_columns(table, pa.table(arrays, schema=schema_of(DISTANCES)))

    def _reddening(self, table: pa.Table, period: Floats, first: npt.NDArray[np.bool_]) -> tuple[Floats, Floats]:
        """E(B−V) and its error, mag."""
        if self.reddening is not None:
            found = _floats(table, self.reddening, "mag")
            return found, _EBV_ERROR * found
        if self.colour is None:
            return np.zeros(len(table)), np.zeros(len(table))
        of_modes = [
            relation_named(name, m, "intrinsic_colour") for name, m in zip(COLOUR_RELATIONS, _MODES, strict=True)
        ]
        intrinsic = np.where(first, *(each.value({"log_period": np.log10(period)}) for each in of_modes))
        ratio = EXTINCTION[of_modes[0].band]
        excess = _floats(table, self.colour, "mag") - intrinsic
        return excess / ratio, np.where(first, *(each.scatter for each in of_modes)) / ratio

    def _reasons(self, feh: Floats, period: Floats, magnitude: Floats, reddening: Floats) -> npt.NDArray[np.object_]:
        """Why there is no distance, or what was not done."""
        source = self.reddening or self.colour
        free = EXTINCTION[self._relations()[0].band] == 0
        reasons = np.full(len(feh), None if source or free else "extinction not corrected", object)
        reasons[~np.isfinite(reddening)] = f"no {source}"
        reasons[~np.isfinite(magnitude)] = f"no {self.magnitude}"
        reasons[~np.isfinite(period)] = "no period"
        reasons[~np.isfinite(feh)] = "no [Fe/H]"
        return reasons


def _pair(of_relations: Sequence[Any]) -> tuple[Any, Any]:
    """For RRab and for the others."""
    return of_relations[0], of_relations[-1]


def _absolute(relation: Relation, feh: Floats, period: Floats) -> Floats:
    return relation.value({"feh": feh, "period": period, "log_period": np.log10(period)})


def _drawn(
    relation: Relation, feh: Floats, error: Floats, period: Floats, magnitude: Floats, reddening: tuple[Floats, Floats]
) -> tuple[Floats, Floats]:
    """Absolute magnitudes and distance moduli, float64 [draws, n]."""
    normal = np.random.default_rng(20180).standard_normal((7, _DRAWS, 1))
    pivots = {"feh": _PIVOTS["feh"], "log_period": _PIVOTS["RR" if relation.mode.startswith("RR") else "Cepheids"]}
    metal = feh + error * normal[0]
    absolute = _absolute(relation, metal, period) + relation.scatter * normal[1]
    terms = {"feh": metal, "log_period": np.log10(period)}
    for k, (name, spread) in enumerate(relation.coefficient_errors.items()):
        absolute = absolute + spread * normal[2 + k] * (1.0 if name == "constant" else terms[name] - pivots[name])
    light = magnitude + _MAG_ERROR * normal[5] - EXTINCTION[relation.band] * (reddening[0] + reddening[1] * normal[6])
    return absolute, np.asarray(light - absolute)


def _floats(table: pa.Table, name: str, unit: str | None = None) -> Floats:
    column = table.column(name) if unit is None else column_in(table, name, unit)
    return np.asarray(column.cast(pa.float64()).to_numpy(), np.float64)
