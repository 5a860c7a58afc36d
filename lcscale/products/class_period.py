"""The period that belongs to the class: at the orbit of eclipsing stars, at the pulsation of pulsating ones.

And what speaks against it: a periodic class of a star that is not periodic by its evidence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lcscale.lightcurves import LightCurves, clean_light_curves, declared_bands
from lcscale.lightcurves.columns import LIGHT_CURVE
from lcscale.models.heads.columns import CLASS
from lcscale.models.labels.curves import numbers_of
from lcscale.models.labels.taxonomy import ancestors, classes
from lcscale.periods.columns import EPOCH, EPOCH_MINIMUM, PERIOD
from lcscale.periods.cycles import Cycle, fitted_cycles
from lcscale.steps import Declared
from lcscale.vocabulary import Column, append_columns, schema_of

_MAKER = "lcscale.products"

COLUMNS = (
    Column(
        "period_peak",
        pa.float64(),
        "d",
        "time.period;src.var",
        "Period that the search found, whatever the class: the model saw the star folded with it.",
        _MAKER,
    ),
    Column(
        "period_ratio",
        pa.float64(),
        "",
        "time.period;arith.ratio",
        "period over period_peak: 2, 4, 1/2, another number where narrow eclipses had hidden the orbit, or 1 where the "
        "class goes by the period of the search.",
        _MAKER,
    ),
    Column(
        "period_quality",
        pa.float64(),
        "",
        "stat.fit.goodness",
        "Share of the weighted variance of the magnitudes that a Fourier series of order 8 explains at period, 0 to 1. "
        "A series has 17 numbers: few observations are explained by any period.",
        _MAKER,
    ),
    Column(
        "doubt",
        pa.string(),
        "",
        "meta.code.error",
        "What speaks against a class of pulsating, ellipsoidal or eclipsing stars: constant (evidence below that of "
        "one constant star in a hundred), wanders (evidence_walk is not above 0), alias (the sampling repeats at the "
        "period); and against any class that has a period: long (fewer than two cycles from the first observation to "
        "the last). The first that applies; null for none, for other classes, and where the period was given.",
        _MAKER,
    ),
)

SURE, SURE_TIED = 5.0, 26.0
"""Evidence above which a star is periodic, and one whose bands share more than the period (docs/periods.md)."""

FEWEST_CYCLES = 2.0
"""Cycles from the first observation to the last below which a period is long."""

CYCLES: dict[str, Cycle] = {
    "RR": "pulsation",
    "CEP": "pulsation",
    "DSCT": "pulsation",
    "EW": "orbit",
    "EB": "orbit",
    "ELL": "orbit",
    "ECL": "eclipses",
}
"""What the stars of a class, and of those that belong to it, go by; others by the period of the search."""


def cycle_of(name: str | None) -> Cycle | None:
    """What a class of the taxonomy goes by; None for others, and for no class.

    Examples
    --------
    >>> cycle_of("DCEP_1O"), cycle_of("EA"), cycle_of("MIRA")
    ('pulsation', 'eclipses', None)
    """
    if name is None or name not in classes():
        return None
    return next((CYCLES[each] for each in ancestors(name) if each in CYCLES), None)


@dataclass(frozen=True)
class PeriodOfClass(Declared):
    """Put the period that belongs to `class` into `period`, and that of the search into `period_peak`.

    The epochs move along where the period does. `period_2` and `period_3` stay as the search gave them, and so does a
    period that was given (`period_source`).

    Parameters
    ----------
    column
        Name of the nested light-curve column.
    """

    column: str = "lightcurve"
    optional_columns = (
        *("period_2", "period_source", EPOCH.name, EPOCH_MINIMUM.name),
        *("evidence", "evidence_walk", "coupling", "alias"),
    )
    settings = ()
    version = 4

    @property
    def reads(self) -> tuple[Column, ...]:
        """Light curve, class and period."""
        return (LIGHT_CURVE.named(self.column), CLASS, PERIOD)

    def gives(self, input_schema: pa.Schema) -> tuple[Column, ...]:
        """Period of the search, its relation to that of the class, how well that explains the star, and doubts."""
        return COLUMNS

    def __call__(self, table: pa.Table) -> pa.Table:
        """The rows of `table` with the period of their class."""
        lcs = clean_light_curves(table, self.column)
        bands = declared_bands(table.schema, self.column)
        lcs = lcs.of_bands(bands) if bands else lcs
        known = numbers_of(table, (PERIOD.name, "period_2", EPOCH.name, EPOCH_MINIMUM.name), "d")
        period = known[PERIOD.name]
        second = known.get("period_2", np.full(len(table), np.nan))
        named = table.column(CLASS.name).to_pylist()
        if "period_source" in table.column_names:
            sources = table.column("period_source").to_pylist()
            named = [name if source == "search" else None for name, source in zip(named, sources, strict=True)]
        cycles = [cycle_of(name) for name in named]
        found = fitted_cycles(lcs, period, second, cycles)
        for name, values in zip((PERIOD.name, EPOCH.name, EPOCH_MINIMUM.name), found.T, strict=False):
            if name in known:
                at = table.column_names.index(name)
                moved = np.where(np.isfinite(values), values, known[name])
                table = table.set_column(at, table.schema.field(at), numbers_or_null(moved))
        new = [numbers_or_null(each) for each in (period, found[:, 0] / period, found[:, 3])]
        periodic = np.array([is_periodic(name) for name in named], np.bool_)
        turns = durations(lcs) / np.where(np.isfinite(found[:, 0]), found[:, 0], period)
        doubts = _doubts(table, cycles, periodic & (turns < FEWEST_CYCLES))
        return append_columns(table, pa.table([*new, doubts], schema=schema_of(COLUMNS)))


def is_periodic(name: str | None) -> bool:
    """Whether stars of a class of the taxonomy have a period, of whatever kind.

    Examples
    --------
    >>> is_periodic("EA"), is_periodic("MIRA"), is_periodic("RSCVN"), is_periodic("QSO"), is_periodic(None)
    (True, True, True, False, False)
    """
    return name is not None and name in classes() and bool({*CYCLES, "LPV", "ROT"} & {*ancestors(name)})


def durations(lcs: LightCurves) -> npt.NDArray[np.float64]:
    """Days from the first observation of each object to its last, float64 [n_objects]; NaN without any."""
    found = np.full(len(lcs), np.nan)
    some = lcs.counts > 0
    found[some] = lcs.time[lcs.offsets[1:][some] - 1] - lcs.time[lcs.offsets[:-1][some]]
    return found


def _doubts(table: pa.Table, cycles: Sequence[Cycle | None], long: npt.NDArray[np.bool_]) -> pa.Array:
    """The column `doubt` of stars that go by `cycles`; `long`, bool [n], have too few of them."""
    names = ("evidence", "evidence_walk", "coupling", "alias")
    columns = [table[name].to_pylist() if name in table.column_names else [None] * len(table) for name in names]

    def doubt(
        cycle: Cycle | None, long: bool, evidence: float | None, walk: float | None, tie: str | None, at: str | None
    ) -> Any:
        last = "long" if long else None
        if cycle is None:
            return last
        if evidence is not None and evidence <= (SURE if tie in (None, "free") else SURE_TIED):
            return "constant"
        return "wanders" if walk is not None and walk <= 0.0 else "alias" if at is not None else last

    return pa.array([doubt(*row) for row in zip(cycles, long.tolist(), *columns, strict=True)], pa.string())


def numbers_or_null(values: npt.NDArray[np.float64]) -> pa.Array:
    """The numbers as an Arrow array, null where they are not finite."""
    return pa.array(values, mask=~np.isfinite(values))
