"""The files of a release as they are now, and how they differ from those that a catalog was made from."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field

from lcscale.errors import InputError
from lcscale.ingest.sources import FileStamp, Sources, options_text, part_keys, read_sources, stamps
from lcscale.lake import Lake
from lcscale.surveys import Part, Problem, Survey
from lcscale.surveys import get as get_survey
from lcscale.surveys.release import Option


@dataclass(frozen=True)
class Partitioning:
    """How large a partition may be."""

    rows: int = 1_000_000
    """Rows, at most."""
    bytes: int = 256 << 20
    """Bytes in memory, at most; light curves make partitions of few rows."""

    def __post_init__(self) -> None:
        if self.rows < 1 or self.bytes < 1:
            raise InputError(
                f"partitions of {self.rows} rows and {self.bytes} bytes hold nothing; give positive limits"
            )


@dataclass(frozen=True)
class Release:
    """What is there to be read."""

    parts: dict[str, Part]
    """The parts by what stands for their content and options."""
    files: dict[str, FileStamp]
    """The files by absolute path."""
    problems: list[Problem]
    """What cannot be read, or is there twice."""

    @classmethod
    def at(cls, survey: Survey, paths: Sequence[str], before: Sources) -> Release:
        """The release of `survey` at `paths`; files that `before` knows are not read to know them again.

        Raises
        ------
        InputError
            There is none.
        """
        problems: list[Problem] = []
        parts = survey.parts(paths, problems)
        if not parts and not problems:
            raise InputError(f"no release files of {survey.name} in {', '.join(paths)}")
        files = stamps((part.path for part in parts), before.files)
        return cls(part_keys(parts, problems, survey, files), files, problems)

    def changed(self, before: Sources) -> list[str]:
        """Paths of files that hold something else than they did."""
        known = before.files
        return [path for path, stamp in self.files.items() if path in known and known[path].digest != stamp.digest]

    def known(self, before: Sources) -> frozenset[str]:
        """Parts that need not be read again: those read before, but for what other content has replaced since."""
        here = {stamp.digest for stamp in self.files.values()}
        replaced = {before.files[path].digest for path in self.changed(before)} - here
        return frozenset(part for part in before.parts if part.split(" ")[0] not in replaced)

    def sources(self, before: Sources, read: frozenset[str], options: str) -> Sources:
        """What a version is made from that adds to `before` the parts `read`."""
        contents = {part.split(" ")[0] for part in read}
        files = {path: stamp for path, stamp in self.files.items() if stamp.digest in contents}
        return Sources(read, {**before.files, **files}, options)


@dataclass(frozen=True)
class Changes:
    """How the files of a release differ from those that a catalog was made from."""

    new: list[str] = field(default_factory=list)
    """Files that it does not have."""
    changed: list[str] = field(default_factory=list)
    """Files that hold something else now: their rows replace those of the same name."""
    gone: list[str] = field(default_factory=list)
    """Files that it was made from, and whose content is nowhere any more."""
    other_options: bool = False
    """Whether it was read with other options."""
    missing: tuple[str, ...] = ()
    """What failed when it was made."""
    bytes: int = 0
    """Bytes of the new and changed files."""
    problems: tuple[Problem, ...] = ()
    """What cannot be read."""

    def __bool__(self) -> bool:
        return bool(self.new or self.changed or self.gone or self.other_options or self.missing)

    def __str__(self) -> str:
        told = [f"{len(files)} {word} file{'s' * (len(files) > 1)}" for files, word in self._files() if files]
        told += ["other options"] if self.other_options else []
        told += [f"{len(self.missing)} parts that failed before"] if self.missing else []
        return ", ".join(told) or "no change"

    def _files(self) -> list[tuple[list[str], str]]:
        return [(self.new, "new"), (self.changed, "changed"), (self.gone, "vanished")]


def changes(
    survey: str | Survey,
    paths: Sequence[str],
    lake: Lake,
    name: str,
    partitioning: Partitioning | None = None,
    **options: Option,
) -> Changes:
    """How the release files at `paths` differ from those that the catalog `name` of the lake was made from.

    Parameters
    ----------
    survey, paths, lake, name, partitioning, options
        As for `ingest`.
    """
    adapter = get_survey(survey, **options) if isinstance(survey, str) else survey
    present = lake[name].source if name in lake else None
    before = Sources() if present is None else read_sources(present.folder)
    release = Release.at(adapter, paths, before)
    here = {stamp.digest for stamp in release.files.values()}
    known = release.known(before)
    unread = dict.fromkeys(os.path.abspath(part.path) for key, part in release.parts.items() if key not in known)
    changed = release.changed(before)
    gone = [path for path, stamp in before.files.items() if path not in release.files and stamp.digest not in here]
    other = before.options is not None and before.options != made_with(adapter, partitioning)
    return Changes(
        new=[path for path in unread if path not in changed],
        changed=changed,
        gone=gone,
        other_options=other,
        missing=() if present is None else present.missing,
        bytes=sum(release.files[path].size for path in unread),
        problems=tuple(each for each in release.problems if each.set_aside),
    )


def made_with(survey: Survey, partitioning: Partitioning | None) -> str:
    """Stands for the adapter, its options and the size of partitions."""
    return f"{options_text(survey)} {partitioning or Partitioning()!r}"
