"""A pipeline's file, read strictly: its entries, and one line that points at the place of a mistake."""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lcscale.errors import InputError
from lcscale.lake.draft import is_name
from lcscale.refresh.kinds import FILE_KEYS, KEPT, SECTIONS, Form, Kind


@dataclass(frozen=True)
class Entry:
    """One catalog or table of a pipeline."""

    name: str
    """Name in the lake."""
    section: str
    """``catalogs`` or ``tables``."""
    word: str
    """The key that tells its kind."""
    values: Mapping[str, Any]
    """What stands in the file."""
    file: Path
    """The file."""
    lines: Mapping[str, int]
    """Number of the line of each key, and of the table itself (an empty key), as far as they are found."""

    @property
    def place(self) -> str:
        """Where it stands: the file, the line, and the table."""
        return self.at("")

    def at(self, key: str) -> str:
        """Where `key` stands, with the line."""
        line = self.lines.get(key, self.lines.get(""))
        where = f"{self.file}:{line}" if line is not None else str(self.file)
        return f"{where}: [{self.section}.{self.name}]{f' {key}' if key else ''}"

    @property
    def kind(self) -> Kind:
        """Its kind."""
        return SECTIONS[self.section][self.word]

    @property
    def sources(self) -> tuple[str, ...]:
        """Names of the catalogs that it is made from, each once."""
        found = (name for key in self.kind.sources for name in _names_in(self.values.get(key)))
        return tuple(dict.fromkeys(found))

    def path(self, text: str) -> str:
        """`text` as a path seen from the file; a URL as it is."""
        return text if "://" in text else os.path.normpath(self.file.absolute().parent / text)

    def wrong(self, key: str, what: object) -> InputError:
        """The error that says `what` is wrong with `key`."""
        return InputError(f"{self.at(key)}: {what}")


@dataclass(frozen=True)
class Declared:
    """What a pipeline's file says."""

    path: Path
    """The file."""
    lake: str
    """Folder or URL of the lake."""
    entries: Mapping[str, Entry]
    """The catalogs and tables by name, as they stand."""
    retention: Mapping[str, float]
    """`keep` and `keep_days`, where all entries have them."""


def read_entries(path: str | os.PathLike[str]) -> Declared:
    """Read the file at `path`.

    Raises
    ------
    InputError
        It is not there, is no TOML, or something in it is unknown or does not fit: one line, with file, table and key.
    """
    file = Path(path)
    try:
        text = file.read_text(encoding="utf-8")
        said = tomllib.loads(text)
    except FileNotFoundError:
        raise InputError(f"no pipeline at {file}") from None
    except IsADirectoryError:
        raise InputError(f"{file} is a folder, no pipeline") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{file}: no text in UTF-8 ({error})") from None
    except tomllib.TOMLDecodeError as error:
        twice = "; two writers of one name?" if "twice" in str(error) or "overwrite" in str(error) else ""
        raise InputError(f"{file}: {error}{twice}") from None
    _check_keys(lambda key: f"{file}:{line_of(text, '', key) or 1}: {key}", said, FILE_KEYS)
    if "lake" not in said:
        raise InputError(f'{file}: no lake; add a line such as lake = "s3://survey/lake"')
    entries: dict[str, Entry] = {}
    for section in SECTIONS:
        for name, values in said.get(section, {}).items():
            entry = _entry(file, section, name, values, text)
            if name in entries:
                raise InputError(
                    f"{entry.place}: two writers of one name: [{entries[name].section}.{name}] is there too"
                )
            entries[name] = entry
    if not entries:
        raise InputError(f"{file}: no [catalogs.…] and no [tables.…]: there is nothing to make")
    lake = said["lake"] if "://" in said["lake"] else os.path.normpath(file.absolute().parent / said["lake"])
    return Declared(file, lake, entries, {key: said[key] for key in KEPT if key in said})


