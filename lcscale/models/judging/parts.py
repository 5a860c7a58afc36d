"""What each part of a hybrid adds: a trained network, trees beside it, and every stack of them, on the same stars."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any, cast

import numpy as np

from lcscale.models.judging.assessing import calibrate
from lcscale.models.judging.held import Held
from lcscale.models.judging.leaving_out import figures
from lcscale.models.judging.sparsity import Sparse, counts_of
from lcscale.models.judging.thinning import ask_thinned
from lcscale.models.keeping.model import Model, scores_of
from lcscale.models.labels.curves import LabelledCurves
from lcscale.models.labels.targets import Targets
from lcscale.models.labels.truth import Floats
from lcscale.models.networks.network import Network
from lcscale.models.networks.stacked import Stack
from lcscale.models.training.dataset import Dataset
from lcscale.models.training.forgetting import grown
from lcscale.models.training.options import TrainingOptions
from lcscale.models.training.stacking import divided_again


def judge_parts(
    model: Model, curves: LabelledCurves, trees: Sequence[str], options: TrainingOptions | None = None
) -> dict[tuple[str, ...], dict[str, Any]]:
    """Figures of a model of classes, of trees grown on its training set, and of every stack of them.

    Parameters
    ----------
    model
        One network, trained on `curves`; of a stack its first part.
    curves
        The stars that it was trained on, with names of the taxonomy as labels: its own split of the sky says which of
        them trees are taught, which ones weigh the parts and calibrate, and which ones are judged.
    trees
        Names of networks that are grown, such as `boosted_trees`.
    options
        Of the trees.

    Returns
    -------
    dict
        By the names of the parts, the network's first: `figures` of all test stars, ``by_origin`` those of each
        survey, and `weights` of the parts.

    Raises
    ------
    InputError
        The stars have other classes than the model.
    """
    options = options or TrainingOptions()
    _, dataset = divided_again(model, curves, options)
    parts: list[Network] = [model.fused[0].networks[0]]
    parts += [grown(dataset, replace(options, network=name)) for name in trees]
    names = (parts[0].name, *trees)
    before, scores = (_scores(parts, model, dataset.held[name]) for name in ("validation", "test"))
    sparse = ask_thinned(parts, dataset.preparation, dataset.held["validation"])
    return {
        tuple(names[k] for k in chosen): _of_stack(
            dataset, before[chosen], scores[chosen], sparse and replace(sparse, scores=sparse.scores[chosen])
        )
        for chosen in _subsets(len(parts))
    }


def _subsets(n: int) -> Iterator[list[int]]:
    return (list(chosen) for size in range(1, n + 1) for chosen in combinations(range(n), size))


def _scores(parts: Sequence[Network], model: Model, held: Held) -> Floats:
    curves, how = held.curves, model.card.preparation
    return scores_of(parts, how, curves.lcs, held.periods, bands=curves.bands, columns=curves.columns).scores


def _of_stack(dataset: Dataset, before: Floats, scores: Floats, sparse: Sparse | None) -> dict[str, Any]:
    """Figures on the test set for scores [n_parts, n_candidates, n, n_outputs] of the validation and the test set."""
    head, roles = dataset.head, dataset.preparation.roles
    fitted_on, judged = dataset.held["validation"], dataset.held["test"]
    stack = Stack.fitted(before[:, 0], fitted_on.truth, head)
    few = None if sparse is None else replace(sparse, scores=stack.scores(sparse.scores))
    counts = [counts_of(each.curves.lcs, roles) for each in (fitted_on, judged)]
    fitted, weights = calibrate(head, stack.scores(before), fitted_on.truth, counts[0], few)
    tempered = fitted.tempered(stack.scores(scores)[: len(weights)], counts[1])
    answers = fitted.answers(tempered, weights)
    origin, truth = judged.curves.origin, cast(Targets, judged.truth)
    names = [] if origin is None else sorted(set(origin.tolist()))
    rows = {name: np.flatnonzero(origin == name) for name in names}
    return {
        "figures": figures(answers, truth),
        "by_origin": {name: figures(answers[each], truth.take(each)) for name, each in rows.items()},
        "weights": stack.weights,
    }
