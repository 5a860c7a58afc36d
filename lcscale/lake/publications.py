"""When which version of a lake entry became the current one: a line for each publication, in a file of the entry."""

from __future__ import annotations

import datetime
import json
import time
from dataclasses import dataclass

from upath import UPath

from lcscale.lake.collection import current_version
from lcscale.lake.storage import content_of, replace_file, stamp

FILE = "publications.jsonl"


@dataclass(frozen=True)
class Publication:
    """A version that became the current one."""

    at: float
    """Unix time; later than that of the publication before, whatever the clock said."""
    version: str
    """Name of the version."""

    @property
    def date(self) -> str:
        """The time in words, UTC."""
        return datetime.datetime.fromtimestamp(self.at, datetime.UTC).strftime("%Y-%m-%d %H:%M:%S")


def note_publication(entry: UPath, version: str) -> None:
    """Write down that `version` is current now; what a killed writer did not write down stands before it."""
    path = entry / FILE
    for _ in range(5):
        seen = stamp(path)
        told = _read(entry)
        if told and told[-1].version == version:
            return
        at = max([time.time(), *(each.at + 1e-6 for each in told[-1:])])
        lines = [json.dumps({"at": each.at, "version": each.version}) for each in [*told, Publication(at, version)]]
        if replace_file(path, "".join(f"{line}\n" for line in lines).encode(), seen):
            return


def publications(entry: UPath) -> list[Publication]:
    """All publications of the entry, the first one first; of versions of before, when their metadata were written."""
    told, current = _read(entry), current_version(entry)
    if current is not None and (not told or told[-1].version != current):
        after = [each.at + 1e-6 for each in told[-1:]]
        told.append(Publication(max([_created(entry / current), *after]), current))
    known = {each.version for each in told}
    first = told[0].at if told else 0.0
    older = [
        Publication(created, folder.parent.name)
        for folder in entry.glob("v*-*/hats.properties")
        if folder.parent.name not in known and (created := _created(folder.parent)) < first
    ]
    return [*sorted(older, key=lambda each: (each.at, each.version)), *told]


def _read(entry: UPath) -> list[Publication]:
    content = content_of(entry / FILE)
    return [Publication(**json.loads(line)) for line in (content or b"").decode().splitlines() if line]


def _created(version: UPath) -> float:
    """When the metadata of a version were written, from its properties; now where they do not tell."""
    lines = (content_of(version / "hats.properties") or b"").decode().splitlines()
    told = next((line.split("=", 1)[1].strip() for line in lines if line.startswith("hats_creation_date")), "")
    try:
        date = datetime.datetime.strptime(told.removesuffix("UTC").replace("\\", ""), "%Y-%m-%dT%H:%M")
    except ValueError:
        return time.time()
    return date.replace(tzinfo=datetime.UTC).timestamp()
