"""The leaves of a version as columns, however many there are; each is made into a `Leaf` when it is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, overload

import numpy as np
import numpy.typing as npt

from lcscale.lake.leaf import Leaf, Ranges, leaf_name
from lcscale.lake.pixel import Pixel, Pixels


@dataclass(frozen=True)
class Leaves(Sequence[Leaf]):
    """Leaves of one folder, in order of the sky (by first HEALPix index); small when pickled."""

    pixels: Pixels
    """Their pixels."""
    root: str = ""
    """Folder of the version."""
    suffix: str = ".parquet"
    """How their names end; ``/`` where each is a folder of files."""
    options: tuple[tuple[str, Any], ...] = ()
    """Storage options of the file system, as items."""

    @property
    def in_folders(self) -> bool:
        """Whether each is a folder, whose files hold the rows together."""
        return self.suffix == "/"

    def __len__(self) -> int:
        return len(self.pixels)

    @overload
    def __getitem__(self, at: int) -> Leaf: ...
    @overload
    def __getitem__(self, at: slice | npt.NDArray[np.int64]) -> Leaves: ...
    def __getitem__(self, at: int | slice | npt.NDArray[np.int64]) -> Leaf | Leaves:
        """The leaf at a place, or the leaves at some, in order of the sky."""
        if isinstance(at, slice | np.ndarray):
            return Leaves(self.pixels[at], self.root, self.suffix, self.options)
        return self._made(self.pixels[at])

    def __iter__(self) -> Iterator[Leaf]:
        return map(self._made, self.pixels)

    def __getstate__(self) -> tuple[Any, ...]:
        return self.pixels, self.root, self.suffix, self.options

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        for name, value in zip(("pixels", "root", "suffix", "options"), state, strict=True):
            object.__setattr__(self, name, value)

    def _made(self, pixel: Pixel) -> Leaf:
        ending = "" if self.in_folders else self.suffix
        name = leaf_name(pixel).removesuffix(".parquet")
        return Leaf(pixel, f"{self.root}/{name}{ending}", self.options, self.in_folders)

    @cached_property
    def _edges(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        first, behind = np.ascontiguousarray(self.pixels.spans.T)
        return first, behind

    def within(self, ranges: Ranges) -> npt.NDArray[np.int64]:
        """Places of those whose pixels overlap `ranges`, ascending."""
        begin, end = self.runs_within(ranges)
        counts = end - begin
        skipped: npt.NDArray[np.int64] = np.repeat(begin - np.cumsum(counts) + counts, counts)
        return np.arange(skipped.size) + skipped

    def runs_within(self, ranges: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """The same as runs, for many sets of ranges at once.

        Parameters
        ----------
        ranges
            int64 [..., n, 2]: each set sorted and disjoint.

        Returns
        -------
        begin, end
            int64 [..., n]: the first leaf of each range, and the one behind its last, that no range before has met.
        """
        first, behind = self._edges
        begin = np.searchsorted(behind, ranges[..., 0], side="right")
        end = np.searchsorted(first, ranges[..., 1], side="left")
        begin[..., 1:] = np.maximum(begin[..., 1:], end[..., :-1])  # a leaf that several ranges meet counts once
        return begin, np.maximum(begin, end)
