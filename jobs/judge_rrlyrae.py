"""What models say of RR Lyrae stars with few observations: Stripe 82 in g and r, Pan-STARRS1 among other sources.

    python jobs/judge_rrlyrae.py LAKE [MODEL …]

LAKE is the one that `models_lake.py` makes. Periods and classes are those of `lcscale classify`; judged are stars that
a model has not seen, by position: those of other sky than its training and validation stars. Of Pan-STARRS1's RR Lyrae
stars the score is the sum of the probabilities of RRab, RRc and RRd; intervals hold 90 % of samples drawn again.
"""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd

from lcscale import Lake
from lcscale.models import Split, read_card
from lcscale.models.judging.leakage import in_list
from lcscale.models.labels.splitting import TEST, assign
from lcscale.products import variable_candidates

MODELS = ("general", "ztf")
CATALOGS = ("stripe_82", "pan_starrs")
PLACE = "_healpix_29"


def seen_places(lake: Lake, model: str) -> np.ndarray:
    """Where the stars stand that the model was trained or calibrated on."""
    data = read_card(model).data
    tables = [lake[name].columns(PLACE).to_arrow() for name in data["origins"] or () if name in lake.names()]
    places = np.concatenate([np.empty(0, np.int64), *(table.column(PLACE).to_numpy() for table in tables)])
    return places[assign(places, Split(**data["split"])) != TEST]


def answers(lake: Lake, name: str, model: str) -> pd.DataFrame:
    """What the model says of the stars of a catalog that it has not seen."""
    catalog = lake[name].join(lake[f"{name}_periods"])
    found = variable_candidates(catalog, model).to_arrow()
    unseen = ~in_list(found.column(PLACE).to_numpy(), seen_places(lake, model))
    return found.to_pandas()[unseen]


def average_precision(is_lyrae: np.ndarray, score: np.ndarray, seed: int = 0) -> tuple[float, float, float]:
    """With the ends of its 90 % interval."""
    from sklearn.metrics import average_precision_score

    rng, kinds = np.random.default_rng(seed), (np.flatnonzero(is_lyrae), np.flatnonzero(~is_lyrae))
    drawn = [np.concatenate([rng.choice(each, each.size) for each in kinds]) for _ in range(500)]
    ends = np.quantile([average_precision_score(is_lyrae[rows], score[rows]) for rows in drawn], (0.05, 0.95))
    return float(average_precision_score(is_lyrae, score)), float(ends[0]), float(ends[1])


def row(model: str, name: str, stars: pd.DataFrame) -> str:
    cells = []
    for label in ("RRab", "RRc"):
        found = stars["class"][stars.label == label].to_numpy(object)
        cells.append(f"{np.mean(found == label):.2f} of {found.size}" if found.size else "")
    if (stars.label == "CONST").any():
        named = [each for each in ("prob_RRab", "prob_RRc", "prob_RRd") if each in stars]
        score, lyrae = stars[named].sum(axis=1).to_numpy(), stars.label.str.startswith("RR").to_numpy()
        value, low, high = average_precision(lyrae, score)
        cells += [f"{value:.2f} ({low:.2f} to {high:.2f}) of {lyrae.sum()} among {(~lyrae).sum()}"]
        cells += [f"{np.mean(stars['class'][~lyrae].fillna('').str.startswith('RR')):.3f}"]
    return f"| {model} | {name} | {' | '.join([*cells, *[''] * (4 - len(cells))])} | {stars['class'].isna().sum()} |"


def main(lake_url: str, *models: str) -> None:
    lake = Lake(lake_url)
    print("| model | stars | RRab found | RRc found | average precision | others called RR Lyrae | without a class |")
    print("|---|---|---|---|---|---|---|")
    for model in models or MODELS:
        for name in CATALOGS:
            print(row(model, name, answers(lake, name, model)), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
