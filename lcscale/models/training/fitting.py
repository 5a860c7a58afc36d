"""Fitting a network: epochs over changed light curves, of which the best by validation is kept."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from lcscale.engine.progress import Silent
from lcscale.errors import InputError
from lcscale.kernels.devices import fastest_device
from lcscale.lightcurves.cleaning import is_none
from lcscale.models.heads.head import Head
from lcscale.models.inputs.augmentation import Augmentation, change, disguise, tell_right_period
from lcscale.models.inputs.inputs import Inputs
from lcscale.models.inputs.numbers import matching
from lcscale.models.inputs.preparation import Preparation, prepare
from lcscale.models.keeping.model import ONE_TORCH_THREAD, lowered, network_scores
from lcscale.models.labels.curves import LabelledCurves
from lcscale.models.labels.truth import Bools, Truth
from lcscale.models.networks.network import Network
from lcscale.models.networks.table import named
from lcscale.models.training.checkpoint import Checkpoints, Training, load_checkpoint, save_checkpoint
from lcscale.models.training.options import TrainingOptions
from lcscale.models.training.training_set import Batch, TrainingSet


@dataclass(frozen=True, eq=False)
class Fitted:
    """A trained network and how it came about."""

    network: Network
    """With the weights of the best epoch, on the CPU."""
    history: list[dict[str, float]]
    """`epoch`, `train_loss`, and of the validation set `log_loss` and another figure of the head, for every epoch."""


def fit(
    train: TrainingSet,
    validation: tuple[Inputs, Truth],
    preparation: Preparation,
    head: Head[Any],
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
    head
        Its loss is made small, its `log_loss` tells the best epoch.
    options
        Network, epochs, batches, rates, changes, precision, seed.
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
        kind = named(options.network)
        network = kind.build(kind.sizes_for(preparation, head.n_outputs, options))
        lesson = _Lesson(preparation, head, options)
        lesson.hide_from(network)  # one that cannot look away is refused now, not after its training
        network = network.to(place)
        training = _start(network, train.per_epoch(options.batch_size), options)
        if checkpoints is not None:
            load_checkpoint(checkpoints.path, training, checkpoints.fingerprint)
        for _ in training.history:
            progress.advance(len(train))
        _epochs(training, train, (lesson.shown(validation[0]), validation[1]), lesson, progress, checkpoints)
        network.load_state_dict(training.best)
        lesson.hide_from(network)
    return Fitted(network.cpu(), training.history)


@dataclass(frozen=True)
class _Lesson:
    """How a batch is seen and judged."""

    preparation: Preparation
    head: Head[Any]
    options: TrainingOptions

    @cached_property
    def hidden(self) -> Bools:
        """Which numbers are withheld, bool [n_numbers]."""
        return matching(self.preparation.names, self.options.hidden_numbers)

    def shown(self, inputs: Inputs) -> Inputs:
        """The inputs with withheld numbers missing."""
        return replace(inputs, numbers=np.where(self.hidden, np.float32(np.nan), inputs.numbers))

    def hide_from(self, network: Network) -> None:
        """Let the network look away from withheld numbers."""
        if self.hidden.any():
            network.look_away(self.hidden)


def _start(network: Network, per_epoch: int, options: TrainingOptions) -> Training:
    optimizer = torch.optim.AdamW(network.parameters(), lr=options.learning_rate, weight_decay=options.weight_decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, options.learning_rate, total_steps=options.epochs * per_epoch + 1
    )
    return Training(network, optimizer, schedule, np.random.default_rng(options.seed), {}, [])


def _epochs(
    training: Training,
    train: TrainingSet,
    validation: tuple[Inputs, Truth],
    lesson: _Lesson,
    progress: Silent,
    checkpoints: Checkpoints | None,
) -> None:
    """Train until the last epoch or until patience ends."""
    history, options = training.history, lesson.options
    while len(history) < options.epochs and _since_best(history) < options.patience:
        training.network.train()
        epoch = len(history)
        batches = train.batches(epoch, options.batch_size, training.rng)
        steps = [_step(training, batch, lesson) for batch in batches]
        losses = [loss for loss in steps if loss is not None]
        if not losses:
            raise InputError("no star of the training set has a period and enough observations: nothing to train on")
        row = lesson.head.epoch_figures(network_scores(training.network, validation[0]), validation[1])
        history.append({"epoch": epoch, "train_loss": round(float(np.mean(losses)), 5), **row})
        if _since_best(history) == 0:
            training.best.update({name: value.clone() for name, value in training.network.state_dict().items()})
        if checkpoints is not None:
            save_checkpoint(checkpoints.path, training, checkpoints.fingerprint)
        progress.advance(len(train))


def _since_best(history: list[dict[str, float]]) -> int:
    """Epochs after the first one with the lowest validation loss."""
    return len(history) - 1 - int(np.argmin([row["log_loss"] for row in history])) if history else 0


def _step(training: Training, batch: Batch, lesson: _Lesson) -> float | None:
    """One step of the optimizer; the loss, None where no star of the batch can be used and nothing is learnt."""
    options, network = lesson.options, training.network
    inputs = lesson.shown(look(batch.curves, lesson.preparation, options.augmentation, training.rng))
    rows = np.flatnonzero(is_none(inputs.reason))
    if not rows.size:
        return None
    device = network.device

    def tensors(arrays: Iterable[npt.NDArray[Any]]) -> list[torch.Tensor]:
        return [torch.from_numpy(each[rows]).to(device) for each in arrays]

    with lowered(device, options.precision):
        scores = network(*tensors(inputs.arrays(network.takes))).float()
    losses = lesson.head.loss(scores, tensors(batch.truth.arrays()), options.label_smoothing)
    loss = (tensors([batch.weight])[0] * losses).mean()
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
