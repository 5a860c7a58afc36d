"""`Network`: what every network has, whatever it sees."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from itertools import chain
from typing import Any, ClassVar, Self, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from lcscale.errors import InputError
from lcscale.models.heads.head import Head
from lcscale.models.inputs.preparation import Preparation
from lcscale.models.labels.truth import Bools, Floats, Truth
from lcscale.models.training.options import TrainingOptions


class Network(nn.Module):
    """Scores of objects. Its `forward` is given the arrays that it `takes`, as tensors with one row an object."""

    name: ClassVar[str]
    """In cards and in `NETWORKS`."""
    takes: ClassVar[tuple[str, ...]]
    """Fields of `Inputs`: images, numbers, sequences, mask."""
    by_epochs: ClassVar[bool] = True
    """Whether it is trained by epochs; else it is grown at once, by `grow`."""
    sizes: Mapping[str, Any]
    """What `build` was given; stands in the model's card."""

    @classmethod
    def sizes_for(cls, preparation: Preparation, n_outputs: int, options: TrainingOptions) -> dict[str, Any]:
        """Sizes of a new network for these inputs; numbers and texts. Networks that are trained by epochs have it."""
        raise InputError(f"{cls.name} is not trained by epochs")

    @classmethod
    def build(cls, sizes: Mapping[str, Any]) -> Self:
        """A network of these sizes: the arguments of its class."""
        network = cls(**sizes)
        network.sizes = dict(sizes)
        return network

    @property
    def n_outputs(self) -> int:
        """Scores of an object."""
        return int(self.sizes["n_outputs"])

    @classmethod
    def grow(cls, head: Head[Any], numbers: Floats, truth: Truth, weight: Floats, seed: int) -> Self:
        """A network that is not trained by epochs, of standardised numbers and what is known of their stars."""
        raise InputError(f"{cls.name} cannot be grown")

    @property
    def networks(self) -> list[Network]:
        """What is asked one by one: itself, or the parts of a stack."""
        return [self]

    def stacked(self, of_parts: Floats) -> Floats:
        """Scores [...] for those of `networks`, float32 [n_networks, ...]."""
        found: Floats = of_parts[0]
        return found

    @property
    def device(self) -> torch.device:
        """Where it is."""
        return next(chain(self.parameters(), self.buffers())).device

    def checked(self, n_numbers: int) -> Self:
        """The network, if its weights can be used; a `ModelError` where not."""
        return self

    def look_away(self, hidden: Bools) -> None:
        """Take numbers as missing from now on, whatever they are: their weights are 0, those of their flags constants.

        Parameters
        ----------
        hidden
            bool [n_numbers].

        Raises
        ------
        InputError
            The network has no `number_layers` called ``told``.
        """
        layers = getattr(self, "told", None)
        first = layers[0] if isinstance(layers, nn.Sequential) else None
        if not isinstance(first, nn.Linear) or first.in_features != 2 * hidden.size:
            raise InputError(f"{self.name} has no number_layers called told: no number can be withheld from it")
        device = first.weight.device
        values, flags = (torch.from_numpy(np.flatnonzero(hidden) + start).to(device) for start in (0, hidden.size))
        with torch.no_grad():
            first.bias.add_(first.weight[:, flags].sum(dim=1))
            first.weight[:, torch.cat([values, flags])] = 0.0

    def fused(self) -> Self:
        """The same network for inference."""
        return deepcopy(self).eval().requires_grad_(False)


class Grown(Network):
    """A network of arrays that are as large as what was grown: the members of an ensemble differ in it."""

    by_epochs: ClassVar[bool] = False

    def _load_from_state_dict(self, state_dict: Mapping[str, Tensor], prefix: str, *given: Any) -> None:
        """Take the sizes from the state; `checked` sees whether its arrays belong together."""
        for name, buffer in self.named_buffers(recurse=False):
            kept = state_dict.get(f"{prefix}{name}")
            if kept is not None and kept.ndim == buffer.ndim:
                setattr(self, name, torch.zeros(kept.shape, dtype=buffer.dtype, device=buffer.device))
        super()._load_from_state_dict(state_dict, prefix, *given)


def sequence_sizes(preparation: Preparation, n_outputs: int, options: TrainingOptions) -> dict[str, Any]:
    """Sizes that networks on sequences share."""
    return {
        "n_channels": len(preparation.sequence_channels),
        "n_numbers": len(preparation.names),
        "n_outputs": n_outputs,
        "hidden": options.hidden,
        "dropout": options.dropout,
    }


def number_layers(n_numbers: int, hidden: int, dropout: float) -> nn.Sequential:
    """Dense layers for what `filled_in` gives."""
    return nn.Sequential(
        nn.Linear(2 * n_numbers, 2 * hidden),
        nn.ReLU(),
        nn.Dropout(dropout / 2),
        nn.Linear(2 * hidden, hidden),
        nn.ReLU(),
    )


def filled_in(numbers: Tensor) -> Tensor:
    """Numbers [n, n_numbers] with 0 for NaN, and behind them flags that say which were: [n, 2 n_numbers]."""
    missing = torch.isnan(numbers)
    return torch.cat([torch.where(missing, 0.0, numbers), missing.to(numbers.dtype)], dim=1)


def output_layers(n_inputs: int, hidden: int, n_outputs: int, dropout: float) -> nn.Sequential:
    """Dense layers that end in scores."""
    return nn.Sequential(
        nn.Dropout(dropout),
        nn.Linear(n_inputs, hidden),
        nn.ReLU(),
        nn.Dropout(dropout),
        nn.Linear(hidden, n_outputs),
    )


NETWORKS: dict[str, type[Network]] = {}
"""Classes of networks by the name in cards and in `TrainingOptions.network`."""

AnyNetwork = TypeVar("AnyNetwork", bound=type[Network])


def register(network: AnyNetwork) -> AnyNetwork:
    """Put a network of one's own into the table, as a decorator of its class.

    No code is loaded from a model's folder: the module with the class has to be imported where the model is used.

    Raises
    ------
    InputError
        Another network has the name.
    """
    known = NETWORKS.setdefault(network.name, network)
    if (known.__module__, known.__qualname__) != (network.__module__, network.__qualname__):
        raise InputError(f"there is a network {network.name!r} already: {known.__module__}.{known.__qualname__}")
    NETWORKS[network.name] = network
    return network


def named(name: str) -> type[Network]:
    """The class of the network of this name.

    Raises
    ------
    InputError
        There is none.
    """
    if name not in NETWORKS:
        raise InputError(
            f"no network {name!r}; there are {', '.join(NETWORKS)}: import the module that registers it, if it is yours"
        )
    return NETWORKS[name]


def build(name: str, sizes: Mapping[str, Any]) -> Network:
    """A new network of this name and these sizes."""
    return named(name).build(sizes)
