"""Fitting a network: epochs over changed light curves, the best one by validation, and the temperature."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from lcscale.engine.progress import Silent
from lcscale.models.augmentation import Augmentation, change, disguise
from lcscale.models.calibration import conformal_threshold, fit_temperature
from lcscale.models.curves import LabelledCurves
from lcscale.models.model import network_scores, one_torch_thread, softmax
from lcscale.models.network import Architecture, FoldedImageNet
from lcscale.models.options import TrainingOptions
from lcscale.models.preparation import Inputs, Preparation, prepare
from lcscale.models.targets import Targets


@dataclass(frozen=True, eq=False)
class Fitted:
    """A trained network and how it came about."""

    network: FoldedImageNet
    """With the weights of the best epoch."""
    temperature: float
    """By which its scores are divided."""
    threshold: float
    """Probability from which on a class is in a prediction set."""
    history: list[dict[str, float]] = field(default_factory=list)
    """`epoch`, `train_loss`, `log_loss` and `accuracy` on the validation set, for every epoch."""


def fit(
    curves: LabelledCurves,
    targets: Targets,
    validation: tuple[Inputs, Targets],
    preparation: Preparation,
    options: TrainingOptions,
    progress: Silent,
) -> Fitted:
    """Train a network; deterministic for equal arguments on one machine.

    Parameters
    ----------
    curves, targets
        Training set: light curves, and their labels.
    validation
        Prepared inputs and labels that decide which epoch is kept, and the temperature; never trained on.
    preparation
        Fitted to the training set.
    options
        Epochs, batches, rates, changes, seed.
    progress
        Told of every epoch and its number of objects.
    """
    rng = np.random.default_rng(options.seed)
    with one_torch_thread(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(options.seed)
        network = FoldedImageNet(
            Architecture(
                preparation.n_channels,
                len(preparation.names),
                len(targets.classes),
                preparation.size,
                options.filters,
                options.hidden,
                options.dropout,
                cyclic=not preparation.raw,
            )
        )
        history = _epochs(network, curves, targets, validation, preparation, options, rng, progress)
    scores = network_scores(network, validation[0])
    temperature = fit_temperature(scores, validation[1])
    threshold = conformal_threshold(softmax(scores / temperature), validation[1])
    return Fitted(network, temperature, threshold, history)


def _epochs(
    network: FoldedImageNet,
    curves: LabelledCurves,
    targets: Targets,
    validation: tuple[Inputs, Targets],
    preparation: Preparation,
    options: TrainingOptions,
    rng: np.random.Generator,
    progress: Silent,
) -> list[dict[str, float]]:
    """Train until the last epoch or until patience ends, and leave the best weights in `network`."""
    weights = torch.from_numpy(targets.weights(options.class_weight_power))
    allowed = torch.from_numpy(targets.allowed)
    per_epoch = max(1, round(len(curves) / options.batch_size))
    optimizer = torch.optim.AdamW(network.parameters(), lr=options.learning_rate, weight_decay=options.weight_decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, options.learning_rate, total_steps=options.epochs * per_epoch + 1
    )
    history: list[dict[str, float]] = []
    best, kept = np.inf, {}
    since = 0
    for epoch in range(options.epochs):
        network.train()
        losses = []
        for batch in np.array_split(rng.permutation(len(curves)), per_epoch):
            inputs = look(curves.take(batch), preparation, options.augmentation, rng)
            scores = network(torch.from_numpy(inputs.images), torch.from_numpy(inputs.numbers))
            loss = (weights[batch] * group_loss(scores, allowed[batch], options.label_smoothing)).mean()
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
            losses.append(float(loss.detach()))
        row = _validate(network, validation)
        history.append({"epoch": epoch, "train_loss": round(float(np.mean(losses)), 5), **row})
        since += 1
        if row["log_loss"] < best:
            best, since = row["log_loss"], 0
            kept = {name: value.clone() for name, value in network.state_dict().items()}
        progress.advance(len(curves))
        if since >= options.patience:
            break
    network.load_state_dict(kept)
    return history


def look(curves: LabelledCurves, preparation: Preparation, how: Augmentation, rng: np.random.Generator) -> Inputs:
    """What the network sees of stars this time."""
    changed, period = change(curves.lcs, curves.period, how, rng)
    inputs = prepare(changed, period, preparation, bands=curves.bands, columns=curves.columns)
    return disguise(inputs, preparation, how, rng)


def _validate(network: FoldedImageNet, validation: tuple[Inputs, Targets]) -> dict[str, float]:
    inputs, targets = validation
    probabilities = softmax(network_scores(network, inputs))
    chance = np.maximum((probabilities * targets.allowed).sum(axis=1), 1e-12)
    right = probabilities.argmax(axis=1) == targets.resolve(probabilities)
    return {"log_loss": round(float(-np.log(chance).mean()), 5), "accuracy": round(float(right.mean()), 5)}


def group_loss(scores: Tensor, allowed: Tensor, smoothing: float) -> Tensor:
    """Cross entropy [n] of scores [n, n_classes] with labels that may be groups, their probability being the sum.

    Of the truth, `smoothing` is spread evenly over all classes.
    """
    log_probability = functional.log_softmax(scores, dim=1)
    of_label = torch.logsumexp(log_probability.masked_fill(~allowed, -torch.inf), dim=1)
    return -(1 - smoothing) * of_label - smoothing * log_probability.mean(dim=1)
