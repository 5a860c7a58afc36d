"""What declared class shares are worth: answers as they are, and at the survey's shares, on stars weighed to these."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lcscale.lake import Catalog
from lcscale.models.heads.prevalence import Shares, at_prevalence, divided
from lcscale.models.labels.targets import Targets
from lcscale.models.labels.taxonomy import map_labels

RARE = 0.01
"""A class of at most this share is rare."""


def label_shares(catalog: Catalog, survey: str | None = None, label: str = "label") -> dict[str, float]:
    """Shares of the classes among all labels of a catalog, by their names in the taxonomy.

    Parameters
    ----------
    catalog
        With a column of labels; objects without a light curve count too.
    survey
        Whose class names they are.
    label
        Name of the column.
    """
    spelled = catalog.columns(label).to_arrow().column(label).cast(pa.string()).drop_null()
    names = map_labels(spelled.to_numpy(zero_copy_only=False).astype(object), survey)
    found, counts = np.unique([name for name in names if name is not None], return_counts=True)
    return {str(name): float(count / counts.sum()) for name, count in zip(found, counts, strict=True)}


def at_shares(
    answers: npt.NDArray[np.float32], truth: Targets, shares: Mapping[str, float], calibrated_at: Shares
) -> dict[str, Any]:
    """Figures of a survey whose labels have these shares, of probabilities as they are and re-weighted to the shares.

    Each star weighs as much as its label's share by the number of stars with it.

    Parameters
    ----------
    answers
        float [n, n_classes], probabilities.
    truth
        What is known of the same stars.
    shares
        Share of each label in the survey; labels that no star has are left out.
    calibrated_at
        Shares of the classes that the answers are calibrated at.

    Returns
    -------
    dict
        `n`; of ``as_is`` and ``declared``: `accuracy`, `log_loss`, and `rare`, the share of all stars that are called
        one of the classes of at most 1 % and are none of them.
    """
    counts = truth.counts()
    known = {name: shares[name] for name in counts if shares.get(name)}
    rows = np.flatnonzero(np.isin(truth.label, list(known)))
    truth, as_is = truth.take(rows), answers[rows].astype(np.float64)
    weight = np.array([known[name] / counts[name] for name in truth.label])
    weight /= weight.sum()
    declared = class_shares(truth, known, calibrated_at)
    moved = at_prevalence(as_is, declared, calibrated_at)
    return {"n": int(rows.size)} | {
        name: _figures(each, truth, weight, declared) for name, each in (("as_is", as_is), ("declared", moved))
    }


def class_shares(truth: Targets, shares: Mapping[str, float], calibrated_at: Shares) -> Shares:
    """Shares of the classes where those of labels are known, float64 [n_classes]; their sum is 1.

    A label's share is that of the classes it allows and that no narrower label stands for, or of all that it allows
    where narrower ones stand for each; among these it is divided as they are at `calibrated_at`.

    Parameters
    ----------
    truth
        Stars with each of the labels.
    shares
        By label; of any sum.
    calibrated_at
        float64 [n_classes].
    """
    allowed = {name: truth.allowed[truth.label == name][0] for name in shares}
    result, named = np.zeros(len(truth.classes)), np.zeros(len(truth.classes), np.bool_)
    for name in sorted(shares, key=lambda name: int(allowed[name].sum())):
        inside = allowed[name] & ~named
        result += divided(shares[name], inside if inside.any() else allowed[name], calibrated_at)
        named |= allowed[name]
    return np.asarray(result / max(sum(shares.values()), 1e-12))


def _figures(answers: npt.NDArray[np.float64], truth: Targets, weight: Shares, shares: Shares) -> dict[str, float]:
    given = answers.argmax(axis=1)
    right = truth.allowed[np.arange(len(truth)), given]
    chance = np.maximum((answers * truth.allowed).sum(axis=1), 1e-6)
    found = {
        "accuracy": weight @ right,
        "log_loss": -weight @ np.log(chance),
        "rare": weight @ (~right & (shares[given] <= RARE)),
    }
    return {name: round(float(value), 5) for name, value in found.items()}
