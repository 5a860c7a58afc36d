"""Who trains, validates and tests: whole HEALPix pixels, so that no star and no neighbourhood is in two sets."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
import numpy.typing as npt

from lcscale.arrays import integers
from lcscale.errors import InputError

TRAIN, VALIDATION, TEST = 0, 1, 2


@dataclass(frozen=True)
class Split:
    """Shares of the sky, and how finely it is cut up. Positions decide over an object's set, over nothing else."""

    validation: float = 0.1
    """Share of the pixels for early stopping and calibration."""
    test: float = 0.3
    """Share of the pixels for the figures in the card."""
    order: int = 3
    """HEALPix order of the pixels that stay together; 3 is 7.3 degrees."""
    seed: int = 0
    """Another seed is another cut."""

    def __post_init__(self) -> None:
        if not (self.validation > 0 and self.test >= 0 and self.validation + self.test < 1):
            raise InputError(f"shares of {self.validation} and {self.test} leave no training set")
        if not 0 <= self.order <= 29:
            raise InputError(f"HEALPix order must be from 0 to 29, not {self.order}")


def assign(healpix_29: npt.NDArray[np.int64], split: Split) -> npt.NDArray[np.int8]:
    """Set of each object (`TRAIN`, `VALIDATION` or `TEST`), int8 [n].

    It depends on the object's pixel and the seed alone, so that more stars of the same sky never change sets.

    Parameters
    ----------
    healpix_29
        Nested HEALPix index at order 29 (a catalog's `_healpix_29`), int64 [n].
    split
        Shares and order.
    """
    pixels, which = np.unique(integers(healpix_29, "healpix_29") >> (2 * (29 - split.order)), return_inverse=True)
    chance = np.array([_chance(int(pixel), split.seed) for pixel in pixels])
    sets = np.where(chance < split.test, TEST, np.where(chance < split.test + split.validation, VALIDATION, TRAIN))
    return np.asarray(sets[which], np.int8)


def _chance(pixel: int, seed: int) -> float:
    """A number in [0, 1) out of pixel and seed, the same on every machine."""
    digest = blake2b(f"{seed} {pixel}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2.0**64
