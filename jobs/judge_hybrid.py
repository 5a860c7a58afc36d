"""What `lcscale train` makes of CRTS North: a network, trees, both stacked, and five folds of that, on one test sky.

    python jobs/judge_hybrid.py LAKE FOLDER

LAKE is the one that `models_lake.py` makes; FOLDER keeps networks: an interrupted run goes on. The test sky is that of
one network (`Split.of_sky`). Folds are parts of the rest; none has seen it. Takes some ten minutes of one core.
"""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from lcscale import Lake
from lcscale.models import LabelledCurves, Preparation, Split, TrainingOptions
from lcscale.models.heads.classes import ClassHead
from lcscale.models.heads.head import Labelling
from lcscale.models.inputs.preparation import ALTERNATIVES
from lcscale.models.judging.held import Held
from lcscale.models.keeping.card import Card
from lcscale.models.keeping.model import Model
from lcscale.models.labels.splitting import TEST, assign
from lcscale.models.training.checkpoint import Checkpoints
from lcscale.models.training.dataset import Dataset, read_labels
from lcscale.models.training.ensemble import Judged, divided, judge
from lcscale.models.training.train import fit_part, identity_of

OPTIONS, LABELS = TrainingOptions(stacked_with=()), Labelling(survey="crts")
NAMES = ("folded_images", "boosted_trees")
PARTS = {"network": slice(1), "trees": slice(1, 2), "both": slice(2)}


def part(data: Dataset, place: Path, name: str, validated: bool = False) -> Any:
    """The network of this name, trained where FOLDER does not have it; trees, grown."""
    options = replace(OPTIONS, network=name)
    kept = Checkpoints(place / f"{name}.checkpoint", identity_of("", data, LABELS, options))
    return fit_part(data, options, name, kept, validated=validated).network


def told(name: str, judged: Judged, data: Dataset, test: Held, counted: Any) -> None:
    """Print how good it is on the test sky, and how fast."""
    (first, *others), head, weights = judged.networks, judged.head, judged.period_weights
    card = Card(name, data.preparation, first.name, first.sizes, head, "real", weights, 1 + len(others))
    model, start = Model(card, first, tuple(others)), time.process_time()
    answers = model.predict_proba(test.curves.lcs, test.periods, columns=test.curves.columns)
    rate, row = len(test) / (time.process_time() - start), head.figures(answers, test.truth, counted)
    figures = " | ".join(f"{row[key]:.3f}" for key in ("accuracy", "macro_f1", "log_loss"))
    print(f"| {name} | {row['n']:,} | {figures} | {rate:,.0f} |", flush=True)


def main(lake_url: str, folder: str) -> None:
    lake, place = Lake(lake_url), Path(folder)
    tables = lake["crts_north"].join(lake["crts_north_periods"]).to_batches()
    stars, how = LabelledCurves.from_tables(tables, columns=ALTERNATIVES), Preparation(columns=ALTERNATIVES)
    every = read_labels(stars, how, ClassHead(), LABELS)
    used, split = every.truth.used, Split.of_sky(stars.healpix_29[every.truth.used])
    judged = assign(stars.healpix_29, split) == TEST
    rest, test = (np.flatnonzero(used & chosen) for chosen in (~judged, judged))
    of_test = Held(stars.take(test), every.truth.take(test)), every.head.counted(every.facts["labels"], 50)
    print("| | stars | accuracy | macro-F1 | log loss | stars/s |\n|---|---|---|---|---|---|")
    whole = divided(every, split, OPTIONS, None, ())[0]
    before = [part(whole, place, name) for name in NAMES]
    after = [before[0], part(whole, place, NAMES[1], validated=True)]
    for name, each in PARTS.items():
        told(name, judge([whole], [before[each]], every, 50, 0, False, after[each]), whole, *of_test)
    some = replace(every, curves=stars.take(rest), truth=every.truth.take(rest), numbers=every.numbers[rest])
    folds = divided(some, replace(split, seed=1), OPTIONS, 5, ())
    members = [[part(data, place / str(k), name, True) for name in NAMES] for k, data in enumerate(folds)]
    for name, each in PARTS.items():
        told(f"5 folds, {name}", judge(folds, [own[each] for own in members], some, 50, 0, False), folds[0], *of_test)


if __name__ == "__main__":
    main(*sys.argv[1:])
