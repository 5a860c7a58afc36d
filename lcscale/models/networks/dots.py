"""The first convolution of images that are nearly empty, with its pooling, from their dots alone.

A folded image holds a hundred dots among 4,096 pixels: each dot adds its filters to the pixels in reach, which is some
thirty times less work than a sum over all pixels.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from lcscale.kernels.compiling import kernel

WIDTH, STEP = 5, 2
"""Width and stride of the convolution."""
REACHED = 3
"""Rows, and columns, of the convolved image that a pixel reaches: its own and one to either side."""
_WORD = 8
"""Pixels that are looked at together."""


class DotConvolution(nn.Module):
    """ReLU and 2 x 2 maxima of a convolution with stride 2, on the CPU; for inference.

    Parameters
    ----------
    weight, bias
        Of the convolution, float32 [n_out, n_in, 5, 5] and [n_out], of bytes.
    cyclic
        Whether the last axis wraps around; else it is padded with zeros, as the other one.
    """

    def __init__(self, weight: Tensor, bias: Tensor, cyclic: bool) -> None:
        super().__init__()
        self.bias, self.cyclic = bias.numpy(), cyclic
        self.patches = _patches(weight.numpy())

    def forward(self, images: Tensor) -> Tensor:
        """uint8 [n, n_in, height, width], both multiples of 8, to float32 [n, n_out, height / 4, width / 4]."""
        seen = images.contiguous().numpy()
        n, _, height, width = seen.shape
        n_out = self.bias.size
        room = np.empty((height // STEP + REACHED, width // STEP + REACHED, n_out), np.float32)
        out = np.empty((n, height // (2 * STEP), width // (2 * STEP), n_out), np.float32)
        _convolve(seen, seen.view(np.uint64), self.patches, self.bias, self.cyclic, room, out)
        return torch.from_numpy(out).permute(0, 3, 1, 2)


def _patches(weight: Any) -> Any:
    """What a pixel adds to the rows it reaches, float32 [n_in, 2, 2, 3, 3 n_out], by whether y and x are odd.

    Pixel y reaches the rows (y + 1) // 2 - 1 and the two that follow.
    """
    n_out, n_in = weight.shape[:2]
    patches = np.zeros((n_in, 2, 2, REACHED, REACHED, n_out), np.float32)
    for y, x, row, column in np.ndindex(2, 2, REACHED, REACHED):
        p, q = WIDTH - 1 - y - STEP * row, WIDTH - 1 - x - STEP * column
        if p >= 0 and q >= 0:
            patches[:, y, x, row, column] = weight[:, :, p, q].T
    return patches.reshape(n_in, 2, 2, REACHED, REACHED * n_out)


@kernel
def _convolve(images: Any, words: Any, patches: Any, bias: Any, cyclic: bool, room: Any, out: Any) -> None:
    """Write the maxima of each object.

    `words` are the same bytes as `images`; `room` is that of one convolved image with a pixel or two around it.
    """
    n_out, columns = bias.size, STEP * out.shape[2]
    lines = room.reshape((room.shape[0], room.shape[1] * n_out))
    for i in range(images.shape[0]):
        room[:] = bias
        for c in range(images.shape[1]):
            for y in range(images.shape[2]):
                for w in range(words.shape[3]):
                    if words[i, c, y, w] == 0:
                        continue
                    for x in range(w * _WORD, (w + 1) * _WORD):
                        if images[i, c, y, x] != 0:
                            value, start = np.float32(images[i, c, y, x]), (x + 1) // 2 * n_out
                            for r in range(REACHED):
                                patch = patches[c, y % 2, x % 2, r]
                                line = lines[(y + 1) // 2 + r, start : start + patch.size]
                                for k in range(patch.size):
                                    line[k] += value * patch[k]
        if cyclic:  # what was added beyond either end belongs to the other one
            for y in range(room.shape[0]):
                for f in range(n_out):
                    room[y, columns, f] += room[y, 0, f] - bias[f]
                    room[y, 1, f] += room[y, columns + 1, f] - bias[f]
        for y in range(out.shape[1]):
            upper, lower = room[1 + STEP * y], room[2 + STEP * y]
            for x in range(out.shape[2]):
                left, right = 1 + STEP * x, 2 + STEP * x
                for f in range(n_out):
                    highest = max(max(upper[left, f], upper[right, f]), max(lower[left, f], lower[right, f]))
                    out[i, y, x, f] = max(highest, np.float32(0.0))
