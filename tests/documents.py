"""The commands and snippets of a document in Markdown, and what it says they print."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
DOCUMENTS = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SPENT = re.compile(r"in [\d.]+ s \([^)]*\)")
_VERSION = re.compile(r"\bv\d*-[0-9a-f]{6,}")


@dataclass(frozen=True)
class Command:
    """A command as it is printed behind ``$``."""

    text: str
    """One line, without a remark behind it."""
    prints: tuple[str, ...]
    """The lines printed below it."""


def blocks(path: Path, kind: str) -> list[str]:
    """The fenced blocks of a kind (``console``, ``python``), in order."""
    return [body for found, body in _FENCE.findall(path.read_text("utf-8")) if found == kind]


def commands(path: Path) -> list[Command]:
    """All commands of a document, in order."""
    found: list[tuple[str, list[str]]] = []
    for body in blocks(path, "console"):
        for line in body.replace("\\\n", " ").splitlines():
            if line.startswith("$ "):
                found.append((re.sub(r"\s{2,}# .*$", "", line[2:]).strip(), []))
            elif found:
                found[-1][1].append(line)
    return [Command(text, tuple(prints)) for text, prints in found]


def prints_alike(said: str, printed: str) -> bool:
    """Whether a line that a document shows is among those printed, but for seconds, versions, and what ``…`` is for."""
    said, printed = (_VERSION.sub("v…", _SPENT.sub("in …", text)) for text in (said, printed))
    said = re.sub(r"\bv\d*-…", "v…", said).rstrip()
    pattern = ".*".join(re.escape(part) for part in said.split("…"))
    return any(re.fullmatch(pattern, line.rstrip()) for line in printed.splitlines())
