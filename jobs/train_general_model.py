"""Train the model `general` that the package ships: labelled light curves of several surveys of the lake.

    python jobs/train_general_model.py LAKE [FOLDER]

Expects the catalogs of `general_stars.CATALOGS` in the lake, as `models_lake.py` makes them; those that are missing are
left out and said so. Takes some six minutes on one core; more where the lake has no ``NAME_periods`` beside ``NAME``
(mapped with `Search`, light curves left out). Labels are what the surveys call the classes, or the types that OGLE or
the literature knows of the same stars; the others of EROS-2 and Gaia are the taxonomy's groups (RR, CEP, ECL, LPV).
Rounds, rate of the trees and what is drawn to 0 in the stack were chosen on validation stars.
"""

from __future__ import annotations

import sys

from general_stars import gather
from made_stars import COLUMNS

from lcscale import Lake
from lcscale.models import Augmentation, Preparation, Split, TrainingOptions, train

SPLIT = Split(validation=0.15, test=0.25, order=6)
CHANGES = Augmentation(column_dropout=0.1, cadences=("rubin", "pan_starrs"), thinned=0.15)
TREES = {"stacked_with": ("boosted_trees",), "boosting_rounds": 42, "grown_on_validation": False}
OPTIONS = TrainingOptions(epochs=30, hidden=96, dropout=0.2, augmentation=CHANGES, **TREES)
PREPARATION = Preparation(columns=COLUMNS, compressed=("evidence", "evidence_walk"))


def main(lake_url: str, folder: str = "lcscale/models/shipped/general") -> None:
    stars = gather(Lake(lake_url))
    how = {"split": SPLIT, "options": OPTIONS, "preparation": PREPARATION}
    model = train(stars, folder, trained_on="mixed", progress=True, **how)
    print(f"{folder}: model {model.card.id}")
    for name, figures in model.card.metrics["test"]["by_origin"].items():
        print(f"  {name}: accuracy {figures['accuracy']:.3f} of {figures['n']} stars")


if __name__ == "__main__":
    main(*sys.argv[1:])
