"""Fitting a network: epochs over changed light curves, of which the best by validation is kept."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from lcscale.engine.progress import Silent
from lcscale.errors import InputError
from lcscale.kernels.devices import fastest_device
from lcscale.models.inputs.augmentation import Augmentation, change, disguise, tell_right_period
from lcscale.models.inputs.preparation import Inputs, Preparation, is_none, prepare
from lcscale.models.keeping.model import ONE_TORCH_THREAD, lowered, network_scores, softmax
from lcscale.models.labels.curves import LabelledCurves
from lcscale.models.labels.targets import Targets
from lcscale.models.networks.folded_images import Architecture, FoldedImageNet
from lcscale.models.training.checkpoint import Training, load_checkpoint, save_checkpoint
from lcscale.models.training.options import TrainingOptions
from lcscale.models.training.training_set import Batch, TrainingSet


@dataclass(frozen=True)
class Checkpoints:
    """Where a training writes its state after each epoch, and goes on from."""

    path: Path
    """File."""
    fingerprint: str
    """Stands for data and options."""


@dataclass(frozen=True, eq=False)
class Fitted:
    """A trained network and how it came about."""

    network: FoldedImageNet
    """With the weights of the best epoch, on the CPU."""
    history: list[dict[str, float]]
    """`epoch`, `train_loss`, `log_loss` and `accuracy` on the validation set, for every epoch."""


def fit(
    train: TrainingSet,
    validation: tuple[Inputs, Targets],
    preparation: Preparation,
    options: TrainingOptions,
    progress: Silent,
    checkpoints: Checkpoints | None = None,
    device: str | None = None,
) -> Fitted:
    """Train a network; deterministic for equal arguments on one machine, interrupted or not.

    Parameters
    ----------
    train
        Training set.
    validation
        Prepared inputs and labels that decide which epoch is kept; never trained on.
    preparation
        Fitted to the training set.
    options
        Epochs, batches, rates, changes, precision, seed.
    progress
        Told of every epoch and its number of objects.
    checkpoints
        Where to leave the state after every epoch, and to go on from where one is.
    device
        Where, as torch names it; None: the GPU of this process where it has one, else the CPU.
    """
    place = fastest_device(device)
    devices = [place] if place.type == "cuda" else []
    with ONE_TORCH_THREAD, torch.random.fork_rng(devices=devices):
        torch.manual_seed(options.seed)
        sizes = Architecture(
            preparation.n_channels,
            len(preparation.names),
            len(validation[1].classes),
            preparation.size,
            options.filters,
            options.hidden,
            options.dropout,
            cyclic=not preparation.raw,
        )
        network = FoldedImageNet(sizes).to(place)
        training = _start(network, train.per_epoch(options.batch_size), options)
        if checkpoints is not None:
            load_checkpoint(checkpoints.path, training, checkpoints.fingerprint)
        for _ in training.history:
            progress.advance(len(train))
        _epochs(training, train, validation, preparation, options, progress, checkpoints)
        network.load_state_dict(training.best)
    return Fitted(network.cpu(), training.history)


def _start(network: FoldedImageNet, per_epoch: int, options: TrainingOptions) -> Training:
    optimizer = torch.optim.AdamW(network.parameters(), lr=options.learning_rate, weight_decay=options.weight_decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, options.learning_rate, total_steps=options.epochs * per_epoch + 1
    )
    return Training(network, optimizer, schedule, np.random.default_rng(options.seed), {}, [])


def _epochs(
    training: Training,
    train: TrainingSet,
    validation: tuple[Inputs, Targets],
    preparation: Preparation,
    options: TrainingOptions,
    progress: Silent,
    checkpoints: Checkpoints | None,
) -> None:
    """Train until the last epoch or until patience ends."""
    history = training.history
    while len(history) < options.epochs and _since_best(history) < options.patience:
        training.network.train()
        epoch = len(history)
        batches = train.batches(epoch, options.batch_size, training.rng)
        steps = [_step(training, batch, preparation, options) for batch in batches]
        losses = [loss for loss in steps if loss is not None]
        if not losses:
            raise InputError("no star of the training set has a period and enough observations: nothing to train on")
        row = _validate(training.network, validation)
        history.append({"epoch": epoch, "train_loss": round(float(np.mean(losses)), 5), **row})
        if _since_best(history) == 0:
            training.best.update({name: value.clone() for name, value in training.network.state_dict().items()})
        if checkpoints is not None:
            save_checkpoint(checkpoints.path, training, checkpoints.fingerprint)
        progress.advance(len(train))


def _since_best(history: list[dict[str, float]]) -> int:
    """Epochs after the first one with the lowest validation loss."""
    return len(history) - 1 - int(np.argmin([row["log_loss"] for row in history])) if history else 0


def _step(training: Training, batch: Batch, preparation: Preparation, options: TrainingOptions) -> float | None:
    """One step of the optimizer; the loss, None where no star of the batch can be used and nothing is learnt."""
    inputs = look(batch.curves, preparation, options.augmentation, training.rng)
    rows = np.flatnonzero(is_none(inputs.reason))
    if not rows.size:
        return None
    device = next(training.network.parameters()).device
    images, numbers, allowed, weight = (
        torch.from_numpy(each[rows]).to(device) for each in (inputs.images, inputs.numbers, batch.allowed, batch.weight)
    )
    with lowered(device, options.precision):
        scores = training.network(images, numbers).float()
    loss = (weight * group_loss(scores, allowed, options.label_smoothing)).mean()
    training.optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    training.optimizer.step()
    training.schedule.step()
    return float(loss.detach())


def look(curves: LabelledCurves, preparation: Preparation, how: Augmentation, rng: np.random.Generator) -> Inputs:
    """What the network sees of stars this time."""
    changed, period = change(curves.lcs, curves.period, how, rng)
    columns = tell_right_period(curves.columns, curves.period, period)
    inputs = prepare(changed, period, preparation, bands=curves.bands, columns=columns)
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
