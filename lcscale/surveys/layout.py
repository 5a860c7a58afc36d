"""How a text table is laid out, told from its first lines: what separates the fields, names, units, the first row."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

BLANKS = "blanks"
"""Stands for the delimiter of columns that are between runs of blanks or tabs."""

_DELIMITERS = ("\t", ",", ";", "|")
_SAMPLE = 100
_FIELDS_BETWEEN_BLANKS = re.compile(r'"[^"]*"|\S+')
_DATUM = re.compile(r"""^["']?[<>~]?\s*[+-]?(\d+([.,:\-+/TZ \d]*)([eEdD][+-]?\d+)?|\.\d+([eEdD][+-]?\d+)?)["']?$""")
_WORDS_OF_DATA = {"nan", "null", "none", "true", "false", "inf", "-inf", "\\n", "--", "n/a", "na"}
_DASHES = re.compile(r"^[\s|,;:+\t]*[-=]{2}[-=\s|,;:+\t]*$")
"""A line that is drawn: below the names, around a table, or between its rows."""
_MARKS = "%!"
"""What comments may begin with in place of ``#``, where the first line does."""
_CARD = re.compile(r"^#+\s*([A-Za-z_][^=:]*?)\s*[=:]\s*(\S.*?)\s*$")
_STATED_NULL = re.compile(r"^\s*(?:\[[^\]]*\]\s*)?\?=\s*(\S+)")
_DECIMAL_COMMA = re.compile(r"^\s*[+-]?\d+,\d+\s*$")
_PADDED_QUOTE = re.compile(r'(^|[,;|]) +"')
_NAME_AND_UNIT = re.compile(r"^(?:.*\S)\s*[\[(]\s*([^\])]+?)\s*[\])]$")
_UNIT_NAMES = """
deg degree degrees radian radians rad arcmin arcsec mas uas h hr hrs hour hours h:m:s d:m:s pix pixel s sec
min d day days yr year mjd jd mag mmag dex jy mjy ujy njy nmgy km/s m/s mas/yr arcsec/yr pc kpc k l_sun m_sun r_sun
nm um cm electron/s e-/s adu count counts
"""
_UNITS = frozenset(_UNIT_NAMES.split())


@dataclass(frozen=True)
class TextLayout:
    """What the first lines of a text say about all of it."""

    delimiter: str
    """Between fields; `BLANKS` for runs of blanks."""
    names: tuple[str, ...] = ()
    """Names of the columns; none where no line has them."""
    skip: int = 0
    """Lines before the first row."""
    width: int = 0
    """Fields of a row."""
    units: Mapping[str, str] = field(default_factory=dict)
    """Units of those columns for which a line states one."""
    texts: frozenset[str] = frozenset()
    """Columns that the comments declare to be text."""
    nulls: Mapping[str, str] = field(default_factory=dict)
    """What stands for no value, by column, where the comments state it."""
    decimal_comma: bool = False
    """Whether numbers have a comma for a decimal point."""
    comments: bool = False
    """Whether comment lines stand among the rows."""
    padded_quotes: bool = False
    """Whether blanks stand before quoted fields."""
    spans: tuple[int, ...] = ()
    """Where the columns begin, of text whose columns are told by their place in the line."""
    ruled: bool = False
    """Whether drawn lines may stand among the rows."""
    mark: str = "#"
    """What comments begin with."""
    descriptions: Mapping[str, str] = field(default_factory=dict)
    """What the comments say of columns."""
    cards: Mapping[str, str] = field(default_factory=dict)
    """What comments say once for all rows: ``# ra = 10.5``."""
    tables: int = 1
    """Tables that stand one behind the other, as far as the first lines show; the first is read."""
    first_row: str = ""
    """The first line behind comments, for messages."""


def fields_of(line: str, delimiter: str) -> list[str]:
    """The fields of a line, without the blanks around them."""
    if delimiter == BLANKS:
        return [one.strip('"').removesuffix(",") for one in _FIELDS_BETWEEN_BLANKS.findall(line)]
    try:
        fields = next(csv.reader([line], delimiter=delimiter, skipinitialspace=True), [])
    except csv.Error:  # a field of more than 128 kB, as arrays in cells may be
        fields = line.split(delimiter)
    return [one.strip() for one in fields]


def text_layout(lines: Sequence[str], delimiter: str | None = None, hint: str = ",") -> TextLayout | None:
    """The layout of a text that begins with `lines`; None where they are no table.

    Parameters
    ----------
    lines
        Whole lines from the start of the file.
    delimiter
        What separates the fields, where it is known.
    hint
        What separates them where the lines allow more than one answer: what the file's ending says.
    """
    mark = next((line[0] for line in lines if line.strip()), "#")
    if mark in _MARKS:
        found = text_layout([f"#{line[1:]}" if line.startswith(mark) else line for line in lines], delimiter, hint)
        return None if found is None else replace(found, mark=mark, comments=True)
    first = next((i for i, line in enumerate(lines) if line.strip() and not line.startswith("#")), len(lines))
    body = [i for i in range(first, len(lines)) if lines[i].strip() and not lines[i].startswith("#")]
    if not body:
        return None
    if len(body) > 1 and _DASHES.match(lines[body[0]]):  # the upper side of a box
        body = body[1:]
    dashes = next((k for k in (1, 2) if len(body) > k and _DASHES.match(lines[body[k]])), None)
    if dashes is not None:
        return _ruled(lines, body, dashes)
    sample = [lines[i] for i in body[:_SAMPLE]]
    chosen = delimiter or _delimiter(sample, hint)
    if chosen is None:
        return None
    behind_first = [line for line in lines[first:] if line.startswith("#")]
    rows = [fields_of(line, chosen) for line in sample[:3]]
    marked = _marked_names(lines[:first], rows[0], chosen)
    if marked is not None:
        names, units = marked
        return _layout(chosen, names, first, units, lines[:first], sample, behind_first)
    if len(rows) > 1 and not _is_header(rows[0], rows[1]):
        return _layout(chosen, [], first, {}, lines[:first], sample, behind_first)
    if len(rows) == 1 and any(map(_is_datum, rows[0])):
        return _layout(chosen, [], first, {}, lines[:first], sample, behind_first)
    behind = 1
    units = {}
    if len(rows) == 3 and _are_units(rows[1]) and any(map(_is_datum, rows[2])):
        units, behind = _named_units(rows[0], rows[1]), 2
    skip = body[behind] if len(body) > behind else body[behind - 1] + 1
    spans = _spans(sample[0], sample[behind:]) if chosen == BLANKS and not units else ()
    return _layout(chosen, rows[0], skip, units, lines[:first], sample[behind:], behind_first, spans)


def _layout(
    delimiter: str,
    names: Sequence[str],
    skip: int,
    units: Mapping[str, str],
    comments: Sequence[str],
    rows: Sequence[str],
    behind: Sequence[str],
    spans: Sequence[int] = (),
    ruled: bool = False,
) -> TextLayout:
    parts = [cut(row, spans) if spans else fields_of(row, delimiter) for row in rows]
    widths = Counter(len(part) for part in parts)
    width = widths.most_common(1)[0][0] if widths else len(names)
    units = _units_in_names(names) | dict(units)
    unique = _unique(names)
    texts, nulls, descriptions = _declared(comments)
    if delimiter == "|" and len(unique) > 2 and not names[0] and not names[-1]:  # bars at both ends of every line
        unique = ("", *unique[1:-1], "")
    elif unique and width == len(unique) + 1 and all(part[-1] == "" for part in parts if len(part) == width):
        unique = (*unique, "")
    elif unique and width == len(unique) + 1 and len({part[0] for part in parts}) == len(parts):
        unique = ("index", *unique)  # as R and pandas write tables: rows have names, each its own, their column none
    return TextLayout(
        delimiter=delimiter,
        names=unique,
        skip=skip,
        width=width,
        units={name: unit for name, unit in units.items() if name in unique},
        texts=frozenset(name for name in texts if name in unique),
        nulls={name: value for name, value in nulls.items() if name in unique},
        decimal_comma=delimiter in (";", "\t") and any(_DECIMAL_COMMA.match(one) for part in parts for one in part),
        comments=any(line.startswith("#") for line in behind),
        spans=tuple(spans),
        ruled=ruled,
        descriptions={name: value for name, value in descriptions.items() if name in unique},
        cards={found[1]: found[2] for line in reversed(comments) if (found := _CARD.match(line))},
        padded_quotes=delimiter in ",;|" and any(_PADDED_QUOTE.search(row) for row in rows),
        tables=1 + sum(line.startswith("#Table\t") for line in behind),
        first_row=rows[0] if rows else "",
    )


def _units_in_names(names: Sequence[str]) -> dict[str, str]:
    """Units that stand behind names, in brackets: ``ra [hours]``."""
    found = {name: match[1] for name in names if (match := _NAME_AND_UNIT.match(name))}
    return {name: unit for name, unit in found.items() if unit.lower() in _UNITS}


def _unique(names: Sequence[str]) -> tuple[str, ...]:
    """The names, each once: those without one are called by their place, repeated ones get a number."""
    found: dict[str, None] = {}
    for place, name in enumerate(names, 1):
        plain = name or f"col{place}"
        number, candidate = 2, plain
        while candidate in found:
            candidate, number = f"{plain}_{number}", number + 1
        found[candidate] = None
    return tuple(found)


def _delimiter(sample: Sequence[str], hint: str) -> str | None:
    """What separates the fields of most lines into the same number, more than one; `hint` where nothing does."""
    scores: dict[str, tuple[float, int, int]] = {}
    for delimiter in (*_DELIMITERS, BLANKS):
        counts = [len(fields_of(line, delimiter)) for line in sample]
        width, often = Counter(counts).most_common(1)[0]
        share = often / len(counts)
        if width > 1 and (counts[0] in (width, width - 1) or share >= 0.8) and share >= 0.5:
            scores[delimiter] = (round(share, 1), int(delimiter == hint), width)
    explicit = {one: score for one, score in scores.items() if one != BLANKS}
    if explicit:
        return max(explicit, key=lambda one: explicit[one])
    if BLANKS in scores:
        return BLANKS
    if all(" " not in line.strip() and not any(one in line for one in _DELIMITERS) for line in sample):
        return hint
    counts = [len(fields_of(line, hint)) for line in sample]
    return hint if counts[0] > 1 and hint != BLANKS else None


def _is_datum(text: str) -> bool:
    return bool(_DATUM.match(text)) or text.lower() in _WORDS_OF_DATA


def _is_header(first: Sequence[str], second: Sequence[str]) -> bool:
    """Whether `first` holds names: nothing in it is a number, or where it has some the next line has none."""
    if list(first) == [str(i) for i in range(len(first))]:
        return True
    data = [i for i, text in enumerate(first) if _is_datum(text)]
    if not data:
        return True
    later = [i for i, text in enumerate(second) if _is_datum(text)]
    return len(data) * 2 < len(first) and any(i not in data for i in later) and len(later) > len(data)


def _marked_names(
    comments: Sequence[str], row: Sequence[str], delimiter: str
) -> tuple[list[str], dict[str, str]] | None:
    """Names in the last comment with as many fields as `row` has, and the units of a comment behind it."""
    if len(row) < 2 or not any(map(_is_datum, row)):
        return None
    candidates = []
    for line in reversed(comments[-3:]):
        if not line.strip():
            continue
        found = fields_of(line.lstrip("#").strip(), delimiter)
        if len(found) != len(row):
            break
        candidates.append(found)
    if len(candidates) > 1 and _are_units(candidates[0]) and not any(map(_is_datum, candidates[1])):
        return candidates[1], _named_units(candidates[1], candidates[0])
    if candidates and all(candidates[0]) and not any(map(_is_datum, candidates[0])):
        return candidates[0], {}
    return None


def _are_units(fields: Sequence[str]) -> bool:
    plain = [_bare_unit(one) for one in fields if _bare_unit(one)]
    return bool(plain) and all(one.lower() in _UNITS or one.startswith("log(") for one in plain)


def _bare_unit(text: str) -> str:
    return "" if text.strip() in ("-", "---") else text.strip().strip("()[]\"'")


def _named_units(names: Sequence[str], units: Sequence[str]) -> dict[str, str]:
    return {name: _bare_unit(unit) for name, unit in zip(names, units, strict=False) if _bare_unit(unit)}


def _ruled(lines: Sequence[str], body: Sequence[int], dashes: int) -> TextLayout:
    """A table whose names stand above a line of dashes, the units between them (VizieR's asu-tsv, psql)."""
    rule = lines[body[dashes]]
    delimiter = next((one for one in (*_DELIMITERS, "+") if one in rule), BLANKS)
    delimiter = "|" if delimiter == "+" else delimiter
    spans = [found.start() for found in re.finditer(r"[-=]+", rule)] if delimiter == BLANKS else []
    names, second = (cut(lines[i], spans) if spans else fields_of(lines[i], delimiter) for i in body[:2])
    units = _named_units(names, second) if dashes == 2 else {}
    end = next((i for i in range(body[0], len(lines)) if lines[i].startswith("#Table\t")), len(lines))
    rows = [lines[i] for i in body[dashes + 1 : dashes + 1 + _SAMPLE] if i < end and not _DASHES.match(lines[i])]
    comments = [line for line in lines[: body[0]] if line.startswith("#")]
    behind = [line for line in lines[body[0] :] if line.startswith("#")]
    return _layout(delimiter, names, body[dashes] + 1, units, comments, rows, behind, spans, ruled=True)


def cut(line: str, spans: Sequence[int]) -> list[str]:
    """The fields of a line whose columns begin at `spans`."""
    ends = [*spans[1:], None]
    return [line[0 if not i else start : end].strip() for i, (start, end) in enumerate(zip(spans, ends, strict=True))]


def _spans(header: str, rows: Sequence[str]) -> tuple[int, ...]:
    """Where columns begin that stand one below the other, where blanks in values leave no other way to tell them."""
    names = len(header.split())
    if all(len(row.split()) == names for row in rows):
        return ()
    width = max(map(len, (header, *rows)))
    blank = [all(line[i : i + 1] in ("", " ") for line in (header, *rows)) for i in range(width)]
    starts = [i for i in range(width) if not blank[i] and (i == 0 or blank[i - 1])]
    return tuple(starts) if len(starts) == names and all(cut(header, starts)) else ()


def _declared(comments: Sequence[str]) -> tuple[set[str], dict[str, str], dict[str, str]]:
    """Texts, nulls and descriptions that VizieR's comments declare: ``#Column name (A10) ?=-9 meaning [ucd=…]``."""
    texts: set[str] = set()
    nulls: dict[str, str] = {}
    descriptions: dict[str, str] = {}
    for line in comments:
        parts = [part.strip() for part in line.split("\t")]
        if parts[0] != "#Column" or len(parts) < 3:
            continue
        _, name, form, *meaning = parts
        if form.startswith("(A") or form.startswith("(a"):
            texts.add(name)
        stated = _STATED_NULL.match(meaning[0]) if meaning else None
        if stated:
            nulls[name] = stated[1]
        if meaning:
            descriptions[name] = re.sub(r"^\s*(\[[^\]]*\]\s*)?(\?(=\S+)?\s+)?", "", meaning[0])
    return texts, nulls, descriptions
