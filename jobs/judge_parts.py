"""What images, numbers and trees add to each other in the model `general`, by survey, on the sky that was its test set.

    python jobs/judge_parts.py LAKE

LAKE is the one that `models_lake.py` makes. The network is the shipped one; boosted trees, as many as are shipped, and
extremely randomised ones are grown on its training stars; weights of the parts and calibration come from its validation
stars. Takes some minutes.
"""

from __future__ import annotations

import sys
from dataclasses import replace

import train_general_model

from lcscale import Lake
from lcscale.models import load
from lcscale.models.inputs.numbers import OF_SECOND_BAND
from lcscale.models.judging.parts import judge_parts

TREES = ("boosted_trees", "extra_trees")
CALLED = {"folded_images": "network", "boosted_trees": "boosted", "extra_trees": "randomised"}


def main(lake_url: str) -> None:
    stars = train_general_model.gather(Lake(lake_url))
    found = judge_parts(load("general"), stars, TREES, replace(train_general_model.OPTIONS, withheld=OF_SECOND_BAND))
    surveys = list(next(iter(found.values()))["by_origin"])
    counts = [f"{name} ({next(iter(found.values()))['by_origin'][name]['n']:,})" for name in surveys]
    print(f"| parts | weights | {' | '.join(counts)} | macro-F1 | log loss |\n|{'---|' * (len(surveys) + 4)}")
    for parts, row in found.items():
        weights = ", ".join(f"{weight:.2f}" for weight in row["weights"])
        each = " | ".join(f"{row['by_origin'][name]['accuracy']:.3f}" for name in surveys)
        figures = f"{row['figures']['macro_f1']:.3f} | {row['figures']['log_loss']:.3f}"
        print(f"| {' + '.join(CALLED[name] for name in parts)} | {weights} | {each} | {figures} |", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
