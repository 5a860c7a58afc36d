"""`add_trees`: a trained network as it is, with trees grown on the numbers of its training stars stacked upon it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from lcscale.errors import InputError
from lcscale.models.heads.classes import ClassHead
from lcscale.models.heads.head import Labelling
from lcscale.models.keeping.model import Model
from lcscale.models.keeping.registry import load, save
from lcscale.models.labels.curves import LabelledCurves
from lcscale.models.labels.splitting import Split, assign
from lcscale.models.training.dataset import Dataset, Labelled, divide, read_labels
from lcscale.models.training.ensemble import judge
from lcscale.models.training.forgetting import grown
from lcscale.models.training.options import TrainingOptions


def divided_again(model: Model, curves: LabelledCurves, options: TrainingOptions) -> tuple[Labelled, Dataset]:
    """The stars that a network of classes was trained on, in its own sets and with its own standards.

    Raises
    ------
    InputError
        The stars have other classes than the model.
    """
    card = model.card
    split, head = Split(**card.data["split"]), ClassHead()
    how = Labelling(min_class_size=card.data["min_class_size"])
    labelled = read_labels(curves, replace(card.preparation, centre=(), scale=()), head, how)
    if not isinstance(labelled.head, ClassHead) or labelled.head.classes != model.classes:
        raise InputError(f"{card.name} has the classes {', '.join(model.classes)}; these stars have others")
    sets = assign(curves.healpix_29, split)
    return labelled, divide(labelled, sets, split, options, standards=(card.preparation, labelled.head))


def add_trees(
    model: Model, curves: LabelledCurves, folder: str | Path, options: TrainingOptions, device: str | None = None
) -> Model:
    """Write a stack of a trained network, whose weights stay, and of trees; its card has new figures.

    Weights of the parts, temperature and prediction sets are fitted on the network's validation stars.

    Parameters
    ----------
    model
        One network of classes, or a stack of one with trees, whose trees are then grown anew.
    curves
        The stars that it was trained on.
    folder
        Where the stack goes.
    options
        With the names of the trees in `stacked_with`.
    device
        Of the model that is returned.

    Raises
    ------
    InputError
        The stars have other classes than the model, or make other sets than those that it was trained with.
    """
    card, network = model.card, model.network.networks[0]
    labelled, dataset = divided_again(model, curves, options)
    if dict(dataset.sizes) != card.data["sets"]:
        raise InputError(f"{card.name} was trained with the sets {card.data['sets']}, these are {dict(dataset.sizes)}")
    trees = [grown(dataset, replace(options, network=name)) for name in options.stacked_with]
    judged = judge([dataset], [[network, *trees]], labelled, card.data["min_class_size"], options.seed)
    (together,) = judged.networks
    told = {"stacked_with": list(options.stacked_with), "boosting_rounds": options.boosting_rounds}
    stack = replace(
        card,
        network=together.name,
        architecture=together.sizes,
        head=judged.head,
        period_weights=judged.period_weights,
        data={"network_of": card.id, **card.data, "options": {**card.data["options"], **told}},
        metrics=judged.metrics,
    ).with_weights("")
    save(stack, together, folder)
    return load(folder, device)
