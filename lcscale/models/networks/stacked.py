"""`Stacked`: scores of several networks or trees, added with weights that are fitted on sky that none has seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from lcscale.models.heads.head import Head
from lcscale.models.labels.truth import Floats, Truth
from lcscale.models.networks.network import Network, build

_STEPS = 100
_DRAWN = 0.01
"""How far what is added to scores is drawn to 0: surveys differ in how frequent a class is."""


@dataclass(frozen=True)
class Stack:
    """Weights of the parts and what is added to each score."""

    weights: tuple[float, ...]
    """One a part."""
    bias: tuple[float, ...]
    """One a score."""

    def scores(self, of_parts: Floats) -> Floats:
        """Scores [...] of those of the parts, float32 [n_parts, ..., n_outputs]."""
        summed = np.tensordot(np.array(self.weights, np.float32), of_parts, 1)
        return np.asarray(summed + np.array(self.bias, np.float32), np.float32)

    @classmethod
    def fitted(cls, of_parts: Floats, truth: Truth, head: Head[Any]) -> Self:
        """The weights of the smallest loss (stacking; Wolpert 1992), none for a part alone.

        Parameters
        ----------
        of_parts
            float32 [n_parts, n, n_outputs], each by a network that has not seen the star.
        truth
            What is known of the stars.
        head
            Its loss is made small.
        """
        n_parts, _, n_outputs = of_parts.shape
        weights = torch.full((n_parts,), 1 / n_parts, requires_grad=n_parts > 1)
        bias = torch.zeros(n_outputs, requires_grad=n_parts > 1)
        if n_parts > 1:
            scores, known = torch.from_numpy(of_parts), [torch.from_numpy(each) for each in truth.arrays()]
            optimizer = torch.optim.LBFGS([weights, bias], max_iter=_STEPS, line_search_fn="strong_wolfe")

            def loss() -> Tensor:
                optimizer.zero_grad()
                value = head.loss(torch.tensordot(weights, scores, 1) + bias, known, 0.0).mean()
                value = value + _DRAWN * (bias**2).sum()
                value.backward()  # type: ignore[no-untyped-call]
                return value

            optimizer.step(loss)  # type: ignore[no-untyped-call]
        return cls(_rounded(weights.detach().numpy()), _rounded(bias.detach().numpy()))


class Stacked(Network):
    """Parts, each with the inputs that it takes, and the weights of a `Stack`.

    Parameters
    ----------
    parts
        Name and sizes of each.
    stack
        Weights of the parts, and what is added to each score.
    """

    name: ClassVar[str] = "stacked"

    def __init__(self, parts: Sequence[Mapping[str, Any]], weights: Sequence[float], bias: Sequence[float]) -> None:
        super().__init__()
        self.parts = nn.ModuleList([build(part["name"], part["sizes"]) for part in parts])
        self.stack = Stack(tuple(weights), tuple(bias))
        self.takes = tuple(dict.fromkeys(name for part in self.networks for name in part.takes))  # type: ignore[misc]

    @classmethod
    def of(cls, parts: Sequence[Network], stack: Stack) -> Self:
        """These very networks together."""
        known = [{"name": part.name, "sizes": dict(part.sizes)} for part in parts]
        together = cls.build({"parts": known, "weights": list(stack.weights), "bias": list(stack.bias)})
        together.parts = nn.ModuleList(parts)
        return together

    @property
    def networks(self) -> list[Network]:
        """The parts."""
        return [part for part in self.parts if isinstance(part, Network)]

    def stacked(self, of_parts: Floats) -> Floats:
        """By the weights of the stack."""
        return self.stack.scores(of_parts)

    @property
    def n_outputs(self) -> int:
        """Scores of an object."""
        return len(self.stack.bias)

    def fused(self) -> Self:
        """The same for inference."""
        return self.of([part.fused() for part in self.networks], self.stack).eval().requires_grad_(False)

    def checked(self, n_numbers: int) -> Self:
        """The network, if the weights of all parts can be used."""
        for part in self.networks:
            part.checked(n_numbers)
        return self

    def forward(self, *inputs: Tensor) -> Tensor:
        """Scores float [n, n_outputs] of the tensors that the parts take, in the order of `takes`."""
        known = dict(zip(self.takes, inputs, strict=True))
        scores = torch.stack([part(*(known[name] for name in part.takes)).float() for part in self.networks])
        weights, bias = (torch.tensor(each, device=scores.device) for each in (self.stack.weights, self.stack.bias))
        together: Tensor = torch.tensordot(weights, scores, 1) + bias
        return together


def _rounded(values: npt.NDArray[np.floating]) -> tuple[float, ...]:
    return tuple(round(float(value), 6) for value in values)
