"""Who trains, validates and tests: whole HEALPix pixels, so that no star and no neighbourhood is in two sets."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import Self

import numpy as np
import numpy.typing as npt

from lcscale.arrays import integers
from lcscale.errors import InputError

TRAIN, VALIDATION, TEST = 0, 1, 2
_FEWEST_PIXELS = 30
_FINEST = 13


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

    @classmethod
    def of_sky(
        cls, healpix_29: npt.NDArray[np.int64], *, validation: float = 0.1, test: float = 0.3, seed: int = 0
    ) -> Self:
        """The split for these places: order 3, or the first finer one at which they lie in 30 pixels.

        A survey of one field would else be in one set as a whole. The shares and the seed are those given.

        Parameters
        ----------
        healpix_29
            int64 [n], nested HEALPix index at order 29.
        validation, test, seed
            Fields of the split.
        """
        places = np.unique(integers(healpix_29, "healpix_29"))
        orders = range(cls.order, _FINEST)
        filled = (order for order in orders if np.unique(places >> 2 * (29 - order)).size >= _FEWEST_PIXELS)
        return cls(validation, test, next(filled, cls.order), seed)


def assign_folds(healpix_29: npt.NDArray[np.int64], split: Split, n_folds: int) -> npt.NDArray[np.int64]:
    """Fold of each object, 0 to ``n_folds - 1``, int64 [n]; by its pixel and the seed of the split alone.

    Parameters
    ----------
    healpix_29
        Nested HEALPix index at order 29, int64 [n].
    split
        Order and seed; folds do not follow its sets.
    n_folds
        2 or more.
    """
    return np.asarray(np.minimum(_chances(healpix_29, split, "fold ") * n_folds, n_folds - 1), np.int64)


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
    chance = _chances(healpix_29, split)
    sets = np.where(chance < split.test, TEST, np.where(chance < split.test + split.validation, VALIDATION, TRAIN))
    return np.asarray(sets, np.int8)


def _chances(healpix_29: npt.NDArray[np.int64], split: Split, kind: str = "") -> npt.NDArray[np.float64]:
    """A number in [0, 1) for each object, out of its pixel and the seed, the same on every machine."""
    pixels, which = np.unique(integers(healpix_29, "healpix_29") >> (2 * (29 - split.order)), return_inverse=True)
    digests = (blake2b(f"{kind}{split.seed} {pixel}".encode(), digest_size=8).digest() for pixel in pixels.tolist())
    chance = np.array([int.from_bytes(digest, "big") / 2.0**64 for digest in digests])
    return chance[which]
