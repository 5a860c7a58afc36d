"""Type II Cepheids of Gaia told from classical ones, with and without colour and parallax; figures are out of fold.

    python jobs/train_context_model.py LAKE [FOLDER]

Expects `gaia_dr3_epochs` and ``gaia_dr3_epochs_periods`` of `models_lake.py` in the lake. Classes are Gaia's groups,
and the types of Cepheids where the literature or OGLE knows them; Cepheids without a type are left out. Two models are
written below FOLDER; each star is judged by the one of ten members that has not seen its part of the sky. Takes some
minutes.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from lcscale import Lake
from lcscale.models import LabelledCurves, Model, Preparation, Split, TrainingOptions, train
from lcscale.models.labels.taxonomy import ancestors, map_labels
from lcscale.products.context import CONTEXT, Context

TYPES = {"lit_label": "gaia", "ogle_subtype": "ogle", "gaia_vari_label": "gaia"}
"""Columns with types of stars, and whose names they are; the first that knows one counts."""
OPTIONS = TrainingOptions(network="boosted_trees", stacked_with=("extra_trees",), class_weight_power=1.0)
COLUMNS = ("period_2", "period_3")
MODELS = {"without": COLUMNS, "with": (*COLUMNS, *CONTEXT)}
FOLDS = 10


def gather(lake: Lake) -> LabelledCurves:
    """Gaia's stars with periods, context and classes."""
    found = lake["gaia_dr3_epochs"].join(lake["gaia_dr3_epochs_periods"]).map(Context())
    table = found.to_arrow()
    stars = LabelledCurves.from_tables([table], columns=MODELS["with"])
    stars.label[:] = map_labels(stars.label, "gaia")
    for column, survey in TYPES.items():
        types = map_labels(np.array(table.column(column).to_pylist(), object), survey)
        for row in np.flatnonzero(stars.label == "CEP"):
            known = [] if types[row] is None else [each for each in ancestors(types[row]) if each in ("DCEP", "T2CEP")]
            stars.label[row] = known[0] if known else "CEP"
    stars.label[stars.label == "CEP"] = None
    return stars


def fit(stars: LabelledCurves, folder: str | Path, columns: tuple[str, ...], folds: int = FOLDS) -> Model:
    """One model, whose card says how it does on stars that its members have not seen."""
    how = {"split": Split(order=6), "folds": folds, "options": OPTIONS, "min_class_size": 30, "baselines": False}
    return train(stars, folder, trained_on="real", preparation=Preparation(columns=columns), progress=False, **how)


def main(lake_url: str, folder: str = "context_models") -> None:
    stars = gather(Lake(lake_url))
    print("| context | stars | type II Cepheids found | others called so | accuracy | macro-F1 |")
    print("|---|---|---|---|---|---|")
    for name, columns in MODELS.items():
        test = fit(stars, Path(folder) / name, columns).card.metrics["test"]
        of_type = test["per_class"]["T2CEP"]
        n, others = of_type["n"], test["n"] - of_type["n"]
        found, false = round(of_type["recall"] * n), round(of_type["false_positive_rate"] * others)
        cells = [f"{found} of {n}", f"{false} ({100 * of_type['false_positive_rate']:.2f} %)"]
        figures = [f"{test[key]:.3f}" for key in ("accuracy", "macro_f1")]
        print(f"| {name} | {test['n']:,} | {' | '.join([*cells, *figures])} |", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
