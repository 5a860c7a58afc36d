"""What trees are grown on: the training stars, as other surveys would have seen them too, without telling numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from lcscale.lightcurves.cleaning import is_none
from lcscale.models.inputs.cadences import observed_as_others
from lcscale.models.inputs.numbers import matching
from lcscale.models.inputs.preparation import Preparation
from lcscale.models.labels.curves import LabelledCurves
from lcscale.models.labels.truth import Floats, Truth
from lcscale.models.training.dataset import Dataset, numbers_and_reasons
from lcscale.models.training.options import TrainingOptions
from lcscale.models.training.training_set import InMemory

if TYPE_CHECKING:
    from lcscale.models.networks.network import Network


def thinned_numbers(
    curves: LabelledCurves, preparation: Preparation, cadences: Sequence[str], copies: int, seed: int
) -> Floats:
    """Numbers of stars as other surveys would have seen them, float32 [copies, n, n_numbers]; NaN where they have none.

    Parameters
    ----------
    curves
        Stars.
    preparation
        Of the model.
    cadences
        Names of the surveys; each star of each copy is seen by one of them.
    copies
        How often.
    seed
        Of all random numbers.
    """
    made, rng = np.full((copies, len(curves), len(preparation.names)), np.nan, np.float32), np.random.default_rng(seed)
    for copy in made:
        other = replace(curves, lcs=observed_as_others(curves.lcs.take(np.arange(len(curves))), cadences, rng))
        numbers, reason = numbers_and_reasons(other, preparation)
        copy[is_none(reason)] = numbers[is_none(reason)]
    return made


def without(numbers: Floats, names: Sequence[str], withheld: Sequence[str]) -> Floats:
    """The numbers with those that are withheld missing for all stars."""
    return np.where(matching(names, withheld), np.float32(np.nan), numbers)


def for_trees(dataset: Dataset, options: TrainingOptions, validated: bool = False) -> tuple[Floats, Truth]:
    """Standardised numbers that trees are grown on, and what is known of their stars.

    Parameters
    ----------
    dataset
        Of the network.
    options
        What is withheld, and the copies.
    validated
        Whether stars of the validation set are among them; they have no copies.
    """
    numbers, truth = dataset.known if validated else dataset.teaching
    rows = taught = np.arange(len(truth))
    if options.copies and isinstance(dataset.train, InMemory):
        if validated:
            sets = [dataset.rows[name] for name in ("train", "validation")]
            taught = np.flatnonzero(np.isin(np.sort(np.concatenate(sets)), sets[0]))
        real = dataset.train.curves.take(np.arange(taught.size))  # synthetic stars stand behind the real ones
        made = thinned_numbers(real, dataset.preparation, options.augmentation.cadences, options.copies, options.seed)
        some = np.isfinite(made).any(axis=2)
        numbers = np.concatenate([numbers, made[some]])
        rows = np.concatenate([rows, np.broadcast_to(taught, some.shape)[some]])
    return without(numbers, dataset.preparation.names, options.hidden_numbers), truth.take(rows)


def grown(dataset: Dataset, options: TrainingOptions, validated: bool = False) -> Network:
    """The trees that the options name, on the numbers of the training set, or of the validation set too."""
    from lcscale.models.networks.table import named
    from lcscale.models.trees.boosted import BoostedTrees

    numbers, truth = for_trees(dataset, options, validated)
    weight = dataset.head.weights(truth, options.class_weight_power)
    kind, told = named(options.network), (dataset.head, numbers, truth, weight, options.seed)
    if issubclass(kind, BoostedTrees) and options.boosting_rounds is not None:
        return kind.grow(*told, options.boosting_rounds)
    return kind.grow(*told)
