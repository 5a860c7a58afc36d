"""What networks and trees that forget the survey add to each other on the stars of a survey that is left out.

    python jobs/judge_parts_left_out.py LAKE [EPOCHS [MOST]]

LAKE is the one that `models_lake.py` makes; at most MOST stars of each survey are taught and judged, 1,000 by default.
Boosted trees see all numbers; extremely randomised trees and the network see one band, no number that tells cadence and
noise, and each star as other surveys would have seen it (`TrainingOptions.forgetting`). Parts are joined by the mean of
their probabilities. Takes some five minutes of one core.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np
from general_stars import gather

from lcscale import Lake
from lcscale.models import Preparation, TrainingOptions, load
from lcscale.models.judging.bench import JudgingOptions, sample
from lcscale.models.judging.leaving_out import boosted, forgetting, leave_out
from lcscale.models.judging.parts_left_out import Learner, mean_of, remembered
from lcscale.models.labels.roles import ONE_ROLE
from lcscale.models.training.dataset import numbers_and_reasons
from lcscale.models.training.forgetting import thinned_numbers

LEFT_OUT = ("gaia_dr3_epochs", "crts_south", "crts_north", "eros2_lmc")


def main(lake_url: str, epochs: str = "8", most: str = "1000") -> None:
    every, how = gather(Lake(lake_url), with_made=False), load("general").card.preparation
    rows, stars = sample(every, *numbers_and_reasons(every, how), JudgingOptions(most=int(most)))
    curves, trees = every.take(rows), TrainingOptions.forgetting()
    copies = thinned_numbers(curves, how, trees.augmentation.cadences, trees.copies, trees.seed)
    network = replace(TrainingOptions.forgetting(network="folded_images"), epochs=int(epochs), hidden=96, dropout=0.2)
    fits = {
        "boosted": boosted(stars),
        "randomised": forgetting(stars, copies, how.names),
        "network": Learner(stars, curves, Preparation(roles=ONE_ROLE, columns=how.columns), network),
    }
    fits = {name: remembered(fit) for name, fit in fits.items()}
    print(f"| parts | {' | '.join(LEFT_OUT)} | mean | widest | macro-F1 | log loss |\n|{'---|' * 9}")
    for chosen in (each for size in (1, 2, 3) for each in combinations(fits, size)):
        found = leave_out(stars, mean_of([fits[name] for name in chosen]), folds=None, names=LEFT_OUT)
        print(f"| {' + '.join(chosen)} | {' | '.join(told(found))} |", flush=True)
        if len(chosen) in (1, len(fits)):
            of_classes(" + ".join(chosen), found)


def told(found: Mapping[str, Any]) -> list[str]:
    """Accuracy over known classes by survey; means of that, over widest classes, and of other figures."""
    rows = [found[name] for name in LEFT_OUT]
    known = [row["known"]["left_out"] for row in rows]
    each = [row["accuracy"] for row in known]
    means = [np.mean([row["left_out"][what] for row in rows]) for what in ("wide_accuracy", "macro_f1", "log_loss")]
    return [f"{value:.3f}" for value in (*each, np.mean(each), *means)]


def of_classes(parts: str, found: Mapping[str, Any]) -> None:
    """Print the recall of each class by survey, left out, with the number of stars."""
    for name in LEFT_OUT:
        rows = found[name]["left_out"]["per_class"]
        each = (f"{label} {row['recall']:.2f} of {row['n']}" for label, row in rows.items() if row["n"])
        print(f"<!-- {parts}, {name}: {', '.join(each)} -->", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
