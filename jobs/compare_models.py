"""Models beside each other on the stars that `general` is tested on, also as if it were known that all of them vary.

    python jobs/compare_models.py LAKE MODEL … [--own-labels]

LAKE is the one that `models_lake.py` makes; MODEL a shipped one, or the folder of another, such as one of an earlier
version. Labels are those of OGLE and the literature where they are known; with --own-labels those of the surveys alone.
"""

from __future__ import annotations

import sys

import numpy as np
from general_stars import gather
from made_stars import varying
from train_general_model import SPLIT

from lcscale import Lake
from lcscale.models import LabelledCurves, Model, load
from lcscale.models.judging.held import Held
from lcscale.models.judging.leaving_out import figures
from lcscale.models.labels.splitting import TEST, assign
from lcscale.models.labels.targets import targets_in


def row(model: Model, name: str, stars: LabelledCurves) -> str:
    truth = targets_in(stars.label, model.classes)
    given = model.predict(stars.lcs, Held(stars, truth).periods, bands=stars.bands, columns=stars.columns).answers
    judged = np.flatnonzero(truth.used & np.isfinite(given[:, 0]))
    varying = given * (np.array(model.classes) != "CONST")
    both = [figures(each[judged], truth.take(judged)) for each in (given, varying / varying.sum(axis=1, keepdims=True))]
    cells = [f"{each[key]:.3f}" for each in both for key in ("accuracy", "macro_f1", "log_loss")]
    return f"| {name} | {model.card.id} | {judged.size:,} | {' | '.join(cells)} |"


def main(lake_url: str, *names: str) -> None:
    stars = varying(gather(Lake(lake_url), with_made=False, with_types="--own-labels" not in names))
    stars = stars.take(np.flatnonzero(assign(stars.healpix_29, SPLIT) == TEST))
    print("| survey | model | stars | accuracy | macro-F1 | log loss | all vary: accuracy | macro-F1 | log loss |")
    print("|---|---|---|---|---|---|---|---|---|")
    for name in sorted(set(stars.origin.tolist())):
        for model in names:
            if model != "--own-labels":
                print(row(load(model), name, stars.take(np.flatnonzero(stars.origin == name))), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
