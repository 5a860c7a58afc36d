"""One network, or one a fold of the sky: what each is taught, and what they say of stars they have not seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from lcscale.models.heads.head import Head
from lcscale.models.judging.assessing import Lesson, assess, calibrate
from lcscale.models.judging.held import Answered, Held
from lcscale.models.judging.sparsity import Sparse, counts_of
from lcscale.models.judging.thinning import MOST, ask_thinned
from lcscale.models.keeping.model import scores_of
from lcscale.models.labels.splitting import TEST, Split, assign, assign_folds
from lcscale.models.labels.truth import Floats
from lcscale.models.networks.network import Network
from lcscale.models.networks.stacked import Stack, Stacked
from lcscale.models.training.dataset import Dataset, Labelled, divide, numbers_and_reasons, standards_of
from lcscale.models.training.options import TrainingOptions


@dataclass(frozen=True, eq=False)
class Judged:
    """Trained networks and what stands in their card."""

    networks: Sequence[Network]
    """One a member."""
    head: Head[Any]
    """Calibrated."""
    period_weights: tuple[float, ...]
    """Of the candidate periods."""
    metrics: Mapping[str, Any]
    """Figures on stars that the network which judged them had not seen."""


def divided(
    labelled: Labelled, split: Split, options: TrainingOptions, folds: int | None, unseen: Sequence[str]
) -> list[Dataset]:
    """One dataset by the split; or one a fold, whose stars are its test set.

    All members of an ensemble share the standards of all stars: inputs are then made once for all.
    """
    places = labelled.curves.healpix_29
    if folds is None:
        return [divide(labelled, assign(places, split), split, options, unseen=unseen)]
    fold = assign_folds(places, split, folds)
    rest = assign(places, replace(split, test=0.0))
    standards = standards_of(labelled, np.flatnonzero(labelled.truth.used))
    return [
        divide(labelled, np.where(fold == k, TEST, rest), split, options, unseen=unseen, standards=standards)
        for k in range(folds)
    ]


@dataclass(frozen=True, eq=False)
class _Fit:
    """What turns scores of parts into answers."""

    stack: Stack
    head: Head[Any]
    period_weights: tuple[float, ...]

    @classmethod
    def on(cls, of_parts: Floats, held: Held, dataset: Dataset, sparse: Sparse | None) -> _Fit:
        """Fitted to scores [n_parts, n_candidates, n, n_outputs] of stars not trained on, and those of thinned ones."""
        stack = Stack.fitted(of_parts[:, 0], held.truth, dataset.head)
        counts = counts_of(held.curves.lcs, dataset.preparation.roles)
        few = None if sparse is None else replace(sparse, scores=stack.scores(sparse.scores))
        return cls(stack, *calibrate(dataset.head, stack.scores(of_parts), held.truth, counts, few))

    def answered(self, dataset: Dataset, held: Held, of_members: Floats) -> Answered:
        """The stars with the answers for scores [n_members, n_parts, n_candidates, n, n_outputs], and their numbers."""
        weights, counts = self.period_weights, counts_of(held.curves.lcs, dataset.preparation.roles)
        scores = [self.head.tempered(self.stack.scores(each)[: len(weights)], counts) for each in of_members]
        answers = self.head.combined(np.stack([self.head.answers(each, weights) for each in scores]))
        numbers, _ = numbers_and_reasons(held.curves, dataset.preparation)
        return Answered(held, answers, numbers, *self.head.bounds(answers, held.truth))


def judge(
    datasets: Sequence[Dataset],
    members: Sequence[Sequence[Network]],
    labelled: Labelled | None,
    min_class_size: int,
    seed: int,
    baselines: bool = True,
    kept: Sequence[Network] | None = None,
) -> Judged:
    """Stack, calibrate and assess.

    One network is calibrated on its validation set. An ensemble is calibrated on what its members say of the stars they
    have not seen; for the figures of each fold, on those of the other folds.

    Parameters
    ----------
    datasets, members
        What each member of the ensemble was taught, and its networks, which are stacked where there are several.
    labelled
        All stars of an ensemble.
    min_class_size, seed, baselines
        As `train` has them.
    kept
        Of one stack: its parts as they answer from now on, which may have been taught the validation set since it
        weighed and calibrated them; default: as they are.
    """
    whole = datasets[0]
    if len(datasets) == 1:
        held = whole.held["validation"]
        before = _scores(members[0], whole, held)
        fit = _Fit.on(before, held, whole, _sparse(members[0], whole, held))
        members = members if kept is None else [kept]
        scores = {name: _scores(members[0], whole, part) for name, part in whole.held.items() if name != "validation"}
        scores["validation"] = before
        parts = {name: fit.answered(whole, part, scores[name][None]) for name, part in whole.held.items() if len(part)}
        lessons = [Lesson(*whole.known, {name: np.arange(len(part.held)) for name, part in parts.items()})]
    else:
        assert labelled is not None
        fit, parts, lessons = _out_of_fold(datasets, members, labelled)
    counts, origins = whole.facts["labels"], whole.facts["origins"] or {}
    counted = fit.head.counted(counts, min(min_class_size, max(counts.values())))
    seen = [name for name in origins if f"unseen {name}" not in whole.held]
    metrics = assess(
        fit.head, parts, lessons, split=whole.split, counted=counted, in_training=seen, seed=seed if baselines else None
    )
    networks = [each[0] if len(each) == 1 else Stacked.of(each, fit.stack) for each in members]
    return Judged(networks, fit.head, fit.period_weights, metrics)


def _out_of_fold(
    datasets: Sequence[Dataset], members: Sequence[Sequence[Network]], labelled: Labelled
) -> tuple[_Fit, dict[str, Answered], list[Lesson]]:
    """The ensemble's fit, answers of members that had not seen a star, and lessons of the baselines."""
    names = [name for name in datasets[0].rows if name in ("test", "simulated_test")]
    rows = [np.concatenate([each.rows[name] for name in names]) for each in datasets]
    scores = [
        _scores(parts, each, _held(labelled, some)) for parts, each, some in zip(members, datasets, rows, strict=True)
    ]
    shape = (*scores[0].shape[:2], len(labelled.curves), scores[0].shape[-1])
    of_stars = np.zeros(shape, np.float32)
    for some, found in zip(rows, scores, strict=True):
        of_stars[:, :, some] = found
    few = [
        _sparse(parts, each, _held(labelled, some), len(datasets))
        for parts, each, some in zip(members, datasets, rows, strict=True)
    ]

    def fitted(folds: Sequence[int]) -> _Fit:
        together = np.concatenate([rows[k] for k in folds])
        sparse = _of_folds(labelled, [(rows[k], found) for k in folds if (found := few[k]) is not None])
        return _Fit.on(of_stars[:, :, together], _held(labelled, together), datasets[0], sparse)

    answered: dict[str, list[Answered]] = {name: [] for name in names}
    for k, each in enumerate(datasets):
        own = fitted([fold for fold in range(len(datasets)) if fold != k])
        for name in names:
            some = each.rows[name]
            answered[name].append(own.answered(each, _held(labelled, some), of_stars[None, :, :, some]))
    joined = {name: _joined(labelled, [each.rows[name] for each in datasets], answered[name]) for name in names}
    fit = fitted(range(len(datasets)))
    for name, held in datasets[0].held.items():
        if name.startswith("unseen ") and len(held):
            of_members = np.stack([_scores(parts, datasets[0], held) for parts in members])
            joined[name] = fit.answered(datasets[0], held, of_members)
    return fit, joined, _lessons(datasets, {name: len(part.held) for name, part in joined.items()})


