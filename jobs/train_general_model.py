"""Train the model `general` that the package ships: labelled light curves of several surveys of the lake.

    python jobs/train_general_model.py LAKE [FOLDER]

Expects the catalogs of `CATALOGS` in the lake, as `lcscale ingest` writes them; those that are missing are left out
and said so. Takes some twenty minutes on one core, most of it for the periods; where the lake has a catalog
``NAME_periods`` (``NAME`` mapped with `Search`, light curves left out) its periods are taken. Labels are what the
surveys call the classes; those of EROS-2 and Gaia are the taxonomy's groups (RR, CEP, ECL, LPV).
"""

from __future__ import annotations

import sys

import numpy as np

from lcscale import Lake
from lcscale.models import LabelledCurves, Preparation, Split, TrainingOptions, train
from lcscale.models.labels.roles import ROLES
from lcscale.periods import Search

CATALOGS = {
    "crts_north": "crts",
    "crts_south": "crts",
    "eros2_lmc": "eros2",
    "gaia_dr3_epochs": "gaia",
    "ogle_lmc_cepheids": "ogle",
}
"""Names of catalogs with labelled light curves, and whose class names their labels are."""

MERGED = {"BLAZHKO": "RRab", "PCEB": "EA", "DCEP_2O": "DCEP", "DCEP_MULTI": "DCEP", "HUMP": None, "MISC": None}
"""Labels too rare to be classes of their own, and what they count as; None leaves them out."""

THINNED = {"ogle_lmc_cepheids": 4}
"""Of these catalogs every nth star is taken, lest one class of one galaxy be most of what is learnt."""

SPLIT = Split(validation=0.15, test=0.25, order=6)
OPTIONS = TrainingOptions(epochs=35, hidden=96, dropout=0.2, stacked_with=())
PREPARATION = Preparation(columns=("period_2", "period_3"))


def join_surveys(parts: dict[str, LabelledCurves], surveys: dict[str, str]) -> LabelledCurves:
    """The stars of all catalogs, with roles for bands and the taxonomy's names for labels."""
    joined = LabelledCurves.concatenate(
        [curves.as_survey(name, ROLES, surveys[name]) for name, curves in parts.items()]
    )
    joined.label[:] = [MERGED.get(label, label) for label in joined.label]
    return joined


def gather(lake: Lake) -> LabelledCurves:
    """The labelled stars of all catalogs that the lake has."""
    parts = {}
    for name in CATALOGS:
        if name not in lake.names():
            print(f"{name} is not in the lake: left out")
            continue
        found = lake[name].join(lake[f"{name}_periods"]) if f"{name}_periods" in lake else lake[name].map(Search())
        observed = LabelledCurves.from_tables(found.to_batches(), columns=("period_2", "period_3"))
        observed = observed.take(observed.lcs.counts > 0)
        parts[name] = observed.take(np.arange(0, len(observed), THINNED.get(name, 1)))
        print(f"{name}: {len(parts[name])} labelled stars")
    return join_surveys(parts, CATALOGS)


def main(lake_url: str, folder: str = "lcscale/models/shipped/general") -> None:
    stars = gather(Lake(lake_url))
    how = {"split": SPLIT, "options": OPTIONS, "preparation": PREPARATION}
    model = train(stars, folder, trained_on="real", progress=True, **how)
    print(f"{folder}: model {model.card.id}")
    for name, figures in model.card.metrics["test"]["by_origin"].items():
        print(f"  {name}: accuracy {figures['accuracy']:.3f} of {figures['n']} stars")


if __name__ == "__main__":
    main(*sys.argv[1:])
