"""Alerts, published or not: simulated ones, and Gaia's variables that would have raised one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from lcscale import open_catalog
from lcscale.lightcurves import LightCurves
from lcscale.models import LabelledCurves
from lcscale.simulation.alerts import KINDS, simulate_alerts, triggers

N_EACH, LONG = 400, 40  # simulated alerts of each kind; observations of the ZTF series whose times are used


def labelled(lcs: LightCurves, published: np.ndarray, origin: np.ndarray, seed: int) -> LabelledCurves:
    """Alerts as training takes them; their places, which only decide over the sets, are random."""
    n, label = len(lcs), np.where(published, "PUBLISHED", "UNPUBLISHED").astype(object)
    place = np.random.default_rng(seed).integers(0, 12 << 58, n)
    return LabelledCurves(lcs, np.full(n, np.nan), label, place, ("G",), origin=origin.astype(object))


def simulated(cadences: LightCurves | None, seed: int, share: float) -> LabelledCurves:
    made = simulate_alerts([kind for kind in KINDS for _ in range(round(share * N_EACH))], seed, cadences)
    return labelled(made.lcs, made.published, np.char.add("simulated ", made.kind), seed)


def ztf_cadences(path: str | Path) -> LightCurves:
    """ZTF's longer series of alerts, the fuller of the two bands of each, for their times."""
    rows = pd.read_csv(path).rename(columns=lambda name: name.removeprefix("i:"))
    counts = rows.groupby(["objectId", "fid"]).size().reset_index(name="n").sort_values("n")
    fullest = counts.drop_duplicates("objectId", keep="last")
    rows = rows.merge(fullest[fullest.n >= LONG], on=["objectId", "fid"]).sort_values(["objectId", "jd"])
    offsets = np.concatenate([[0], np.cumsum(rows.groupby("objectId").size())])
    none = np.full(len(rows), np.nan, np.float32)
    return LightCurves(rows.jd.to_numpy() - 2_400_000.5, rows.magpsf.to_numpy(np.float32), none, offsets, None, ("G",))


def gaia_variables(url: str) -> LightCurves:
    """Gaia's light curves of variables that would have raised an alert."""
    lcs = LightCurves.from_arrow(open_catalog(url).columns("lightcurve").to_arrow()).select_band("G")
    alerting = [triggers(mag) for mag in np.split(lcs.mag, lcs.offsets[1:-1])]
    return replace(lcs, error=np.full(lcs.mag.size, np.nan, np.float32)).take(np.array(alerting))


def gather(gaia_url: str | None, ztf: str | Path | None) -> LabelledCurves:
    """Simulated alerts, and real ones where Gaia's catalog is given."""
    gaia = gaia_variables(gaia_url) if gaia_url else None
    cadences = [ztf_cadences(ztf)] if ztf else []
    cadences += [gaia] if gaia is not None else []
    parts = [simulated(None, 1, 0.5 if cadences else 1.0)]
    parts += [simulated(lcs, 2 + k, 0.5 / len(cadences)) for k, lcs in enumerate(cadences)]
    if gaia is not None:
        parts.append(labelled(gaia, np.zeros(len(gaia), np.bool_), np.full(len(gaia), "real Gaia variables"), 4))
    return LabelledCurves.concatenate(parts)
