"""Train a network that tells the pulsation modes of classical Cepheids of one galaxy: F, 1O, 2O, several.

    python jobs/train_cepheid_model.py LAKE FOLDER [CATALOG]

From the images of V and I, the period and the Wesenheit index, as Szklenár et al. 2020 did with OGLE's stars. The index
is a brightness: the model is for stars at the distance of those it was trained on. The periods are those that the
search finds (those of ``CATALOG_periods`` where the lake has it), right or wrong.
"""

from __future__ import annotations

import sys

from lcscale import Lake
from lcscale.lightcurves.wesenheit import Wesenheit
from lcscale.models import Preparation, Split, TrainingOptions, train
from lcscale.periods import Search

HOW = Preparation(columns=("wesenheit",))
SPLIT = Split(validation=0.15, test=0.3, order=6)
OPTIONS = TrainingOptions(epochs=25, hidden=64, dropout=0.2, stacked_with=())
SMALLEST = 15
"""Stars of the smallest class: second-overtone Cepheids are rare."""


def main(lake_url: str, folder: str, name: str = "ogle_lmc_cepheids") -> None:
    lake = Lake(lake_url)
    found = lake[name].join(lake[f"{name}_periods"]) if f"{name}_periods" in lake else lake[name].map(Search())
    model = train(
        found.map(Wesenheit()),
        folder,
        trained_on="real",
        survey="ogle",
        min_class_size=SMALLEST,
        split=SPLIT,
        options=OPTIONS,
        preparation=HOW,
        progress=True,
    )
    figures = model.card.metrics["test"]
    print(f"{folder}: model {model.card.id}, accuracy {figures['accuracy']:.3f} of {figures['n']} stars")
    for label, row in zip(model.classes, figures["confusion"], strict=True):
        print(f"  {label:12s} {row}")


if __name__ == "__main__":
    main(*sys.argv[1:])
