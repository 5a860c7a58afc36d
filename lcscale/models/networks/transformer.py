"""`TransformerNet`: attention between the observations of a light curve, joined with numbers."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from lcscale.models.inputs.preparation import Preparation
from lcscale.models.inputs.sequences import DAYS
from lcscale.models.networks.network import Network, filled_in, number_layers, output_layers, sequence_sizes
from lcscale.models.training.options import TrainingOptions

_LONGEST = 4 * DAYS
"""Days that are one turn of the lowest frequency of raw light curves."""


class TransformerNet(Network):
    """Encoder layers (Vaswani et al. 2017) on the observations as a set; mean and maximum over it.

    Observations carry their position as cosines and sines: of whole multiples of the phase, so that phases 0 and 1 are
    the same place; of multiples of a turn in 4,000 days for raw light curves.

    Parameters
    ----------
    n_channels, n_numbers, n_outputs
        Channels of a sequence, numbers and scores of an object.
    hidden
        Width of the dense layers; half of it is that of an observation.
    dropout
        Share of the joined layers' inputs left out while training.
    turns
        Cosines, and sines, of a position.
    cyclic
        Whether positions are phases.
    """

    name: ClassVar[str] = "transformer"
    takes: ClassVar[tuple[str, ...]] = ("sequences", "mask", "numbers")

    def __init__(
        self,
        n_channels: int,
        n_numbers: int,
        n_outputs: int,
        hidden: int = 64,
        dropout: float = 0.2,
        turns: int = 8,
        cyclic: bool = True,
    ) -> None:
        super().__init__()
        width, scale = hidden // 2, 1.0 if cyclic else DAYS / _LONGEST
        self.register_buffer("rates", 2 * math.pi * scale * torch.arange(1.0, turns + 1), persistent=False)
        self.sees = nn.Linear(n_channels - 1 + 2 * turns, width)
        layer = nn.TransformerEncoderLayer(
            width, 4, 2 * width, dropout / 2, activation="gelu", batch_first=True, norm_first=True
        )
        self.reads = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.told = number_layers(n_numbers, hidden, dropout)
        self.joined = output_layers(2 * width + hidden, hidden, n_outputs, dropout)

    @classmethod
    def sizes_for(cls, preparation: Preparation, n_outputs: int, options: TrainingOptions) -> dict[str, Any]:
        """Sizes for these inputs."""
        return sequence_sizes(preparation, n_outputs, options) | {"cyclic": not preparation.raw}

    def forward(self, sequences: Tensor, mask: Tensor, numbers: Tensor) -> Tensor:
        """Scores float [n, n_outputs]; parameters as those of `RecurrentNet.forward`."""
        longest = max(int(mask.sum(dim=1).max()), 1)
        sequences, mask = sequences[:, :longest], mask[:, :longest]
        angle = sequences[..., :1] * self.get_buffer("rates")
        seen = self.sees(torch.cat([angle.cos(), angle.sin(), sequences[..., 1:]], dim=2))
        some = mask.clone()
        some[:, 0] = True  # an object without observations looks at nothing but zeros
        read = self.reads(seen, src_key_padding_mask=~some)
        counts = mask.sum(dim=1, keepdim=True).clamp(min=1)
        mean = (read * mask[..., None]).sum(dim=1) / counts
        most = read.masked_fill(~some[..., None], -1e4).amax(dim=1)
        scores: Tensor = self.joined(torch.cat([mean, most, self.told(filled_in(numbers))], dim=1))
        return scores
