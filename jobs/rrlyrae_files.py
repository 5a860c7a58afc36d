"""What the jobs on RR Lyrae stars beside this file read."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow.csv as pc
import pyarrow.parquet as pq

from lcscale.lightcurves import LightCurves
from lcscale.products.rrlyrae.training import Calibrators

_TO_ORDER_29 = 34
"""Bits of a HEALPix index between orders 12, which a Gaia source id over 2^35 is, and 29."""


@dataclass(frozen=True, eq=False)
class Labelled:
    """Folded curves with [Fe/H]."""

    source_id: np.ndarray
    period: np.ndarray
    lcs: LightCurves
    feh: np.ndarray

    @property
    def place(self) -> np.ndarray:
        """Nested HEALPix index at order 29."""
        return (self.source_id >> 35) << _TO_ORDER_29


def labelled(curves: str, periods: str, labels: str) -> Labelled:
    """The folded curves that have a period and [Fe/H] in a CSV file."""
    source_id, period, lcs = folded(curves, periods)
    known = pc.read_csv(labels)
    feh_of = dict(zip(known["source_id"].to_pylist(), known["feh"].to_pylist(), strict=True))
    rows = np.array([i for i, each in enumerate(source_id) if each in feh_of])
    feh = np.array([feh_of[i] for i in source_id[rows]])
    return Labelled(source_id[rows], period[rows], lcs.take(rows), feh)


def folded(curves: str, periods: str) -> tuple[np.ndarray, np.ndarray, LightCurves]:
    """Ids, periods and light curves (at times phase × P) of the folded curves in a Parquet file that have a period."""
    table, known = pq.read_table(curves), pc.read_csv(periods)
    period_of = dict(zip(known["source_id"].to_pylist(), known["period"].to_pylist(), strict=True))
    ids, phase = table["source_id"].to_numpy(), table["phase"].to_numpy().astype(float)
    keep = (phase < 1) & np.isin(ids, list(period_of))  # phases beyond 1 repeat observations
    order = np.flatnonzero(keep)[np.argsort(ids[keep], kind="stable")]
    source_id, first = np.unique(ids[order], return_index=True)
    period, offsets = np.array([period_of[i] for i in source_id]), np.r_[first, order.size]
    mag = table["mag"].to_numpy()[order]
    time = phase[order] * np.repeat(period, np.diff(offsets))
    return source_id, period, LightCurves(time, mag, np.full(mag.size, np.nan, np.float32), offsets)


def calibrators(path: str) -> Calibrators:
    """Stars with Gaia's Fourier parameters and spectroscopic [Fe/H]."""
    table = pc.read_csv(path).to_pandas()
    a, phi = ["A1", "A2", "A3"], ["phi21_g", "phi31_g"]
    groups = (a, [f"{x}_error" for x in a], phi, [f"{x}_error" for x in phi])
    period, feh = table["pf"].to_numpy(float), table["FeH"].to_numpy(float)
    return Calibrators(period, *(table[names].to_numpy(float) for names in groups), feh)