def _lessons(datasets: Sequence[Dataset], sizes: Mapping[str, int]) -> list[Lesson]:
    """Baselines are grown once a fold; unseen surveys are judged by those of the first."""
    lessons, start = [], dict.fromkeys(sizes, 0)
    for k, each in enumerate(datasets):
        judged = {}
        for name, size in sizes.items():
            n = each.rows[name].size if not name.startswith("unseen ") else size if k == 0 else 0
            judged[name] = np.arange(start[name], start[name] + n)
            start[name] += n
        lessons.append(Lesson(*each.known, judged))
    return lessons


def _joined(labelled: Labelled, rows: Sequence[npt.NDArray[np.integer]], parts: Sequence[Answered]) -> Answered:
    return Answered(
        _held(labelled, np.concatenate(list(rows))),
        np.concatenate([part.answers for part in parts]),
        np.concatenate([part.numbers for part in parts]),
        np.concatenate([part.inside for part in parts if part.inside is not None]),
        np.concatenate([part.bound_sizes for part in parts]),
    )


def _held(labelled: Labelled, rows: npt.NDArray[np.integer]) -> Held:
    return Held(labelled.curves.take(rows), labelled.truth.take(rows))


def _sparse(networks: Sequence[Network], dataset: Dataset, held: Held, n_folds: int = 1) -> Sparse | None:
    """Thinned stars, where answers depend on the number of observations."""
    return ask_thinned(networks, dataset.preparation, held, MOST // n_folds) if dataset.head.by_count else None


def _of_folds(labelled: Labelled, found: Sequence[tuple[npt.NDArray[np.integer], Sparse]]) -> Sparse | None:
    """Thinned stars of several folds, each with the rows of the fold's stars."""
    if not found:
        return None
    rows = np.concatenate([of_fold[sparse.rows] for of_fold, sparse in found])
    scores = np.concatenate([sparse.scores for _, sparse in found], axis=2)
    return Sparse(scores, labelled.truth.take(rows), np.concatenate([sparse.counts for _, sparse in found]), rows)


def _scores(networks: Sequence[Network], dataset: Dataset, held: Held) -> Floats:
    """Scores float32 [n_networks, n_candidates, n, n_outputs] with every candidate period that the stars have."""
    curves = held.curves
    found = scores_of(
        networks, dataset.preparation, curves.lcs, held.periods, bands=curves.bands, columns=curves.columns
    )
    return found.scores
