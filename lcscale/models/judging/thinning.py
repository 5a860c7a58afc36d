"""Thinned stars: what a survey with few observations would have seen of stars whose classes are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from lcscale.lightcurves import clean
from lcscale.lightcurves.cleaning import MIN_OBSERVATIONS, is_none
from lcscale.models.heads.head import Head
from lcscale.models.inputs.preparation import Preparation
from lcscale.models.judging.held import Held
from lcscale.models.judging.sparsity import Sparse, counts_of
from lcscale.models.keeping.model import Model, scores_of
from lcscale.models.labels.curves import LabelledCurves
from lcscale.models.labels.roles import Role
from lcscale.models.labels.targets import Targets
from lcscale.models.labels.truth import Floats, Truth
from lcscale.models.networks.network import Network
from lcscale.periods import find

MOST = 2000
"""Stars that are thinned."""
RANGES = (5, 8, 12, 20, 35, 81)
"""Numbers of observations between which stars are judged together."""
_MOST_LEFT = 80


def ask_thinned(
    networks: Sequence[Network], preparation: Preparation, held: Held, most: int = MOST, seed: int = 0
) -> Sparse | None:
    """What networks say of `thinned` stars; None where none can be classified, or where no period can be wrong.

    Parameters
    ----------
    networks
        One, or the parts of a stack.
    preparation
        Of their inputs.
    held
        Stars that they have not seen.
    most, seed
        As `thinned` has them.
    """
    if preparation.raw:
        return None
    rows, curves = thinned(held.curves, preparation.roles, True, most, seed)
    some = Held(curves, held.truth.take(rows))
    scored = scores_of(networks, preparation, curves.lcs, some.periods, bands=curves.bands, columns=curves.columns)
    good = np.flatnonzero(is_none(scored.reason))
    counts = counts_of(curves.lcs, preparation.roles)[good]
    return Sparse(scored.scores[:, :, good], some.truth.take(good), counts, rows[good]) if good.size else None


def judge_thinned(model: Model, held: Held, most: int = MOST, seed: int = 0) -> list[dict[str, Any]]:
    """Figures of a model's answers on `thinned` stars, by the number of observations.

    Parameters
    ----------
    model
        Of classes.
    held
        Stars that it has not seen, with targets among its classes.
    most, seed
        As `thinned` has them.

    Returns
    -------
    list of dict
        By range of observations (`low`, `high`): `n`, stars with an answer; `accuracy`, `told`, the mean probability of
        the class given, and `ece_excess`, of stars whose one class is known; `log_loss`; `coverage` and `set_size` of
        prediction sets.
    """
    card = model.card
    rows, curves = thinned(held.curves, card.preparation.roles, not card.preparation.raw, most, seed)
    some = Held(curves, held.truth.take(rows))
    said = model.predict(curves.lcs, some.periods, bands=curves.bands, columns=curves.columns)
    which = np.searchsorted(RANGES, counts_of(curves.lcs, card.preparation.roles), "right") - 1
    found = []
    for k, (low, high) in enumerate(pairwise(RANGES)):
        chosen = np.flatnonzero((which == k) & is_none(said.reason))
        answers, truth = said.answers[chosen], some.truth.take(chosen)
        if chosen.size:
            found.append({"low": low, "high": high - 1, **_figures(card.head, answers, truth)})
    return found


def _figures(head: Head[Any], answers: Floats, truth: Truth) -> dict[str, Any]:
    assert isinstance(truth, Targets)
    figures, (inside, sizes) = head.figures(answers, truth), head.bounds(answers, truth)
    told = answers[truth.exact].max(axis=1)
    return {
        "n": figures["n"],
        "accuracy": figures["by_label"]["exact"]["accuracy"],
        "log_loss": figures["log_loss"],
        "ece_excess": figures["ece_excess"],
        "told": round(float(told.mean()), 4) if told.size else None,
        "coverage": round(float(inside.mean()), 4),
        "set_size": round(float(sizes.mean()), 4),
    }


def thinned(
    curves: LabelledCurves, roles: Sequence[Role], folded: bool, most: int = MOST, seed: int = 0
) -> tuple[npt.NDArray[np.int64], LabelledCurves]:
    """Stars with 5 to 80 of their observations, and with what the search finds in these: periods, evidence.

    Parameters
    ----------
    curves
        Stars.
    roles
        Whose bands count.
    folded
        Whether periods matter; else those of the whole light curves stay.
    most
        Stars at most, drawn at random.
    seed
        Of all that is drawn.

    Returns
    -------
    int64 [n], LabelledCurves
        Which of the stars, and how they look.
    """
    rng = np.random.default_rng(seed)
    rows = np.sort(rng.permutation(len(curves))[:most])
    some = curves.take(rows)
    lcs = clean(some.lcs)
    lcs = lcs.of_bands([band for role in roles for band in role.bands]) if lcs.bands else lcs
    left = np.exp(rng.uniform(np.log(MIN_OBSERVATIONS), np.log(_MOST_LEFT), len(lcs)))
    star = lcs.object_index()
    order = np.lexsort((rng.random(star.size), star))
    place = np.empty(star.size, np.int64)
    place[order] = np.arange(star.size) - np.repeat(lcs.offsets[:-1] - lcs.offsets[0], lcs.counts)
    some = replace(some, lcs=lcs.keep(place < np.round(left)[star]))
    if not folded:
        return rows, some
    table = find(some.lcs)
    names = ("period", *(name for name in some.columns if name in table.column_names))
    period, *others = (table.column(name).to_numpy(zero_copy_only=False).astype(np.float64) for name in names)
    return rows, replace(some, period=period, columns={**some.columns, **dict(zip(names[1:], others, strict=True))})
