"""`completeness`: how [Fe/H] of RRab depends on the number of observations, by leaving out observations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from lcscale.lightcurves import LightCurves
from lcscale.periods import Search
from lcscale.products.rrlyrae.answers import Choice
from lcscale.products.rrlyrae.metallicities import Metallicities
from lcscale.products.rrlyrae.relations import relations

_OTHER_MODE = "muraveva2025_rrc"
_HIGHEST = 6.0
"""Frequency of the search, 1/d."""
_SAME_PERIOD = 1e-3
"""Largest relative difference of two periods of one star."""


def completeness(
    epochs: pd.DataFrame, values: pd.Series, kept: Sequence[int], relation: str, seed: int = 0
) -> Iterator[dict[str, Any]]:
    """Periods and [Fe/H] of stars of which fewer and fewer observations are kept: a row a number, the highest first.

    Parameters
    ----------
    epochs
        ``source_id``, ``time`` (days), ``mag`` and ``mag_err``, a row an observation. Stars that `values` has not are
        left out.
    values
        [Fe/H] of others, dex, by source id.
    kept
        Observations of each star, drawn at random; 0: all.
    relation
        Of RRab, whose [Fe/H] is compared with `values`.
    seed
        Of the draws.
    """
    epochs = epochs[epochs.source_id.isin(values.index)]
    drawn = pd.Series(np.random.default_rng(seed).random(len(epochs)), epochs.index)
    rank, whole = drawn.groupby(epochs.source_id).rank(), None
    for most in sorted(kept, key=lambda n: n or np.inf, reverse=True):
        some = epochs[rank <= most] if most else epochs
        found = _metallicities(some, relation)
        whole = found if whole is None else whole
        observations = most or f"all ({int(some.groupby('source_id').size().median())})"
        yield {"observations": observations, "stars": len(found), **_row(found, whole, values, relation)}


def _row(found: pd.DataFrame, whole: pd.DataFrame, values: pd.Series, relation: str) -> dict[str, Any]:
    """Shares of stars, and errors (dex) against all observations and against values of others."""
    known, plain = found.feh.notna(), found.feh.notna() & found.reason.isna()
    right = (found.pulsation_period / whole.pulsation_period - 1).abs() < _SAME_PERIOD
    drift, theirs = found.feh - whole.feh, values[found.index]

    def by_phi31(name: str) -> pd.Series:
        return relations()[relation].value({"period": found.pulsation_period, "phi31": found[name]}) - theirs

    return {
        "period of all, %": _percent(right),
        "with [Fe/H], %": _percent(known),
        "without a reason, %": _percent(plain),
        "median error": round(float(found.feh_error.median()), 3),
        "rmse against all": _rms(drift[known]),
        "without a reason": _rms(drift[plain]),
        "stars, period right": int(right.sum()),
        "rmse, own phi31": _rms(by_phi31("phi31")[right]),
        "rmse, denoised phi31": _rms(by_phi31("denoised_phi31")[right]),
        "rmse, feh_relation": _rms((found.feh_relation - theirs)[right]),
    }


def _metallicities(epochs: pd.DataFrame, relation: str) -> pd.DataFrame:
    """What `Metallicities` says of each star by periods that were searched, by source id."""
    epochs = epochs.sort_values(["source_id", "time"])
    ids, first = np.unique(epochs.source_id, return_index=True)
    time, mag, mag_err = (epochs[name].to_numpy() for name in ("time", "mag", "mag_err"))
    nested = LightCurves(time, mag, mag_err, np.r_[first, len(epochs)]).to_arrow()
    table = pa.table({"source_id": ids}).append_column(pa.field("lightcurve", nested.type), nested)
    step = Metallicities(choice=Choice((relation, _OTHER_MODE)))
    return step(Search(fmax=_HIGHEST)(table)).drop_columns("lightcurve").to_pandas().set_index("source_id")


def _percent(rows: pd.Series) -> float:
    return round(100 * float(rows.mean()), 1)


def _rms(rest: pd.Series) -> float:
    return round(float(np.sqrt((rest**2).mean())), 3)
