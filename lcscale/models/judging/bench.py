"""`judge`: what a model of classes is worth on stars that it has not seen, and on surveys that it does not know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from lcscale.errors import InputError
from lcscale.lightcurves.cleaning import clean, is_none
from lcscale.models.heads.classes import ClassHead
from lcscale.models.heads.prevalence import shares_of
from lcscale.models.inputs.preparation import prepare
from lcscale.models.judging.held import Held
from lcscale.models.judging.leakage import in_list, require_undecided
from lcscale.models.judging.leaving_out import ORDER, Stars, boosted, figures, forgetting, leave_out
from lcscale.models.judging.probes import probe
from lcscale.models.judging.ranges import ranges_of
from lcscale.models.judging.shares import at_shares
from lcscale.models.judging.thinning import judge_thinned
from lcscale.models.judging.unknown import leave_classes_out
from lcscale.models.keeping.model import Model, network_scores
from lcscale.models.labels.curves import LabelledCurves
from lcscale.models.labels.splitting import TEST, Split, assign, assign_folds
from lcscale.models.labels.targets import Targets, targets_in, targets_of
from lcscale.models.labels.taxonomy import widest
from lcscale.models.training.forgetting import thinned_numbers, without
from lcscale.models.training.options import TrainingOptions

CONSTANT = "CONST"
"""What the taxonomy calls a star that does not vary."""
_CHUNK = 512
Rows = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class JudgingOptions:
    """How much is done."""

    folds: int = 3
    """Parts of the sky of the refits that know all surveys."""
    most: int | None = None
    """Stars of a survey in refits at most, the same ones each time; None: all."""
    probed: int = 1000
    """Stars of a survey that probes see at most."""
    min_class_size: int = 50
    """A class with fewer stars counts as its parent in the refits."""
    seed: int = 0
    """Of trees, and of the choice of stars."""
    listed: Mapping[str, npt.NDArray[np.int64]] = field(default_factory=dict)
    """Places, by survey, of stars in the lists that its labels or periods come from: none of them is taught where the
    survey is left out."""
    shares: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """By survey the shares of its labels, where the stars here are not as frequent as those of the survey."""


def judge(model: Model, curves: LabelledCurves, options: JudgingOptions | None = None) -> dict[str, Any]:
    """Judge a model of classes on labelled light curves of one survey or more.

    Parameters
    ----------
    model
        Trained; it is asked as it is.
    curves
        With names of the taxonomy as labels and the bands that the model knows (`LabelledCurves.as_survey`).
    options
        How much is done.

    Returns
    -------
    dict
        `as_shipped`: by survey the model's own answers, on the part of the sky that was its test set where the survey
        was in training (of an ensemble on all its stars, each by the member that has not seen its part of the sky), on
        all stars where not (`in_training`), and at the survey's shares (`at_shares`). `few`: those on stars that no
        member has seen, with fewer observations (`judge_thinned`). `left_out`: boosted trees on the model's numbers,
        each survey left out in turn (`leave_out`); `forgetting`: the same of trees that forget the survey. `unknown`:
        scores that tell stars of classes left out (`leave_classes_out`). `probes` of the numbers, of those that such
        trees see, and of the network's embedding. `labelled`: what the stars of surveys in training are like, by class
        (`ranges_of`). `left_aside`: stars that were not judged, by reason.

    Raises
    ------
    InputError
        The model has no classes, no star can be judged, or labels are a function of an input.
    """
    options = options or JudgingOptions()
    if not isinstance(model.card.head, ClassHead):
        raise InputError(f"{model.card.name} answers a value: only models of classes are judged")
    origin = np.full(len(curves), "all", object) if curves.origin is None else curves.origin
    curves = replace(curves, origin=origin)
    numbers, reason = _numbers(model, curves)
    names = curves.label.copy()
    names[~is_none(reason)] = None
    aside = {"cannot be classified": int((~is_none(reason)).sum()), "no known label": int(is_none(curves.label).sum())}
    rows, stars = sample(curves, numbers, reason, options)
    if not len(stars):
        raise InputError(f"none of the {len(curves):,} stars can be judged: {aside}")
    require_undecided(stars.numbers, model.card.preparation.names, stars.truth)
    probed = rows[_some(stars.origin, np.ones(len(stars), np.bool_), options.probed, options.seed)]
    several = len(set(stars.origin.tolist())) > 1
    return {
        "as_shipped": _as_shipped(model, curves, names, options.shares),
        "few": _few(model, curves, names),
        "left_out": leave_out(stars, boosted(stars, options.seed), folds=options.folds) if several else {},
        "forgetting": _forgetting(model, curves.take(rows), stars, options) if several else {},
        "unknown": leave_classes_out(stars, model.card.preparation.names, seed=options.seed),
        "probes": _probes(model, curves.take(probed), numbers[probed]),
        "labelled": ranges_of(curves, np.isin(origin.astype(str), _trained(model))),
        "left_aside": aside,
        "order": ORDER,
        "folds": options.folds,
    }


def sample(
    curves: LabelledCurves,
    numbers: npt.NDArray[np.float32],
    reason: npt.NDArray[np.object_],
    options: JudgingOptions,
) -> tuple[Rows, Stars]:
    """Rows of the stars that refits are taught and judged on, and these stars.

    Constant stars are left aside where one survey alone has them: their class would be the survey's name.

    Parameters
    ----------
    curves
        With the survey of each star as `origin`.
    numbers, reason
        What trees see of each, and why one cannot be used (`numbers_and_reasons`).
    options
        How many of a survey, and which.
    """
    assert curves.origin is not None
    names = curves.label.copy()
    names[~is_none(reason)] = None
    constant = names == CONSTANT
    if len(set(curves.origin[constant].tolist())) < 2:
        names[constant] = None
    truth = targets_of(names, options.min_class_size)
    rows = _some(curves.origin, truth.used, options.most, options.seed)
    places = curves.healpix_29[rows]
    return rows, Stars(numbers[rows], truth.take(rows), curves.origin[rows], places, dict(options.listed))


def _forgetting(model: Model, curves: LabelledCurves, stars: Stars, options: JudgingOptions) -> dict[str, Any]:
    """The same stars by trees that forget the survey; models of raw light curves have no such numbers."""
    how, told = model.card.preparation, TrainingOptions.forgetting()
    if how.raw:
        return {}
    copies = thinned_numbers(curves, how, told.augmentation.cadences, told.copies, options.seed)
    return leave_out(stars, forgetting(stars, copies, how.names, options.seed), folds=options.folds)


def _numbers(model: Model, curves: LabelledCurves) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.object_]]:
    """The model's numbers, and why a star has none."""
    how = replace(model.card.preparation, kinds=("numbers",))
    parts = [_prepared(curves, np.arange(a, min(a + _CHUNK, len(curves))), how) for a in range(0, len(curves), _CHUNK)]
    return np.concatenate([part.numbers for part in parts]), np.concatenate([part.reason for part in parts])


