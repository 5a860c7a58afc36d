"""Fitting a network: epochs over changed light curves, the best one by validation, and the temperature."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

from lcscale.engine.progress import Silent
from lcscale.models.augmentation import Augmentation, change, disguise
from lcscale.models.curves import LabelledCurves
from lcscale.models.model import network_scores, one_torch_thread, softmax
from lcscale.models.network import Architecture, FoldedImageNet
from lcscale.models.options import TrainingOptions
from lcscale.models.preparation import Inputs, Preparation, prepare

Targets = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Fitted:
    """A trained network and how it came about."""

    network: FoldedImageNet
    """With the weights of the best epoch."""
    temperature: float
    """By which its scores are divided."""
    history: list[dict[str, float]] = field(default_factory=list)
    """`epoch`, `train_loss`, `log_loss` and `accuracy` on the validation set, for every epoch."""


def fit(
    curves: LabelledCurves,
    targets: Targets,
    validation: tuple[Inputs, Targets],
    preparation: Preparation,
    options: TrainingOptions,
    n_classes: int,
    progress: Silent,
) -> Fitted:
    """Train a network; deterministic for equal arguments on one machine.

    Parameters
    ----------
    curves, targets
        Training set: light curves, and their classes int64 [n_objects] from 0 on.
    validation
        Prepared inputs and classes that decide which epoch is kept, and the temperature; never trained on.
    preparation
        Fitted to the training set.
    options
        Epochs, batches, rates, changes, seed.
    n_classes
        Number of classes.
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
                n_classes,
                preparation.size,
                options.filters,
                options.hidden,
                options.dropout,
            )
        )
        history = _epochs(network, curves, targets, validation, preparation, options, rng, progress)
    scores = network_scores(network, validation[0])
    return Fitted(network, fit_temperature(scores, validation[1]), history)


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
    weights = torch.from_numpy(class_weights(targets, network.architecture.n_classes, options.class_weight_power))
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
            loss = functional.cross_entropy(
                scores, torch.from_numpy(targets[batch]), weight=weights, label_smoothing=options.label_smoothing
            )
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
    chance = np.maximum(probabilities[np.arange(targets.size), targets], 1e-12)
    right = probabilities.argmax(axis=1) == targets
    return {"log_loss": round(float(-np.log(chance).mean()), 5), "accuracy": round(float(right.mean()), 5)}


def class_weights(targets: Targets, n_classes: int, power: float) -> npt.NDArray[np.float32]:
    """Weight of each class, ``count ** -power``, so scaled that the mean over the objects is 1; float32 [n_classes].

    Power 0 leaves classes as frequent as they are, 1 makes them all count the same.

    Examples
    --------
    >>> class_weights(np.array([0, 0, 0, 1]), 2, 1.0).astype(float).round(3).tolist()
    [0.667, 2.0]
    """
    counts = np.bincount(targets, minlength=n_classes)
    weights = np.maximum(counts, 1).astype(np.float64) ** -power
    return np.asarray(weights * targets.size / (weights * counts).sum(), np.float32)


def fit_temperature(scores: npt.NDArray[np.float32], targets: Targets) -> float:
    """Temperature, 0.2 to 5, of the lowest log loss of ``softmax(scores / temperature)`` (Guo et al. 2017)."""
    from scipy.optimize import minimize_scalar

    def loss(log_temperature: float) -> float:
        scaled = scores.astype(np.float64) / np.exp(log_temperature)
        scaled -= scaled.max(axis=1, keepdims=True)
        return float((np.log(np.exp(scaled).sum(axis=1)) - scaled[np.arange(targets.size), targets]).mean())

    found = minimize_scalar(loss, bounds=(np.log(0.2), np.log(5.0)), method="bounded", options={"xatol": 1e-4})
    return round(float(np.exp(found.x)), 5)
