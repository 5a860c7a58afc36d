"""`FoldedImageNet`: a small convolutional network on light-curve images, joined with numbers.

The images of all roles are channels of one trunk, cyclic in phase where they are folded. This module needs torch when
it is imported; `lcscale.models` imports it only where a network is used.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Self

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval

from lcscale.models.inputs.preparation import Preparation
from lcscale.models.networks.dots import DotConvolution
from lcscale.models.networks.network import Network, filled_in, number_layers, output_layers
from lcscale.models.training.options import TrainingOptions


@dataclass(frozen=True)
class Architecture:
    """Sizes of a `FoldedImageNet`; stands in the model's card."""

    n_channels: int
    """Images of an object: roles times views."""
    n_numbers: int
    """Numbers of an object."""
    n_classes: int
    """Scores: of classes, or of what else a head takes."""
    size: int = 64
    """Pixels of an image's side."""
    filters: tuple[int, int, int] = (12, 24, 32)
    """Filters of the three convolutions."""
    hidden: int = 64
    """Width of the dense layers."""
    dropout: float = 0.2
    """Share of the joined layers' inputs left out while training; half of it between those of the numbers."""
    cyclic: bool = True
    """Whether the last axis of the images is phase; it is time in raw ones."""

    def to_dict(self) -> dict[str, object]:
        """As JSON has it."""
        return asdict(self)


class Convolution(nn.Module):
    """Convolution of images: the last axis wraps around where it is phase, others are padded with zeros."""

    def __init__(self, n_in: int, n_out: int, width: int, stride: int = 1, cyclic: bool = True) -> None:
        super().__init__()
        self.reach, self.cyclic = width // 2, cyclic
        self.convolution = nn.Conv2d(n_in, n_out, width, stride, padding=(self.reach, 0), bias=False)
        self.scale: nn.BatchNorm2d | nn.Identity = nn.BatchNorm2d(n_out)

    def forward(self, images: Tensor) -> Tensor:
        """[n, n_in, brightness, phase or time] to [n, n_out, ...]."""
        if self.cyclic:
            wrapped = torch.cat([images[..., -self.reach :], images, images[..., : self.reach]], dim=-1)
        else:
            wrapped = functional.pad(images, (self.reach, self.reach))
        wrapped = wrapped.to(self.convolution.weight.dtype, memory_format=torch.channels_last)
        scaled: Tensor = self.scale(self.convolution(wrapped))
        return scaled


class Pooling(nn.MaxPool2d):
    """Maxima of what is positive: the same as maxima after the ReLU, of fewer pixels."""

    def forward(self, images: Tensor) -> Tensor:
        """[n, filters, height, width] to a smaller image."""
        return functional.relu(super().forward(images))


class FoldedImageNet(Network):
    """Scores from images, folded or over time, and numbers.

    Parameters
    ----------
    architecture
        Sizes.

    Notes
    -----
    Three convolutions, each with a pooling, end in features by brightness and phase (or time). The latter is then
    summed up by its mean and its maximum, so that the scores hardly depend on the phase at which the curve was cut, or
    on the day of an event; brightness is kept. Numbers that are missing enter as 0 with a flag that says so.
    """

    name: ClassVar[str] = "folded_images"
    takes: ClassVar[tuple[str, ...]] = ("images", "numbers")

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        a = self.architecture = architecture
        self.sizes = architecture.to_dict()
        first, second, third = a.filters
        self.takes_bytes = False
        self.trunk = nn.Sequential(
            Convolution(a.n_channels, first, 5, stride=2, cyclic=a.cyclic),
            Pooling(2),
            Convolution(first, second, 3, cyclic=a.cyclic),
            Pooling(2),
            Convolution(second, third, 3, cyclic=a.cyclic),
            nn.MaxPool2d((2, 1)),
        )
        self.seen = nn.Sequential(nn.Linear(2 * third * (a.size // 16), a.hidden), nn.ReLU())
        self.told = number_layers(a.n_numbers, a.hidden, a.dropout)
        self.joined = output_layers(2 * a.hidden, a.hidden, a.n_classes, a.dropout)

    @classmethod
    def sizes_for(cls, preparation: Preparation, n_outputs: int, options: TrainingOptions) -> dict[str, Any]:
        """An `Architecture` for these inputs."""
        return Architecture(
            preparation.n_channels,
            len(preparation.names),
            n_outputs,
            preparation.size,
            options.filters,
            options.hidden,
            options.dropout,
            cyclic=not preparation.raw,
        ).to_dict()

    @classmethod
    def build(cls, sizes: Mapping[str, Any]) -> Self:
        """The network of the `Architecture` of these sizes."""
        return cls(Architecture(**{**sizes, "filters": tuple(sizes["filters"])}))

    @property
    def n_outputs(self) -> int:
        """Scores of an object."""
        return self.architecture.n_classes

    def forward(self, images: Tensor, numbers: Tensor) -> Tensor:
        """Scores (before softmax) float [n, n_outputs].

        Parameters
        ----------
        images
            uint8 [n, n_channels, size, size], brightness by phase.
        numbers
            float32 [n, n_numbers], standardised; NaN where missing.
        """
        seen = images if self.takes_bytes else images.to(numbers.dtype, memory_format=torch.channels_last) / 255.0
        return self.conclude(self.look(seen), numbers)

    def fused(self) -> Self:
        """The same network for inference: batch normalisations and the scale of pixels are parts of convolutions.

        On the CPU the first convolution is computed from the dots of the images.
        """
        network = super().fused()
        for part in network.modules():
            if isinstance(part, Convolution) and isinstance(part.scale, nn.BatchNorm2d):
                part.convolution, part.scale = fuse_conv_bn_eval(part.convolution, part.scale), nn.Identity()
        entry = network.trunk[0]
        if isinstance(entry, Convolution) and not network.takes_bytes:
            entry.convolution.weight.div_(255.0)
            network.takes_bytes = True
            weight, bias = entry.convolution.weight, entry.convolution.bias
            if self.device.type == "cpu" and bias is not None and self.architecture.size % 8 == 0:
                dots = DotConvolution(weight, bias, entry.cyclic)
                network.trunk = nn.Sequential(dots, *list(network.trunk)[2:])
        return network

    def look(self, images: Tensor) -> Tensor:
        """What the last convolution sees, float [n, filters, brightness, phase].

        Parameters
        ----------
        images
            float [n, n_channels, size, size], 0 to 1; of a fused network bytes, 0 to 255.
        """
        return functional.relu(self.trunk[:-1](images))

    def conclude(self, features: Tensor, numbers: Tensor) -> Tensor:
        """Scores from what `look` gave, and the numbers."""
        trunk = self.trunk[-1](features)
        seen = self.seen(torch.cat([trunk.mean(dim=-1), trunk.amax(dim=-1)], dim=1).flatten(1))
        scores: Tensor = self.joined(torch.cat([seen, self.told(filled_in(numbers))], dim=1))
        return scores
