"""Train the model `alerts` that the package ships: would an alert with this light curve be published, or not?

    python jobs/train_alert_model.py [FOLDER] [--ztf light_curves.csv.gz] [--gaia LAKE/CATALOG]

Simulated alerts of all kinds (`lcscale.simulation.alerts`), and real ones: Gaia's epochs of common variables as not
published, where they would have raised an alert. Half of the simulated ones have the times of these or of ZTF's alerts,
published and not alike. Magnitudes of ZTF's alerts are of difference images, and not taken. Five minutes.
"""

from __future__ import annotations

import argparse

from alert_curves import gather

from lcscale.models import Preparation, Role, Split, TrainingOptions, train
from lcscale.models.inputs.augmentation import Augmentation

HOW = Preparation(view="raw", roles=(Role("any", ("G", "g", "V", "r", "R", "I", "i")),))
CHANGES = Augmentation(kept=(0.6, 1.0))
OPTIONS = TrainingOptions(epochs=30, hidden=48, filters=(8, 16, 24), augmentation=CHANGES, stacked_with=())
SPLIT = Split(validation=0.15, test=0.3, order=4)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", default="lcscale/models/shipped/alerts")
    parser.add_argument("--ztf", help="CSV of ZTF alerts of young stars")
    parser.add_argument("--gaia", help="catalog of Gaia's epochs")
    given = parser.parse_args()
    curves, kind = gather(given.gaia, given.ztf), "mixed" if given.gaia else "simulated"
    model = train(curves, given.folder, trained_on=kind, preparation=HOW, split=SPLIT, options=OPTIONS, progress=True)
    print(f"{given.folder}: model {model.card.id}, {len(curves)} alerts")


if __name__ == "__main__":
    main()
