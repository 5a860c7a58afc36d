"""Train the model `demo` that the package ships: every class there is a template for, simulated in g and r.

    python jobs/train_demo_model.py [FOLDER]

Takes about five minutes on one core and gives the same weights every time on the same kind of machine. The periods
are those that the period search finds, right or wrong, as they will be when the model is used.
"""

from __future__ import annotations

import sys

import numpy as np

from lcscale.lightcurves import LightCurves
from lcscale.models import LabelledCurves, Split, TrainingOptions, train
from lcscale.periods import find
from lcscale.simulation.synthesis import synthesize
from lcscale.simulation.templates import TEMPLATES

STARS_PER_CLASS = 300
SURVEYS = ((1200.0, (40, 180)), (1800.0, (60, 400)))
"""Length (days) and range of observations a band of the surveys that are simulated, half of the stars each."""


def simulated_stars() -> LabelledCurves:
    batches, labels = [], []
    for seed, (baseline, counts) in enumerate(SURVEYS):
        made = synthesize(
            list(TEMPLATES) * (STARS_PER_CLASS // len(SURVEYS)),
            1000 + seed,
            n_observations=counts,
            baseline_days=baseline,
        )
        batches.append(made.lcs)
        labels.append(made.label)
    lcs = LightCurves.concatenate(batches)
    period = find(lcs)["period"].to_numpy(zero_copy_only=False).astype(np.float64)
    place = np.random.default_rng(7).integers(0, 12 << 58, len(lcs))
    return LabelledCurves(lcs, period, np.concatenate(labels).astype(object), place, lcs.bands)


def main(folder: str = "lcscale/models/shipped/demo") -> None:
    options = TrainingOptions(epochs=30, hidden=64, dropout=0.2, stacked_with=())
    split = Split(validation=0.1, test=0.2, order=4)
    model = train(simulated_stars(), folder, trained_on="simulated", split=split, options=options, progress=True)
    figures = model.card.metrics["test"]
    print(f"{folder}: model {model.card.id}, simulated test stars: accuracy {figures['accuracy']:.3f}")


if __name__ == "__main__":
    main(*sys.argv[1:])
