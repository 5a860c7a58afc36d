"""The HTML of the report: escaped text, tables, figures, sections, one page with its style inside."""

from __future__ import annotations

import functools
import os
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

_MOST_COLUMNS = 4
"""Columns that a small screen has room for: the rows of wider tables are stacked there."""
_LONG = 34
"""Characters above which a cell of a table may be broken into lines."""


@dataclass(frozen=True)
class Link:
    """Text that leads somewhere, in a cell of a table."""

    text: str
    """What is read."""
    target: str
    """URL."""


@dataclass(frozen=True)
class Section:
    """A part of the page with a place in its table of contents."""

    title: str
    """Heading, plain text."""
    body: str
    """HTML."""

    @property
    def anchor(self) -> str:
        """Its name in links."""
        return "-".join("".join(c if c.isalnum() else " " for c in self.title.lower()).split())


@functools.cache
def _macros() -> Any:
    """The macros of `page.html`, which escape what they are given."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    loader = PackageLoader("lcscale.explore", "")
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined).get_template("page.html").module


def paragraph(text: str, kind: str = "") -> str:
    """Plain text as a paragraph."""
    return str(_macros().paragraph(text, kind))


def heading(text: str, note: str = "") -> str:
    """A heading within a section, with a remark behind it."""
    return str(_macros().heading(text, note))


def figure(svg: str, caption: str) -> str:
    """A picture with its caption (plain text)."""
    return str(_macros().figure(svg, caption))


def panels(pictures: Sequence[str]) -> str:
    """Small pictures (SVG) beside each other, as many as the screen has room for."""
    return str(_macros().panels(pictures))


def table(headings: Sequence[str], rows: Sequence[Sequence[Any]], caption: str = "") -> str:
    """A table: numbers to the right, text to the left, nothing for None.

    Integers get separators; other numbers come as text, in the form wanted.
    """
    numeric = [all(_is_number(row[i]) for row in rows) for i in range(len(headings))]
    heads = [{"text": text, "kind": "number" if number else ""} for text, number in zip(headings, numeric, strict=True)]
    cells = [[_cell(*each) for each in zip(row, headings, numeric, strict=True)] for row in rows]
    return str(_macros().table(heads, cells, caption, len(headings) > _MOST_COLUMNS))


def details(summary: str, body: str) -> str:
    """HTML that is folded away until somebody opens it."""
    return str(_macros().details(summary, body))


def page(title: str, lead: str, facts: Sequence[tuple[str, str]], sections: Sequence[Section], foot: str) -> str:
    """The whole page.

    Parameters
    ----------
    title, lead, foot
        Plain text.
    facts
        Large figures with what they count, below the title.
    sections
        In order.
    """
    css = resources.files("lcscale.explore").joinpath("report.css").read_text("utf-8")
    return str(_macros().page(title, lead, facts, sections, foot, css))


def write_page(path: str | os.PathLike[str], text: str) -> Path:
    """Write a page whole or not at all, with the folders it lies in; returns its path."""
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_name(f".{uuid.uuid4().hex}")
    beside.write_text(text, encoding="utf-8")
    beside.replace(target)
    return target


def _is_number(value: Any) -> bool:
    """Numbers, and text that is nothing but a number."""
    if isinstance(value, str):
        return value.replace(",", "").replace(".", "", 1).lstrip("+-").isdigit()
    return value is None or isinstance(value, int | float)


def _cell(value: Any, heading: str, numeric: bool) -> dict[str, str]:
    """What the table's macro is told of a cell."""
    link = value if isinstance(value, Link) else None
    shown = value.text if link else "" if value is None else f"{value:,}" if isinstance(value, int) else str(value)
    long = isinstance(value, str) and len(value) > _LONG
    kind = "number" if numeric else "long" if long else ""
    return {"text": shown, "target": link.target if link else "", "kind": kind, "heading": heading}
