"""`Inputs`: what networks and trees see of a batch of objects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lcscale.errors import ModelError

KINDS = ("images", "sequences", "numbers")
"""Kinds of inputs. Numbers are always made: the baselines see nothing else."""


@dataclass(frozen=True, eq=False)
class Inputs:
    """Arrays with one row an object."""

    images: Any
    """uint8 [n_objects, n_channels, size, size]; empty (0) where a role is, no channels without images. An array, or a
    tensor on the device where they were drawn."""
    numbers: npt.NDArray[np.float32]
    """float32 [n_objects, n_numbers], standardised when the preparation has been fitted; NaN where missing."""
    reason: npt.NDArray[np.object_]
    """Why an object cannot be used, or None."""
    sequences: npt.NDArray[np.float32] | None = None
    """float32 [n_objects, length, n_sequence_channels]; 0 behind the last observation."""
    mask: npt.NDArray[np.bool_] | None = None
    """bool [n_objects, length], where `sequences` hold an observation."""

    def __len__(self) -> int:
        return self.reason.size

    def take(self, rows: npt.NDArray[np.integer] | npt.NDArray[np.bool_]) -> Inputs:
        """Those of some objects."""
        rows = np.flatnonzero(rows) if rows.dtype == np.bool_ else rows
        if rows.size == len(self) and (rows == np.arange(len(self))).all():
            return self
        sequences = None if self.sequences is None else self.sequences[rows]
        mask = None if self.mask is None else self.mask[rows]
        return Inputs(self.images[rows], self.numbers[rows], self.reason[rows], sequences, mask)

    def arrays(self, names: Sequence[str]) -> list[npt.NDArray[Any]]:
        """The arrays of these names.

        Raises
        ------
        ModelError
            One was not made.
        """
        found = [getattr(self, name) for name in names]
        absent = [name for name, values in zip(names, found, strict=True) if values is None]
        if absent:
            raise ModelError(f"the network takes {', '.join(absent)}, which its preparation does not make (`kinds`)")
        return found
