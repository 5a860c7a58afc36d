"""What probabilities and prediction sets may depend on, by halves of the validation stars of the model `general`.

    python jobs/judge_calibration.py LAKE

LAKE is from `models_lake.py`. Twenty times half of the pixels is fitted, the other judged: log loss and ECE excess by
temperature; coverage, number of classes and coverage by survey by kind of prediction set.
"""

from __future__ import annotations

import sys

import numpy as np
import train_general_model
from cdshealpix.nested import healpix_to_lonlat
from scipy.optimize import minimize

from lcscale import Lake
from lcscale.lightcurves import clean
from lcscale.models import ClassHead, TrainingOptions, load
from lcscale.models.judging.calibration import adaptive_sets, conformal_rank, log_loss_of, mass_thresholds, softmax
from lcscale.models.judging.sparsity import counts_of
from lcscale.models.keeping.model import scores_of
from lcscale.models.labels.taxonomy import widest
from lcscale.models.training.stacking import divided_again
from lcscale.products.yso.contamination import galactic_latitude


def fitted(scores, truth, weights, x):
    """log T and its slopes of the lowest log loss, with a normal prior of width 0.3 on each slope."""
    loss, start = log_loss_of(scores, truth, weights), np.zeros(1 + x.shape[1])
    return minimize(lambda b: loss(b[0] + x @ b[1:]) + b[1:] @ b[1:] / 0.18 / len(x), start, method="L-BFGS-B").x


def plain_sets(given, truth, asked, groups):
    """Classes of at least the probability that 90 % of the true ones of their group have, and the best."""
    true, groups, least = truth.resolve(given), np.array(groups), np.zeros(len(groups))
    p = given[np.arange(len(given)), true]
    for group in set(groups.tolist()):
        own = np.sort(p[groups[true] == group])[::-1]
        least[groups == group] = own[min(conformal_rank(own.size), own.size) - 1]
    return (asked >= least) | (asked == asked.max(axis=1, keepdims=True))


def main(lake: str) -> None:
    model, stars = load("general"), train_general_model.gather(Lake(lake))
    held = divided_again(model, stars, TrainingOptions())[1].held["validation"]
    curves, how, weights = held.curves, model.card.preparation, model.card.period_weights
    told = {"bands": curves.bands, "columns": curves.columns}
    scores = model.network.stacked(scores_of(model.network.networks, how, curves.lcs, held.periods, **told).scores)
    scores = scores[: len(weights)]
    kinds = {"one": ["all"] * len(model.classes), "one a group": [widest(name) for name in model.classes]}
    latitude = np.abs(galactic_latitude(*(x.deg for x in healpix_to_lonlat(curves.healpix_29.astype(np.uint64), 29))))
    x = np.stack([np.log10(counts_of(curves.lcs, how.roles)), clean(curves.lcs).mean_mag, latitude], axis=1)
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    chosen = {"all three": [0, 1, 2], "observations": [0], "magnitude": [1], "latitude": [2], "one temperature": []}
    found: dict[str, list[list[float]]] = {}
    for seed in range(20):
        half = (np.random.default_rng(seed).random(12 << 12) < 0.5)[curves.healpix_29 >> 46]  # order 6
        a, b = map(np.flatnonzero, (half, ~half))
        before, after = (held.truth.take(rows) for rows in (a, b))
        for name, columns in chosen.items():  # sets are made with the last
            fit = fitted(scores[:, a], before, weights, x[a][:, columns])
            scaled = scores / np.exp(fit[0] + x[:, columns] @ fit[1:])[:, None]
            p, q = (np.tensordot(weights, softmax(scaled[:, rows]), 1) for rows in (a, b))
            figures = ClassHead(model.classes).figures(q, after)
            found.setdefault(name, []).append([figures["log_loss"], figures["ece_excess"]])
        for what, groups in kinds.items():
            adaptive = adaptive_sets(q, mass_thresholds(p, before, groups))
            for name, sets in (("probability", plain_sets(p, before, q, groups)), ("adaptive", adaptive)):
                inside = (sets & after.allowed).any(axis=1)
                of = [inside[curves.origin[b] == survey].mean() for survey in np.unique(curves.origin.astype(str))]
                found.setdefault(f"{name}, {what}", []).append([inside.mean(), sets.sum(axis=1).mean(), *of])
    for name, rows in found.items():
        print(f"| {name} | " + " | ".join(f"{value:.4f}" for value in np.mean(rows, axis=0)) + " |")


if __name__ == "__main__":
    main(*sys.argv[1:])
