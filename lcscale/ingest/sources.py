"""What a release is made of, and which of it a version holds already."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import astuple, dataclass, field, fields
from typing import Any, cast

from upath import UPath

from lcscale.errors import InputError
from lcscale.lake.storage import content_of
from lcscale.surveys import Part, Problem, Survey

_FILE = "sources.json"
_BIG_FILE = 256 << 20
_IDENTITY = "sha256"
"""What `file_digest` is made by; raised with it."""


@dataclass(frozen=True)
class FileStamp:
    """What is known of a release file without reading it again."""

    size: int
    """Bytes."""
    mtime_ns: int
    """When it was last changed, as the file system tells, nanoseconds."""
    digest: str
    """What stands for its content; see `file_digest`."""


@dataclass(frozen=True)
class Sources:
    """What a version was made from."""

    parts: frozenset[str] = frozenset()
    """Keys of the parts read; see `part_keys`."""
    files: Mapping[str, FileStamp] = field(default_factory=dict)
    """The files by absolute path, as they were when they were read last."""
    options: str | None = None
    """Stands for the adapter and its options; None in versions that do not tell."""


def stamps(paths: Iterable[str], known: Mapping[str, FileStamp]) -> dict[str, FileStamp]:
    """The files at `paths` by absolute path; one of the size and time that `known` tells is not read again."""

    def stamped(path: str) -> FileStamp:
        told = os.stat(path)
        before = known.get(path)
        if before is not None and (before.size, before.mtime_ns) == (told.st_size, told.st_mtime_ns):
            return before
        return FileStamp(told.st_size, told.st_mtime_ns, file_digest(path))

    places = list(dict.fromkeys(os.path.abspath(path) for path in paths))
    with ThreadPoolExecutor() as pool:
        return dict(zip(places, pool.map(stamped, places), strict=True))


def part_keys(
    parts: Sequence[Part],
    problems: list[Problem],
    survey: Survey | None = None,
    files: Mapping[str, FileStamp] | None = None,
) -> dict[str, Part]:
    """The parts by what stands for their content, and for the options of the `survey` that they are read with.

    A part that equals another is left out and named. `files` are their `stamps`, where they were made already.
    """
    options = "" if survey is None else _options(survey)
    known = stamps((part.path for part in parts), {}) if files is None else files
    found: dict[str, Part] = {}
    for part in parts:
        content = known[os.path.abspath(part.path)].digest
        key = f"{content} {part.kind} {part.start}:{part.stop} {part.stamp}{options}"
        if found.setdefault(key, part) is not part:
            same = found[key].path
            problems.append(Problem(part.path, f"the same as {same}: read once", set_aside=False))
    return found


def options_text(survey: Survey) -> str:
    """Stands for an adapter and its options."""
    return f"{survey.name}{_options(survey)}"


def _options(survey: Survey) -> str:
    """Stands for the options that are not at their default; a list of objects counts by its content, not its path."""
    given = {one.name: getattr(survey, one.name) for one in fields(cast(Any, survey)) if one.name != "objects"}
    defaults = {one.name: one.default for one in fields(cast(Any, survey))}
    changed = sorted(f"{name}={value!r}" for name, value in given.items() if value != defaults[name])
    return f" {hashlib.blake2b(repr(changed).encode(), digest_size=8).hexdigest()}" if changed else ""


def file_digest(path: str) -> str:
    """Stands for a file's content; of files above 256 MiB size, time and both ends are taken."""
    size = os.path.getsize(path)
    if size <= _BIG_FILE:
        with open(path, "rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()[:32]
    digest = hashlib.blake2b(f"{size} {os.stat(path).st_mtime_ns}".encode(), digest_size=16)
    with open(path, "rb") as stream:
        digest.update(stream.read(1 << 20))
        stream.seek(-(1 << 20), os.SEEK_END)
        digest.update(stream.read())
    return digest.hexdigest()


def read_sources(version: UPath) -> Sources:
    """What the version at `version` was made from.

    Raises
    ------
    InputError
        It was written by a version of this package that identified files otherwise: they would be taken for new.
    """
    content = content_of(version / _FILE)
    if content is None:
        return Sources()
    told = json.loads(content)
    if told.get("identity") != _IDENTITY:
        raise InputError(f"{version} was ingested by an older lcscale, which knew its files otherwise: ingest it anew")
    files = {path: FileStamp(*stamp) for path, stamp in told.get("files", {}).items()}
    return Sources(frozenset(told["parts"]), files, told.get("options"))


def write_sources(version: UPath, sources: Sources) -> None:
    """Write down, before it is published, what a version was made from."""
    files = {path: astuple(stamp) for path, stamp in sorted(sources.files.items())}
    told = {"identity": _IDENTITY, "options": sources.options, "parts": sorted(sources.parts), "files": files}
    (version / _FILE).write_text(json.dumps(told, indent=0))
