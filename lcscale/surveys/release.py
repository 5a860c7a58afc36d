"""What an adapter of a survey is: release files in, canonical Arrow tables out, and what could not be read."""

from __future__ import annotations

import glob
import hashlib
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, SupportsFloat, TypeAlias

import pyarrow as pa

from lcscale.errors import InputError, meant

Option: TypeAlias = str | SupportsFloat | Sequence[str] | None
"""Value of an adapter's option: of the type of its field, or its text on a command line; or an astropy Quantity."""


class ReleaseFileError(InputError):
    """A release file is damaged, empty, or not of the survey it is said to be of."""

    final = True
    """Trying again gives the same: engines set the file aside at once."""


@dataclass(frozen=True)
class Problem:
    """Something in the release a person should know of."""

    path: str
    """The file."""
    text: str
    """What is wrong with it, and where."""
    set_aside: bool = True
    """Whether rows or the file were left out; False for a mere remark."""


class Findings(list[Problem]):
    """Problems, and beside them how many observations were left out for which reasons."""

    def __init__(self) -> None:
        super().__init__()
        self.left_out: Counter[str] = Counter()


@dataclass(frozen=True)
class Part:
    """A piece of a release that is read on its own, by one task; picklable and small."""

    path: str
    """The file (or the folder) it is in."""
    kind: str = ""
    """Which of the release's tables, where there are several (adapters' own words)."""
    start: int = 0
    """First row group, star, … of the part."""
    stop: int | None = None
    """The one behind the last; None for the end."""
    stamp: str = ""
    """Stands for the content of further files the part reads, beside `path`."""
    beside: tuple[str, ...] = ()
    """Further files or folders that the part reads, where the adapter does not know them."""

    @property
    def label(self) -> str:
        """What a person reads."""
        span = "" if self.start == 0 and self.stop is None else f"[{self.start}:{self.stop}]"
        return self.path + span


class Survey(Protocol):
    """Reads the release files of one survey; a frozen dataclass whose fields are the options.

    The tables it makes all have the columns of position, in degrees (ICRS), and keep the survey's own columns.
    Catalogs of surveys call them `object_id`, `ra`, `dec`, have the nested column `lightcurve` where there are light
    curves, and the survey's own class name in `label`. Units, time scale, zero point and bands stand in the metadata
    of the fields. One whose pieces of an object may have the same observations, of which one is kept, says so by an
    attribute `repeats` that is true.
    """

    @property
    def name(self) -> str:
        """Name in the registry."""

    @property
    def ra(self) -> str:
        """Column of right ascension, degrees."""

    @property
    def dec(self) -> str:
        """Column of declination, degrees."""

    @property
    def identity(self) -> str | None:
        """Column that names an object, or None."""

    @property
    def join_arcsec(self) -> float | None:
        """How far pieces of an object may lie from the one it is named by: 0 where all have its id and position.

        None where every row is an object. Above 0 the pieces have an `identity` of their own, and the nested column
        `members` with one entry (see `lcscale.surveys.nesting.MEMBERS`).
        """

    @property
    def properties(self) -> Mapping[str, str]:
        """Entries for ``hats.properties``: title, reference."""

    def parts(self, paths: Sequence[str], problems: list[Problem]) -> list[Part]:
        """The parts of the release at `paths`; files that are none of it are added to `problems`."""

    def batches(self, part: Part, problems: list[Problem]) -> Iterator[pa.Table]:
        """The rows of `part` in tables of bounded size, all parts with the same schema.

        Raises
        ------
        ReleaseFileError
            Where the part cannot be read: none of its rows is used then.
        """


def leave_out(problems: list[Problem], reasons: Mapping[str, int]) -> None:
    """Count observations that an adapter leaves out, by reason, where somebody wants to know (`Findings`)."""
    if isinstance(problems, Findings):
        problems.left_out.update({reason: number for reason, number in reasons.items() if number})


def stamped(parts: Sequence[Part], objects: str) -> list[Part]:
    """Parts of detections that are other parts once the list of their objects, the file `objects`, has changed."""
    stamp = stamp_of([objects])
    return [replace(part, stamp=stamp) for part in parts]


def stamp_of(files: Sequence[str]) -> str:
    """Stands for the content of files, for `Part.stamp`."""
    digest = hashlib.blake2b()
    for file in files:
        with open(file, "rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()[:24]


def expand(paths: Sequence[str | os.PathLike[str]]) -> list[str]:
    """Absolute paths of `paths`, patterns (``*``) replaced by the files they match; each once.

    Raises
    ------
    InputError
        Where there is no such file or folder.
    """
    found: dict[str, None] = {}
    for given in [os.fspath(path) for path in paths]:
        matches = sorted(glob.glob(given)) if glob.has_magic(given) and not os.path.exists(given) else [given]
        existing = [os.path.abspath(path) for path in matches if os.path.exists(path)]
        if not existing:
            raise InputError(f"no file or folder at {given}")
        found.update(dict.fromkeys(existing))
    if not found:
        raise InputError("no release files given")
    return list(found)


def require(table: pa.Table | pa.Schema, names: Sequence[str | None], path: str) -> None:
    """Raise `ReleaseFileError` naming the columns of `names` that the file's `table` lacks."""
    present = table.column_names if isinstance(table, pa.Table) else table.names
    missing = [name for name in names if name is not None and name not in present]
    if missing:
        position = set(missing) <= {"ra", "dec"}  # more is missing where the file is none of the survey
        where = "; --ra and --dec say which columns hold the position" if position else ""
        raise ReleaseFileError(
            f"{path} has no column {', '.join(map(repr, missing))}{meant(missing, present)}{where}; "
            f"it has {', '.join(present[:40])}" + (", …" if len(present) > 40 else "")
        )