def _prepared(curves: LabelledCurves, rows: Rows, how: Any) -> Any:
    some = curves.take(rows)
    return prepare(some.lcs, some.period, how, bands=some.bands, columns=some.columns)


def _some(origin: npt.NDArray[np.object_], used: npt.NDArray[np.bool_], most: int | None, seed: int) -> Rows:
    """Rows of at most `most` stars of each survey, in order."""
    chosen = []
    for name in sorted(set(origin[used].tolist())):
        rows = np.flatnonzero(used & (origin == name))
        chosen.append(rows if most is None else np.random.default_rng(seed).permutation(rows)[:most])
    return np.sort(np.concatenate(chosen)) if chosen else np.empty(0, np.int64)


def _as_shipped(
    model: Model,
    curves: LabelledCurves,
    names: npt.NDArray[np.object_],
    shares: Mapping[str, Mapping[str, float]],
) -> dict[str, Any]:
    """Figures of the model's own answers by survey, on stars that it has not seen."""
    assert curves.origin is not None
    data, truth, found = model.card.data, targets_in(names, model.classes), {}
    trained, seen, twice = _seen(model, curves)
    seen &= model.card.members == 1  # each star of an ensemble is unknown to one member
    for name in sorted(set(curves.origin.tolist())):
        here = curves.origin == name
        rows = np.flatnonzero(here & ~seen & ~twice & truth.used)
        row: dict[str, Any] = {
            "in_training": bool(trained[here].any()),
            "n": int(rows.size),
            "removed": int((here & twice).sum()),
            "no class of the model": int((here & ~is_none(names) & ~truth.used).sum()),
        }
        if rows.size:
            some, told = curves.take(rows), truth.take(rows)
            periods = Held(some, told).periods
            answers = _unseen_answers(model, some, periods) if row["in_training"] else _answers(model, some, periods)
            row["pixels"] = int(np.unique(curves.healpix_29[rows] >> 2 * (29 - ORDER)).size)
            row |= figures(answers, told)
            inside, sizes = model.card.head.bounds(answers, told)
            row |= {"in_sets": sets_by_group(inside, sizes, told, answers)}
            if name in shares:
                row["at_shares"] = at_shares(answers, told, shares[name], shares_of(data["labels"], model.classes))
            row |= {"coverage": round(float(inside.mean()), 4), "set_size": round(float(sizes.mean()), 4)}
        found[name] = row
    return found


def _answers(model: Model, curves: LabelledCurves, periods: npt.NDArray[np.floating]) -> npt.NDArray[np.float32]:
    return model.predict(curves.lcs, periods, bands=curves.bands, columns=curves.columns).answers


