"""A trained model whose weights stay: `add_trees` stacks trees upon it, `recalibrate` fits what makes its answers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from lcscale.errors import InputError
from lcscale.models.heads.classes import ClassHead
from lcscale.models.heads.head import Labelling
from lcscale.models.keeping.card import Card
from lcscale.models.keeping.model import Model
from lcscale.models.keeping.registry import load, save
from lcscale.models.labels.curves import LabelledCurves
from lcscale.models.labels.splitting import Split, assign
from lcscale.models.networks.network import Network
from lcscale.models.training.dataset import Dataset, Labelled, divide, read_labels
from lcscale.models.training.ensemble import divided, judge
from lcscale.models.training.forgetting import grown
from lcscale.models.training.options import TrainingOptions
from lcscale.models.training.train import BESIDE


def labelled_again(model: Model, curves: LabelledCurves) -> Labelled:
    """The stars that a model of classes was trained on, as it was taught them.

    Raises
    ------
    InputError
        The stars have other classes than the model.
    """
    card = model.card
    how = Labelling(survey=card.data.get("survey"), min_class_size=card.data["min_class_size"])
    labelled = read_labels(curves, replace(card.preparation, centre=(), scale=()), ClassHead(), how)
    if not isinstance(labelled.head, ClassHead) or labelled.head.classes != model.classes:
        raise InputError(f"{card.name} has the classes {', '.join(model.classes)}; these stars have others")
    return labelled


def divided_again(model: Model, curves: LabelledCurves, options: TrainingOptions) -> tuple[Labelled, Dataset]:
    """The stars that a network of classes was trained on, in its own sets and with its own standards.

    Raises
    ------
    InputError
        The stars have other classes than the model.
    """
    labelled, split = labelled_again(model, curves), Split(**model.card.data["split"])
    standards = (model.card.preparation, labelled.head)
    return labelled, divide(labelled, assign(curves.healpix_29, split), split, options, standards=standards)


def recalibrate(model: Model, curves: LabelledCurves, folder: str | Path, device: str | None = None) -> Model:
    """Write a model of classes whose networks stay, with calibration, prediction sets and figures of this version.

    They come from its validation stars, those of an ensemble from all stars, each judged by the network that has not
    seen it. Figures of the baselines stay. In a stack the parts are weighed anew too.

    Parameters
    ----------
    model
        Trained; of classes.
    curves
        The stars that it was trained on.
    folder
        Where the model goes.
    device
        Of the model that is returned.

    Raises
    ------
    InputError
        The stars have other classes than the model, or make other sets than those that it was trained with; or its
        card does not say how it was trained.
    """
    card = model.card
    if "options" not in card.data:
        raise InputError(f"the card of {card.name} does not say how it was trained: it cannot be calibrated again")
    options = TrainingOptions.from_dict(card.data["options"])
    if card.members > 1:
        labelled, split = labelled_again(model, curves), Split(**card.data["split"])
        datasets = divided(labelled, split, options, card.data["folds"], card.data["unseen"])
    else:
        labelled, dataset = divided_again(model, curves, options)
        datasets = [dataset]
    _require_its_sets(card, datasets[0])
    members, kept = [network.networks for network in (model.network, *model.others)], None
    if card.members == 1 and card.data["options"].get("grown_on_validation") and members[0][0].by_epochs:
        kept = members[0]  # their trees have seen the stars that weigh and calibrate them: others stand in for these
        members = [[_not_validated(part, datasets[0], options) for part in kept]]
    judged = judge(datasets, members, labelled, card.data["min_class_size"], options.seed, False, kept)
    baselines = {name: card.metrics[name] for name in judged.head.baselines if name in card.metrics}
    again = replace(
        card,
        architecture=judged.networks[0].sizes,
        head=judged.head,
        period_weights=judged.period_weights,
        data={**card.data, "recalibrated_from": card.id},
        metrics={**judged.metrics, **baselines},
    ).with_weights("")
    save(again, list(judged.networks), folder)
    return load(folder, device)


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
        With the names of the trees in `stacked_with`; boosted ones where there are none.
    device
        Of the model that is returned.

    Raises
    ------
    InputError
        The stars have other classes than the model, or make other sets than those that it was trained with.
    """
    card, network = model.card, model.network.networks[0]
    labelled, dataset = divided_again(model, curves, options)
    _require_its_sets(card, dataset)
    names = BESIDE if options.stacked_with is None else options.stacked_with

    def parts(validated: bool) -> list[Network]:
        return [network, *(grown(dataset, replace(options, network=name), validated) for name in names)]

    kept = parts(validated=True) if options.grown_on_validation else None
    judged = judge([dataset], [parts(validated=False)], labelled, card.data["min_class_size"], options.seed, kept=kept)
    (together,) = judged.networks
    told = {name: getattr(options, name) for name in ("boosting_rounds", "grown_on_validation")}
    told |= {"stacked_with": list(names)}
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


def _not_validated(part: Network, dataset: Dataset, options: TrainingOptions) -> Network:
    """A network as it is; trees as the training set alone makes them."""
    return part if part.by_epochs else grown(dataset, replace(options, network=part.name))


def _require_its_sets(card: Card, dataset: Dataset) -> None:
    if dict(dataset.sizes) != card.data["sets"]:
        raise InputError(f"{card.name} was trained with the sets {card.data['sets']}, these are {dict(dataset.sizes)}")
