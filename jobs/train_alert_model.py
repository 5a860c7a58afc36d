"""Train the model `alerts` that the package ships: would an alert with this light curve be published, or not?

    python jobs/train_alert_model.py [FOLDER] [--ztf light_curves.csv.gz] [--gaia LAKE/CATALOG]

Simulated alerts of all kinds (`lcscale.lightcurves.alerts`), and where they are given real ones: ZTF alerts of young
stars as published events, Gaia's epoch photometry of common variables (RR Lyrae, Cepheids, eclipsing binaries, long
periods) as what is not published, if it would have raised an alert. Half of the simulated ones are observed at the
times of these real light curves, both kinds at the times of both, so that the times give nothing away. Some five
minutes on one core.
"""

from __future__ import annotations

import argparse
import itertools
from dataclasses import replace

import numpy as np

from lcscale import open_catalog
from lcscale.lightcurves import LightCurves
from lcscale.lightcurves.alerts import FEWEST, KINDS, simulate_alerts, triggers
from lcscale.models import LabelledCurves, Preparation, Role, Split, TrainingOptions, train
from lcscale.models.augmentation import Augmentation

N_EACH = 400
"""Simulated alerts of each kind."""
LONG = 40
"""Observations a real light curve must have for its times to be used."""
HOW = Preparation(view="raw", roles=(Role("any", ("G", "g", "V", "r", "R", "I", "i")),))
OPTIONS = TrainingOptions(epochs=30, hidden=48, filters=(8, 16, 24), augmentation=Augmentation(kept=(0.6, 1.0)))
SPLIT = Split(validation=0.15, test=0.3, order=4)


def labelled(lcs: LightCurves, published: np.ndarray, origin: np.ndarray, seed: int) -> LabelledCurves:
    """Alerts as training takes them; their places, which only decide over the sets, are random."""
    place = np.random.default_rng(seed).integers(0, 12 << 58, len(lcs))
    label = np.where(published, "PUBLISHED", "UNPUBLISHED").astype(object)
    return LabelledCurves(lcs, np.full(len(lcs), np.nan), label, place, ("G",), origin=origin.astype(object))


def simulated(cadences: LightCurves | None, seed: int, share: float) -> LabelledCurves:
    kinds = [kind for kind in KINDS for _ in range(round(share * N_EACH))]
    made = simulate_alerts(kinds, seed, cadences)
    return labelled(made.lcs, made.published, np.char.add("simulated ", made.kind), seed)


def ztf_young_stars(path: str) -> LightCurves:
    """Real alerts of young stars, the fuller of the two bands of each."""
    import pandas as pd

    rows = pd.read_csv(path).rename(columns=lambda name: name.removeprefix("i:"))
    counts = rows.groupby(["objectId", "fid"]).size().reset_index(name="n").sort_values("n")
    fullest = counts.drop_duplicates("objectId", keep="last")
    rows = rows.merge(fullest[fullest.n >= FEWEST], on=["objectId", "fid"]).sort_values(["objectId", "jd"])
    offsets = np.concatenate([[0], np.cumsum(rows.groupby("objectId").size())])
    none = np.full(len(rows), np.nan, np.float32)
    return LightCurves(rows.jd.to_numpy() - 2_400_000.5, rows.magpsf.to_numpy(np.float32), none, offsets, None, ("G",))


def gaia_variables(url: str) -> LightCurves:
    """Gaia's light curves of variables that would have raised an alert."""
    lcs = LightCurves.from_arrow(open_catalog(url).columns("lightcurve").to_arrow()).select_band("G")
    alerting = [triggers(lcs.mag[a:b]) for a, b in itertools.pairwise(lcs.offsets)]
    return replace(lcs, mag_err=np.full(lcs.mag.size, np.nan, np.float32)).take(np.array(alerting))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", default="lcscale/models/shipped/alerts")
    parser.add_argument("--ztf", help="light curves of ZTF alerts of young stars, CSV")
    parser.add_argument("--gaia", help="catalog with Gaia's epoch photometry")
    given = parser.parse_args()
    young = ztf_young_stars(given.ztf) if given.ztf else None
    variables = gaia_variables(given.gaia) if given.gaia else None
    cadences = [
        lcs for lcs in (None if young is None else young.take(young.counts >= LONG), variables) if lcs is not None
    ]
    parts = [simulated(None, 1, 0.5 if cadences else 1.0)]
    parts += [simulated(lcs, 2 + k, 0.5 / len(cadences)) for k, lcs in enumerate(cadences)]
    if young is not None:
        parts.append(labelled(young, np.ones(len(young), bool), np.full(len(young), "real ZTF young stars"), 4))
    if variables is not None:
        few = np.zeros(len(variables), bool)
        parts.append(labelled(variables, few, np.full(len(variables), "real Gaia variables"), 5))
    kind = "mixed" if cadences else "simulated"
    curves = LabelledCurves.concatenate(parts)
    model = train(curves, given.folder, trained_on=kind, preparation=HOW, split=SPLIT, options=OPTIONS, progress=True)
    print(f"{given.folder}: model {model.card.id}, {len(curves)} alerts")
    for name, figures in model.card.metrics["test"]["by_origin"].items():
        print(f"  {name}: {figures['accuracy']:.3f} of {figures['n']}")


if __name__ == "__main__":
    main()