def _entry(file: Path, section: str, name: str, values: Any, text: str) -> Entry:
    kinds = SECTIONS[section]
    told = values if isinstance(values, dict) else {}
    found = {key: line_of(text, f"{section}.{name}", key) for key in ("", *told)}
    entry = Entry(name, section, "", told, file, {key: line for key, line in found.items() if line is not None})
    place = entry.place
    if not isinstance(values, dict):
        raise InputError(f"{place}: must be a table, not {values!r}")
    if not is_name(name):
        raise InputError(f"{place}: {name!r} cannot be a name in a lake: use letters, digits, '_', '-' and '.'")
    word = next((word for word in kinds if word in values), None)
    if word is None:
        raise InputError(f"{place}: says not how it is made; give one of {', '.join(kinds)}{_meant(values, kinds)}")
    entry = replace(entry, word=word)
    kind = entry.kind
    known = {**kind.keys, **(KEPT if kind.writes else {})}
    _check_keys(entry.at, values, known, among=word, others=kind.has_options)
    for key in kind.required:
        if key not in values:
            raise InputError(f"{place}: {word} needs {key}")
    return entry


def _check_keys(
    at: Callable[[str], str],
    values: Mapping[str, Any],
    known: Mapping[str, Form],
    *,
    among: str = "",
    others: bool = False,
) -> None:
    for key, value in values.items():
        if key not in known:
            if others:
                continue
            of = f"of {among} " if among else ""
            raise InputError(f"{at(key)}: no such key {of}(there are {', '.join(known)}){_meant([key], known)}")
        if not known[key].fits(value):
            raise InputError(f"{at(key)}: must be {known[key].words}, not {value!r}")


def line_of(text: str, table: str, key: str) -> int | None:
    """Number of the line on which `key` of a TOML table (empty: the file itself) stands; of the table for no key.

    Examples
    --------
    >>> line_of('lake = "l"|[catalogs.a]|select = "b"'.replace("|", chr(10)), "catalogs.a", "select")
    3
    """
    current, name = "", re.compile(rf"""\s*["']?{re.escape(key)}["']?\s*=""")
    for number, line in enumerate(text.splitlines(), 1):
        if head := re.match(r"\s*\[\[?([^\]]+)\]", line):
            current = re.sub(r"""[\s"']""", "", head[1])
        if current == table and (bool(head) if not key else not head and name.match(line)):
            return number
    return None


def _meant(given: Collection[str], known: Collection[str]) -> str:
    """What a misspelt word may have meant."""
    close = [match for each in given for match in difflib.get_close_matches(each, known, 1)]
    return f"; did you mean {close[0]}?" if close else ""


def _names_in(value: Any) -> Iterator[str]:
    """Names of catalogs in the value of a key: a name, a list of them, or definitions."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        yield from value
    elif isinstance(value, dict):
        for each in value.values():
            if isinstance(each, str):
                yield each
            elif "catalog" in each:
                yield each["catalog"]


def in_order(entries: Mapping[str, Entry], outside: Collection[str]) -> list[Entry]:
    """The entries, each behind those that it is made from.

    Parameters
    ----------
    entries
        By name.
    outside
        Names that are there without an entry.

    Raises
    ------
    InputError
        A name is unknown, or a circle: with the place.
    """
    ordered: dict[str, Entry] = {}

    def visit(entry: Entry, way: tuple[str, ...]) -> None:
        if entry.name in way:
            circle = [*way[way.index(entry.name) :], entry.name]
            raise InputError(f"{entry.place}: a circle: {' is made from '.join(circle)}")
        if entry.name in ordered:
            return
        for key in entry.kind.sources:
            for name in _names_in(entry.values.get(key)):
                source = entries.get(name)
                if source is not None and source.section == "tables":
                    raise entry.wrong(key, f"{name} is a table without positions, and a catalog is wanted")
                if source is not None:
                    visit(source, (*way, entry.name))
                elif name not in outside:
                    known = ", ".join(dict.fromkeys([*entries, *outside]))
                    raise entry.wrong(
                        key,
                        f"no catalog {name!r} in this file or in the lake; there are {known}"
                        f"{_meant([name], [*entries, *outside])}",
                    )
        ordered[entry.name] = entry

    for entry in entries.values():
        visit(entry, ())
    return list(ordered.values())
