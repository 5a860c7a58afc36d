"""Compare five classifiers of young stars by cross-validation over the sky, on real stars, in one HTML file.

    python jobs/compare_yso_classifiers.py DATA [REPORT]

DATA is the folder that `train_yso_model.py` takes.
"""

from __future__ import annotations

import sys
from pathlib import Path

from train_yso_model import tables

from lcscale.explore.yso import write_comparison
from lcscale.models.judging.comparison import compare_classifiers
from lcscale.models.trees.growing import GrowthOptions
from lcscale.products.yso import CLASSES
from lcscale.products.yso.features import features_of, photometric_features
from lcscale.products.yso.precision import DUSTY_FIELD
from lcscale.products.yso.training import gather

PATTERNS = {
    "SY: Gaia and 2MASS": "optical astrometry near",
    "LY: all of WISE": "mid w3 w4",
}
"""The sets of measurements that real stars of all four classes have."""


def main(data: str, report: str = "yso_classifiers.html") -> None:
    options = GrowthOptions()
    gathered = gather([each for each in tables(Path(data)) if each.real])
    sample = gathered.sample(photometric_features(gathered.numbers, len(gathered)), options.order)
    compared = {
        name: compare_classifiers(sample, features_of(pattern), CLASSES, options, DUSTY_FIELD)
        for name, pattern in PATTERNS.items()
    }
    for name, judged in compared.items():
        for each in judged:
            row = each.figures
            print(
                f"{name}, {each.name}: accuracy {row['accuracy']:.3f}, macro-F1 {row['macro_f1']:.3f}, "
                f"log loss {row['log_loss']:.3f}, ECE {row['ece']:.3f}, YSO F1 {row['per_class']['YSO']['f1']:.3f}, "
                f"ROC area {row['roc_auc']['YSO']:.3f}, mean precision {row['average_precision']['YSO']:.3f}"
            )
    print(write_comparison(compared, DUSTY_FIELD, report))


if __name__ == "__main__":
    main(*sys.argv[1:])
