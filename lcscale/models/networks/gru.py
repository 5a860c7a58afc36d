"""`RecurrentNet` and `LongShortTermNet`: recurrent networks on light curves as sequences, joined with numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from lcscale.models.inputs.preparation import Preparation
from lcscale.models.networks.network import Network, filled_in, number_layers, output_layers, sequence_sizes
from lcscale.models.training.options import TrainingOptions


class RecurrentNet(Network):
    """Gated recurrent units (Cho et al. 2014) that read a sequence in both directions; mean and maximum over it.

    Parameters
    ----------
    n_channels, n_numbers, n_outputs
        Channels of a sequence, numbers and scores of an object.
    hidden
        Width of the dense layers; half of it are units of either direction.
    dropout
        Share of the joined layers' inputs left out while training.
    log_period
        Mean and spread of the number ``log_period``, where positions in phase become phase times period, days.
    """

    name: ClassVar[str] = "gru"
    takes: ClassVar[tuple[str, ...]] = ("sequences", "mask", "numbers")
    cell: ClassVar[type[nn.GRU] | type[nn.LSTM]] = nn.GRU

    def __init__(
        self,
        n_channels: int,
        n_numbers: int,
        n_outputs: int,
        hidden: int = 64,
        dropout: float = 0.2,
        log_period: Sequence[float] | None = None,
    ) -> None:
        super().__init__()
        self.log_period = log_period
        self.reads = self.cell(n_channels, hidden // 2, batch_first=True, bidirectional=True)
        self.told = number_layers(n_numbers, hidden, dropout)
        self.joined = output_layers(4 * (hidden // 2) + hidden, hidden, n_outputs, dropout)

    @classmethod
    def sizes_for(cls, preparation: Preparation, n_outputs: int, options: TrainingOptions) -> dict[str, Any]:
        """Sizes for these inputs."""
        return sequence_sizes(preparation, n_outputs, options) | stretched(preparation, options)

    def forward(self, sequences: Tensor, mask: Tensor, numbers: Tensor) -> Tensor:
        """Scores float [n, n_outputs].

        Parameters
        ----------
        sequences
            float32 [n, length, n_channels].
        mask
            bool [n, length], where there is an observation: at the beginning of each sequence.
        numbers
            float32 [n, n_numbers], standardised; NaN where missing.
        """
        if self.log_period is not None:
            centre, spread = self.log_period
            days = 10.0 ** (centre + spread * numbers[:, :1])
            sequences = torch.cat([sequences[..., :1] * days[..., None], sequences[..., 1:]], dim=2)
        counts = mask.sum(dim=1).clamp(min=1)
        packed = nn.utils.rnn.pack_padded_sequence(sequences, counts.cpu(), batch_first=True, enforce_sorted=False)
        read, _ = nn.utils.rnn.pad_packed_sequence(self.reads(packed)[0], batch_first=True, total_length=mask.shape[1])
        mean = (read * mask[..., None]).sum(dim=1) / counts[:, None]
        most = read.masked_fill(~mask[..., None], -1.0).amax(dim=1)
        scores: Tensor = self.joined(torch.cat([mean, most, self.told(filled_in(numbers))], dim=1))
        return scores


class LongShortTermNet(RecurrentNet):
    """The same with long short-term memory (Hochreiter & Schmidhuber 1997)."""

    name: ClassVar[str] = "lstm"
    cell = nn.LSTM


def stretched(preparation: Preparation, options: TrainingOptions) -> dict[str, Any]:
    """Sizes of a network that sees phase times period, where the options ask for it and there is a period."""
    if not options.phase_in_days or preparation.raw:
        return {}
    return {"log_period": [preparation.centre[0], preparation.scale[0]]}
