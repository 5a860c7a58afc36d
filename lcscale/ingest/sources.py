"""What a release is made of, and which of it a version holds already."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from typing import Any, cast

from upath import UPath

from lcscale.errors import InputError
from lcscale.surveys import Part, Problem, Survey

_FILE = "sources.json"
_BIG_FILE = 256 << 20
_IDENTITY = "sha256"
"""What `file_identity` is made by; raised with it."""


def part_identities(parts: Sequence[Part], problems: list[Problem], survey: Survey | None = None) -> dict[str, Part]:
    """The parts by what stands for their content, and for the options of the `survey` that they are read with.

    A part that equals another is left out and named.
    """
    options = "" if survey is None else _options(survey)
    paths = list(dict.fromkeys(part.path for part in parts))
    with ThreadPoolExecutor() as pool:
        files = dict(zip(paths, pool.map(file_identity, paths), strict=True))
    found: dict[str, Part] = {}
    for part in parts:
        identity = f"{files[part.path]} {part.kind} {part.start}:{part.stop} {part.stamp}{options}"
        if found.setdefault(identity, part) is not part:
            same = found[identity].path
            problems.append(Problem(part.path, f"the same as {same}: read once", set_aside=False))
    return found


def _options(survey: Survey) -> str:
    """Stands for the options that are not at their default; a list of objects counts by its content, not its path."""
    given = {one.name: getattr(survey, one.name) for one in fields(cast(Any, survey)) if one.name != "objects"}
    defaults = {one.name: one.default for one in fields(cast(Any, survey))}
    changed = sorted(f"{name}={value!r}" for name, value in given.items() if value != defaults[name])
    return f" {hashlib.blake2b(repr(changed).encode(), digest_size=8).hexdigest()}" if changed else ""


def file_identity(path: str) -> str:
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


def read_sources(version: UPath) -> set[str]:
    """Identities of the parts that the version at `version` was made from.

    Raises
    ------
    InputError
        It was written by a version of this package that identified files otherwise: they would be taken for new.
    """
    path = version / _FILE
    if not path.exists():
        return set()
    told = json.loads(path.read_text())
    if told.get("identity") != _IDENTITY:
        raise InputError(f"{version} was ingested by an older lcscale, which knew its files otherwise: ingest it anew")
    return set(told["parts"])


def write_sources(version: UPath, identities: Iterable[str]) -> None:
    """Write down, before it is published, what a version was made from."""
    (version / _FILE).write_text(json.dumps({"identity": _IDENTITY, "parts": sorted(identities)}, indent=0))
