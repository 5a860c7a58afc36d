"""The HTML of the report: escaped text, tables, figures, sections, one page with its style inside."""

from __future__ import annotations

import os
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
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


def paragraph(text: str, kind: str = "") -> str:
    """Plain text as a paragraph."""
    return f"<p{_class(kind)}>{escape(text)}</p>\n"


def heading(text: str, note: str = "") -> str:
    """A heading within a section, with a remark behind it."""
    remark = f' <span class="tag">{escape(note)}</span>' if note else ""
    return f"<h3>{escape(text)}{remark}</h3>\n"


def figure(svg: str, caption: str) -> str:
    """A picture with its caption (plain text)."""
    return f"<figure>\n{svg}\n<figcaption>{escape(caption)}</figcaption>\n</figure>\n"


def table(headings: Sequence[str], rows: Sequence[Sequence[Any]], caption: str = "") -> str:
    """A table: numbers to the right, text to the left, nothing for None.

    Integers get separators; other numbers come as text, in the form wanted.
    """
    numeric = [all(_is_number(row[i]) for row in rows) for i in range(len(headings))]
    stacked = len(headings) > _MOST_COLUMNS
    lines = [f"<div class='wide{' stacked' if stacked else ''}'><table>"]
    if caption:
        lines.append(f"<caption>{escape(caption)}</caption>")
    cells = [f"<th{_class('number' if n else '')}>{escape(h)}</th>" for h, n in zip(headings, numeric, strict=True)]
    lines.append(f"<thead><tr>{''.join(cells)}</tr></thead><tbody>")
    for row in rows:
        names = [f' data-name="{escape(each)}"' if stacked else "" for each in headings]
        cells = [
            f"<td{_class(_kind(v, n))}{name}>{_cell(v)}</td>" for v, n, name in zip(row, numeric, names, strict=True)
        ]
        lines.append(f"<tr>{''.join(cells)}</tr>")
    return "\n".join([*lines, "</tbody></table></div>\n"])


def details(summary: str, body: str) -> str:
    """HTML that is folded away until somebody opens it."""
    return f"<details><summary>{escape(summary)}</summary>\n{body}</details>\n"


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
    links = "".join(f'<li><a href="#{s.anchor}">{escape(s.title)}</a></li>' for s in sections)
    numbers = "".join(
        f"<div><strong>{escape(value)}</strong><span>{escape(what)}</span></div>" for value, what in facts
    )
    parts = "".join(f'<section id="{s.anchor}">\n<h2>{escape(s.title)}</h2>\n{s.body}</section>\n' for s in sections)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>\n{css}</style>\n</head>\n<body>\n"
        f'<nav aria-label="Contents"><p>Contents</p><ol>{links}</ol></nav>\n<main>\n'
        f'<header><h1>{escape(title)}</h1>\n<p class="lead">{escape(lead)}</p>\n'
        f'<div class="facts">{numbers}</div></header>\n{parts}'
        f"<footer>{escape(foot)}</footer>\n</main>\n</body>\n</html>\n"
    )


def write_page(path: str | os.PathLike[str], text: str) -> Path:
    """Write a page whole or not at all, with the folders it lies in; returns its path."""
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_name(f".{uuid.uuid4().hex}")
    beside.write_text(text, encoding="utf-8")
    beside.replace(target)
    return target


def _class(name: str) -> str:
    return f' class="{name}"' if name else ""


def _kind(value: Any, numeric: bool) -> str:
    if numeric:
        return "number"
    return "long" if isinstance(value, str) and len(value) > _LONG else ""


def _is_number(value: Any) -> bool:
    """Numbers, and text that is nothing but a number."""
    if isinstance(value, str):
        return value.replace(",", "").replace(".", "", 1).lstrip("+-").isdigit()
    return value is None or isinstance(value, int | float)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, Link):
        return f'<a href="{escape(value.target)}" rel="noreferrer">{escape(value.text)}</a>'
    return escape(f"{value:,}") if isinstance(value, int) else escape(str(value))
