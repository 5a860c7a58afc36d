"""The state of a training between two epochs, in a file that holds numbers and text and nothing that could run."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from lcscale.errors import ModelError
from lcscale.models.networks.network import Network

Tensors = dict[str, Tensor]


@dataclass(frozen=True)
class Checkpoints:
    """Where a training writes its state after each epoch, and goes on from."""

    path: Path
    """File."""
    fingerprint: str
    """Stands for data and options."""


@dataclass
class Training:
    """Everything that changes while a network is trained."""

    network: Network
    """Weights."""
    optimizer: torch.optim.Optimizer
    """With its moments."""
    schedule: torch.optim.lr_scheduler.LRScheduler
    """Of the learning rate."""
    rng: np.random.Generator
    """Of batches and changes; torch's own numbers (dropout) are those of this process."""
    best: Tensors
    """Weights of the best epoch so far."""
    history: list[dict[str, float]]
    """Figures of the epochs so far."""


def save_checkpoint(path: Path, training: Training, fingerprint: str) -> None:
    """Write the state, whole or not at all.

    Parameters
    ----------
    path
        File to write or replace.
    training
        The state after an epoch.
    fingerprint
        Stands for data and options; another training cannot go on from here.
    """
    from safetensors.torch import save_file

    moments = training.optimizer.state_dict()
    tensors = {f"network.{name}": value for name, value in training.network.state_dict().items()}
    tensors |= {f"best.{name}": value for name, value in training.best.items()}
    for number, state in moments["state"].items():
        tensors |= {f"optimizer.{number}.{key}": value for key, value in state.items()}
    tensors |= {name: state for name, (state, _) in _generators(training).items()}
    text = {
        "fingerprint": fingerprint,
        "groups": moments["param_groups"],
        "schedule": training.schedule.state_dict(),
        "rng": training.rng.bit_generator.state,
        "history": training.history,
    }
    beside = path.with_name(f".{uuid.uuid4().hex}")
    path.parent.mkdir(parents=True, exist_ok=True)
    copies = {name: value.detach().cpu().contiguous().clone() for name, value in tensors.items()}
    save_file(copies, beside, metadata={"training": json.dumps(text)})
    os.replace(beside, path)


def load_checkpoint(path: Path, training: Training, fingerprint: str) -> bool:
    """Put the state of `path` into `training`; False where there is none, or one of another training.

    Raises
    ------
    ModelError
        The file is damaged.
    """
    from safetensors import SafetensorError, safe_open

    if not path.exists():
        return False
    try:
        with safe_open(path, "pt") as file:
            text = json.loads(file.metadata()["training"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise ModelError(f"{path} is no checkpoint: {error}; remove it to train from the beginning") from error
    if text["fingerprint"] != fingerprint:
        return False
    training.network.load_state_dict(_under("network.", tensors))
    training.best.update(_under("best.", tensors))
    training.optimizer.load_state_dict({"state": _moments(tensors), "param_groups": text["groups"]})
    training.schedule.load_state_dict(text["schedule"])
    training.rng.bit_generator.state = text["rng"]
    training.history.extend(text["history"])
    for name, (_, restore) in _generators(training).items():
        if name in tensors:  # a training that began on a CPU may go on on a GPU
            restore(tensors[name])
    return True


def _generators(training: Training) -> dict[str, tuple[Tensor, Callable[[Tensor], None]]]:
    """States of torch's random numbers (dropout) where the network is, and what puts a state back."""
    device = training.network.device
    states: dict[str, tuple[Tensor, Callable[[Tensor], None]]] = {
        "torch_rng": (torch.get_rng_state(), torch.set_rng_state)
    }
    if device.type == "cuda":
        states["cuda_rng"] = (torch.cuda.get_rng_state(device), partial(torch.cuda.set_rng_state, device=device))
    return states


def _under(prefix: str, tensors: Tensors) -> Tensors:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}


def _moments(tensors: Tensors) -> dict[int, dict[str, Any]]:
    state: dict[int, dict[str, Any]] = {}
    for name, value in _under("optimizer.", tensors).items():
        number, key = name.split(".", 1)
        state.setdefault(int(number), {})[key] = value
    return state
