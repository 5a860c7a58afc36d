"""None of these: how well stars of classes that a model was never taught are told from those of classes that it was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from lcscale.models.inputs.numbers import OF_SECOND_BAND
from lcscale.models.judging.baseline import grow_classes
from lcscale.models.judging.calibration import fit_temperature, softmax
from lcscale.models.judging.leakage import in_list
from lcscale.models.judging.leaving_out import ORDER, Rows, Stars
from lcscale.models.keeping.agreement import agreement
from lcscale.models.labels.splitting import Split, assign_folds
from lcscale.models.training.forgetting import without
from lcscale.models.trees.boosted import BoostedTrees
from lcscale.models.trees.extra import ExtraTrees, grow_extra_trees

PAIRS = (("LPV", "DSCT"), ("EA", "T2CEP"), ("RRc", "RSCVN"), ("DCEP_F", "DSCT"))
"""Classes that are left out together."""
SURE = 0.9
"""Largest probability from which on a class is taken for certain."""
_FEWEST, _FOLDS = 20, 5

Scores = Mapping[str, npt.NDArray[np.floating]]


def leave_classes_out(
    stars: Stars, names: Sequence[str], pairs: Sequence[tuple[str, ...]] = PAIRS, *, seed: int = 0
) -> list[dict[str, Any]]:
    """Boosted and extremely randomised trees without some classes, and which score finds the stars of these.

    Only stars of one class are asked and taught. The known ones that are asked are of a part of the sky that the trees
    have not seen (a fifth); probabilities are calibrated on another fifth. The randomised trees see one band.

    Parameters
    ----------
    stars
        Labelled.
    names
        Of the numbers.
    pairs
        Classes that are left out together, in turn; pairs of which a class has hardly a star are passed over, and all
        where the stars lie in too small a part of the sky to be divided.
    seed
        Of the trees.

    Returns
    -------
    list of dict
        For each pair `left_out`, `n_unknown`, `n_known`, `known_sure` (share of known stars with a probability of at
        least 0.9) and by score (`probability`, the largest of boosted trees; `agreement` with the others): `auc`, and
        `unknown_kept`, the share of unknown stars above the threshold that keeps `known_sure` of the known ones.
    """
    found = []
    exact, fold = stars.truth.exact, assign_folds(stars.healpix_29, Split(order=ORDER), _FOLDS)
    label = np.array(stars.truth.classes, object)[stars.truth.allowed.argmax(axis=1)]
    for pair in pairs:
        if min(int((exact & (label == name)).sum()) for name in pair) < _FEWEST:
            continue
        out = np.isin(label, pair)
        asked = np.flatnonzero(exact & (out | (fold == 0)))
        rest = np.flatnonzero(exact & ~out & (fold != 0))
        rest = rest[~in_list(stars.healpix_29[rest], stars.healpix_29[asked])]
        taught, calibrated = rest[fold[rest] != 1], rest[fold[rest] == 1]
        if len(set(label[taught].tolist())) < 2 or not calibrated.size or out[asked].all():
            continue
        scores = _scores(stars, names, taught, calibrated, asked, seed)
        found.append({"left_out": list(pair), **compare(scores, ~out[asked])})
    return found


def compare(scores: Scores, known: npt.NDArray[np.bool_]) -> dict[str, Any]:
    """Figures of scores that are to be high for known stars; the first is the largest probability.

    Parameters
    ----------
    scores
        float [n] by name.
    known
        bool [n], whether the star's class was taught.
    """
    from sklearn.metrics import roc_auc_score

    first = next(iter(scores.values()))
    sure = float((first[known] >= SURE).mean())
    rows = {}
    for name, score in scores.items():
        threshold = np.quantile(score[known], 1 - sure)
        kept = float((score[~known] >= threshold).mean())
        rows[name] = {"auc": round(float(roc_auc_score(known, score)), 4), "unknown_kept": round(kept, 4)}
    return {"n_unknown": int((~known).sum()), "n_known": int(known.sum()), "known_sure": round(sure, 4)} | rows


def _scores(stars: Stars, names: Sequence[str], taught: Rows, calibrated: Rows, asked: Rows, seed: int) -> Scores:
    allowed, weight = stars.truth.allowed[taught], np.ones(taught.size, np.float32)
    one_band = without(stars.numbers, names, OF_SECOND_BAND)
    parts = []
    for numbers, trees in (
        (stars.numbers, BoostedTrees.of(grow_classes(stars.numbers[taught], allowed, weight, seed))),
        (one_band, ExtraTrees.of(grow_extra_trees(one_band[taught], allowed, weight, seed), allowed.shape[1])),
    ):
        before, scores = (trees(torch.from_numpy(numbers[rows])).numpy() for rows in (calibrated, asked))
        parts.append(softmax(scores / fit_temperature(before, stars.truth.take(calibrated))))
    both = np.stack(parts)
    return {"probability": both[0].max(axis=1), "agreement": agreement(both, both[0].argmax(axis=1))}
