"""Train the model `alerts` that the package ships: would an alert with this light curve be published, or not?

    python jobs/train_alert_model.py [FOLDER] [--ztf light_curves.csv.gz] [--gaia LAKE/CATALOG]

Simulated alerts of all kinds (`lcscale.simulation.alerts`), and real ones: Gaia's epochs of common variables as not
published, where they would have raised an alert. Half of the simulated ones have the times of these or of ZTF's alerts,
published and not alike. Magnitudes of ZTF's alerts are of difference images, and not taken. Five minutes.
"""

from __future__ import annotations

import argparse
from dataclasses import replace

import numpy as np
import pandas as pd

from lcscale import open_catalog
from lcscale.lightcurves import LightCurves
from lcscale.models import LabelledCurves, Preparation, Role, Split, TrainingOptions, train
from lcscale.models.inputs.augmentation import Augmentation
from lcscale.simulation.alerts import KINDS, simulate_alerts, triggers

N_EACH, LONG = 400, 40  # simulated alerts of each kind; observations of the ZTF series whose times are used
HOW = Preparation(view="raw", roles=(Role("any", ("G", "g", "V", "r", "R", "I", "i")),))
OPTIONS = TrainingOptions(epochs=30, hidden=48, filters=(8, 16, 24), augmentation=Augmentation(kept=(0.6, 1.0)))
SPLIT = Split(validation=0.15, test=0.3, order=4)


def labelled(lcs: LightCurves, published: np.ndarray, origin: np.ndarray, seed: int) -> LabelledCurves:
    """Alerts as training takes them; their places, which only decide over the sets, are random."""
    n, label = len(lcs), np.where(published, "PUBLISHED", "UNPUBLISHED").astype(object)
    place = np.random.default_rng(seed).integers(0, 12 << 58, n)
    return LabelledCurves(lcs, np.full(n, np.nan), label, place, ("G",), origin=origin.astype(object))


def simulated(cadences: LightCurves | None, seed: int, share: float) -> LabelledCurves:
    made = simulate_alerts([kind for kind in KINDS for _ in range(round(share * N_EACH))], seed, cadences)
    return labelled(made.lcs, made.published, np.char.add("simulated ", made.kind), seed)


def ztf_cadences(path: str) -> LightCurves:
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", default="lcscale/models/shipped/alerts")
    parser.add_argument("--ztf", help="CSV of ZTF alerts of young stars")
    parser.add_argument("--gaia", help="catalog of Gaia's epochs")
    given = parser.parse_args()
    gaia = gaia_variables(given.gaia) if given.gaia else None
    cadences = [ztf_cadences(given.ztf)] if given.ztf else []
    cadences += [gaia] if gaia is not None else []
    parts = [simulated(None, 1, 0.5 if cadences else 1.0)]
    parts += [simulated(lcs, 2 + k, 0.5 / len(cadences)) for k, lcs in enumerate(cadences)]
    if gaia is not None:
        parts.append(labelled(gaia, np.zeros(len(gaia), np.bool_), np.full(len(gaia), "real Gaia variables"), 4))
    curves, kind = LabelledCurves.concatenate(parts), "simulated" if gaia is None else "mixed"
    model = train(curves, given.folder, trained_on=kind, preparation=HOW, split=SPLIT, options=OPTIONS, progress=True)
    print(f"{given.folder}: model {model.card.id}, {len(curves)} alerts")


if __name__ == "__main__":
    main()
