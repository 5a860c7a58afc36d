"""How the report's pictures look, and how they become inline SVG."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

INK = "#1f2933"
FAINT = "#8a94a0"
GRID = "#dfe4ea"
ACCENT = "#2a5d8f"
PALE = "#b9cde0"
WARM = "#c8553d"
SERIES = (ACCENT, WARM, "#3c8d5f", "#8d6bb0", "#b7892b", "#4aa3b5", "#6b7280")
"""Colours of series that stand beside each other."""
BANDS = {
    "u": "#5b4ea8", "B": "#3b6fb6", "b": "#3b6fb6", "g": "#3c8d5f", "BP": "#3b6fb6", "V": "#3c8d5f", "CV": "#3c8d5f",
    "G": INK, "r": "#c8553d", "R": "#c8553d", "i": "#8c3b2f", "RP": "#c8553d", "I": "#8c3b2f", "z": "#5f2a24",
    "y": "#3a2a28",
}  # fmt: skip
"""Colour of each band."""
_STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 9.0,
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 9.5,
    "axes.titlelocation": "left",
    "axes.titlecolor": INK,
    "text.color": INK,
    "text.parse_math": False,
    "xtick.color": FAINT,
    "ytick.color": FAINT,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.major.width": 0.7,
    "ytick.major.width": 0.7,
    "legend.frameon": False,
    "legend.fontsize": 8.0,
    "axes.unicode_minus": True,
    "figure.dpi": 100,
    "savefig.dpi": 220,
    "svg.fonttype": "none",
}


@contextmanager
def style() -> Iterator[None]:
    """Context in which figures are made and drawn; nothing of the caller's matplotlib changes."""
    import matplotlib

    with matplotlib.rc_context(_STYLE), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        yield


def new_figure(width: float, height: float, **options: Any) -> Any:
    """An empty figure of a size in inches, drawn without any window."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout=options.pop("layout", "constrained"), **options)


def as_svg(figure: Any, name: str, description: str) -> str:
    """The figure as an inline ``<svg>`` element; the same bytes for the same figure.

    Parameters
    ----------
    figure
        A matplotlib figure.
    name
        Different for every figure of a page: the SVG's inner references are made of it.
    description
        What a screen reader says.
    """
    from html import escape

    import matplotlib

    stream = io.StringIO()
    with matplotlib.rc_context({"svg.hashsalt": name}):
        figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None})
    text = stream.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r"<defs>\s*<style.*?</style>\s*</defs>", "", text, flags=re.DOTALL)  # it would style the whole page
    text = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", text, count=1)
    text = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", text, count=1)
    width = round(figure.get_figwidth() * 96)
    look = f"max-width:{width}px;stroke-linejoin:round;stroke-linecap:butt"
    return text.replace("<svg", f'<svg role="img" aria-label="{escape(description)}" style="{look}"', 1)