def _unseen_answers(model: Model, curves: LabelledCurves, periods: npt.NDArray[np.floating]) -> npt.NDArray[np.float32]:
    """Answers for stars of surveys in training, by the member of an ensemble that has not seen the part of the sky."""
    members, data = (model.network, *model.others), model.card.data
    if len(members) == 1:
        return _answers(model, curves, periods)
    fold = assign_folds(curves.healpix_29, Split(**data["split"]), data["folds"])
    answers = np.full((len(curves), len(model.classes)), np.nan, np.float32)
    for k, member in enumerate(members):
        rows = np.flatnonzero(fold == k)
        if rows.size:
            answers[rows] = _answers(Model(model.card, member), curves.take(rows), periods[rows])
    return answers


def _seen(model: Model, curves: LabelledCurves) -> tuple[Bools, Bools, Bools]:
    """Of which survey in training stars are, which the model has seen, and which of others are one of these."""
    assert curves.origin is not None
    trained = np.isin(curves.origin.astype(str), _trained(model))
    seen = trained & (assign(curves.healpix_29, Split(**model.card.data["split"])) != TEST)
    seen |= trained if model.card.members > 1 else seen
    return trained, seen, ~trained & in_list(curves.healpix_29, curves.healpix_29[seen])


def _few(model: Model, curves: LabelledCurves, names: npt.NDArray[np.object_]) -> list[dict[str, Any]]:
    """The model's own answers on stars that it has not seen, thinned."""
    truth, (_, seen, twice) = targets_in(names, model.classes), _seen(model, curves)
    rows = np.flatnonzero(~seen & ~twice & truth.used)
    return judge_thinned(model, Held(curves.take(rows), truth.take(rows))) if rows.size else []


def _trained(model: Model) -> list[str]:
    """Names of the surveys that were in training: those of several, or the catalog that it was trained on."""
    data = model.card.data
    kept_out = data.get("unseen") or ()
    names = data.get("origins") or ["all", *([data["catalog"]] if data.get("catalog") else [])]
    return [name for name in names if name not in kept_out]


def sets_by_group(
    inside: npt.NDArray[np.bool_], sizes: npt.NDArray[np.floating], truth: Targets, answers: npt.NDArray[np.floating]
) -> dict[str, dict[str, Any]]:
    """Of the stars of each of the widest groups of classes `n`, `coverage` and `set_size` of the prediction sets.

    Parameters
    ----------
    inside, sizes
        What `ClassHead.bounds` says of the stars.
    truth
        Their labels.
    answers
        Their probabilities.
    """
    group = np.array([widest(name) for name in truth.classes], object)[truth.resolve(answers)]
    found = {}
    for name in dict.fromkeys(widest(each) for each in truth.classes):
        rows = group == name
        if rows.any():
            shares = {"coverage": inside[rows].mean(), "set_size": sizes[rows].mean()}
            found[name] = {"n": int(rows.sum())} | {key: round(float(value), 4) for key, value in shares.items()}
    return found


def _probes(model: Model, curves: LabelledCurves, numbers: npt.NDArray[np.float32]) -> dict[str, Any]:
    lcs = clean(curves.lcs).in_magnitudes()
    counts = lcs.counts
    typical = np.full(len(curves), np.nan)
    for row in np.flatnonzero(counts):
        typical[row] = np.nanmedian(lcs.mag_err[lcs.offsets[row] : lcs.offsets[row + 1]])
    with np.errstate(divide="ignore", invalid="ignore"):
        nuisances = {
            "log_n_observations": np.log10(np.where(counts > 0, counts, np.nan)),
            "log_noise": np.log10(typical),
        }
    assert curves.origin is not None
    kept = without(numbers, model.card.preparation.names, TrainingOptions.forgetting().withheld)
    return {
        "numbers": probe(numbers, curves.origin, nuisances, curves.healpix_29),
        "numbers that forget": probe(kept, curves.origin, nuisances, curves.healpix_29),
        "embedding": probe(embedding(model, curves), curves.origin, nuisances, curves.healpix_29),
    }


def embedding(model: Model, curves: LabelledCurves) -> npt.NDArray[np.float32]:
    """What the last layer of the first network (of a stack: its first part) gets, float32 [n, n_hidden]; or scores."""
    from torch import nn

    network = model.fused[0].networks[0]
    kept: list[npt.NDArray[np.float32]] = []
    layers = [part for part in network.modules() if isinstance(part, nn.Linear)]
    hooks = [
        layer.register_forward_pre_hook(lambda _, given: kept.append(given[0].float().cpu().numpy()))
        for layer in layers[-1:]
    ]
    scores = []
    try:
        for first in range(0, len(curves), _CHUNK):
            rows = np.arange(first, min(first + _CHUNK, len(curves)))
            scores.append(network_scores(network, _prepared(curves, rows, model.card.preparation)))
    finally:
        for hook in hooks:
            hook.remove()
    return np.concatenate(kept or scores)
