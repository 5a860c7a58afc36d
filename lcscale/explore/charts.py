"""Charts of one star as inline SVG, written directly: dots, lines and bars on axes, a millisecond each.

Text keeps a readable size on small screens: the style sheet enlarges it there and leaves out every other number.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

import numpy as np
import numpy.typing as npt

from lcscale.explore.drawing import FAINT, INK

Floats = npt.NDArray[np.float64]
Range = tuple[float, float]

_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
_LEFT, _RIGHT, _BOTTOM = 62, 14, 40
_WIDE = 900
"""Pixels from which on a chart has the whole width of the page."""


def ticks(low: float, high: float, most: int = 7) -> tuple[list[float], int]:
    """Round numbers from `low` to `high`, at most `most`, and the decimals they need.

    Examples
    --------
    >>> ticks(14.93, 15.42, 6)
    ([15.0, 15.1, 15.2, 15.3, 15.4], 1)
    """
    least = (high - low) / most
    if not least > 0 or not math.isfinite(least):
        return [low], 2
    scale = 10.0 ** math.floor(math.log10(least))
    step = next(each for each in _STEPS if each * scale >= least * (1 - 1e-9)) * scale
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    decimals += round(step, decimals) != round(step, decimals + 2)
    first = math.ceil(low / step - 1e-9)
    found = [round(k * step, decimals) for k in range(first, math.floor(high / step + 1e-9) + 1)]
    return found[: most + 1], decimals


@dataclass
class Panel:
    """A pair of axes within a chart."""

    left: float
    top: float
    width: float
    height: float
    x: Range
    """What lies at the left and at the right edge."""
    y: Range
    """What lies at the lower and at the upper edge: of magnitudes the larger is below."""
    parts: list[str] = field(default_factory=list)

    def place(self, x: npt.ArrayLike, y: npt.ArrayLike) -> tuple[Floats, Floats]:
        """Where values lie in the chart."""
        across = (np.asarray(x, np.float64) - self.x[0]) / (self.x[1] - self.x[0])
        up = (np.asarray(y, np.float64) - self.y[0]) / (self.y[1] - self.y[0])
        return self.left + self.width * across, self.top + self.height * (1 - up)

    def dots(self, x: npt.ArrayLike, y: npt.ArrayLike, colour: str, size: float = 3.4) -> None:
        """Round dots; those outside are left out."""
        across, down = self.place(x, y)
        inside = (across >= self.left) & (across <= self.left + self.width)
        inside &= (down >= self.top) & (down <= self.top + self.height)
        path = "".join(
            f"M{a:.1f} {b:.1f}h0" for a, b in zip(across[inside].tolist(), down[inside].tolist(), strict=True)
        )
        style = f'stroke="{colour}" stroke-width="{size}" stroke-linecap="round" stroke-opacity="0.75"'
        self.parts.append(f'<path d="{path}" fill="none" {style}/>')

    def error_bars(self, x: npt.ArrayLike, y: Floats, error: Floats, colour: str) -> None:
        """Bars from one error below to one above, cut at the edges."""
        across, low = self.place(x, y - error)
        _, high = self.place(x, y + error)
        low, high = (np.clip(each, self.top, self.top + self.height) for each in (low, high))
        ends = zip(across.tolist(), low.tolist(), high.tolist(), strict=True)
        path = "".join(f"M{a:.1f} {b:.1f}V{c:.1f}" for a, b, c in ends)
        self.parts.append(f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="1"/>')

    def line(self, x: npt.ArrayLike, y: npt.ArrayLike, colour: str) -> None:
        """A line through the values."""
        across, down = self.place(x, y)
        path = "L".join(f"{a:.1f} {b:.1f}" for a, b in zip(across.tolist(), down.tolist(), strict=True))
        self.parts.append(f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="0.8"/>')

    def mark(self, x: float, colour: str, dashes: str = "") -> None:
        """A vertical line at `x`."""
        across = float(self.place(x, self.y[0])[0])
        shape = f'x1="{across:.1f}" x2="{across:.1f}" y1="{self.top}" y2="{self.top + self.height}"'
        self.parts.append(f'<line {shape} stroke="{colour}" stroke-width="1" stroke-dasharray="{dashes}"/>')

    def text(self, x: float, y: float, text: str, **attributes: str) -> None:
        """Text at a place of the chart, pixels; `text_anchor` and the like as attributes."""
        said = "".join(f' {name.replace("_", "-")}="{value}"' for name, value in attributes.items())
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}"{said}>{escape(text)}</text>')

    def legend(self, names: Sequence[tuple[str, str]]) -> None:
        """Names with dots of their colours, above the panel at its right."""
        parts = (f'<tspan fill="{colour}"> ● </tspan>{escape(name)}' for name, colour in names)
        self.parts.append(f'<text x="{self.left + self.width:.1f}" y="14" text-anchor="end">{" ".join(parts)}</text>')

    def axes(self, xlabel: str, ylabel: str, *, numbers: bool = True) -> None:
        """Lines at the left and below, with numbers (below if asked) and labels."""
        bottom, right = self.top + self.height, self.left + self.width
        lines = f"M{self.left} {self.top}V{bottom}" + f"H{right}"
        found, decimals = ticks(min(self.x), max(self.x), 10)
        for number, value in enumerate(found):
            across = float(self.place(value, self.y[0])[0])
            lines += f"M{across:.1f} {bottom}v4"
            if numbers:
                self._number(across, bottom + 16, f"{value:.{decimals}f}", number, "middle")
        found, decimals = ticks(min(self.y), max(self.y), max(2, int(self.height / 32)))
        for number, value in enumerate(found):
            down = float(self.place(self.x[0], value)[1])
            lines += f"M{self.left} {down:.1f}h-4"
            self._number(self.left - 7, down + 4, f"{value:.{decimals}f}", number, "end")
        self.parts.append(f'<path d="{lines}" fill="none" stroke="{FAINT}" stroke-width="0.8"/>')
        if xlabel:
            self.text(self.left + self.width / 2, bottom + 33, xlabel, text_anchor="middle")
        turned = f"rotate(-90 14 {self.top + self.height / 2:.1f})"
        self.text(14, self.top + self.height / 2, ylabel, text_anchor="middle", transform=turned)

    def _number(self, x: float, y: float, text: str, number: int, anchor: str) -> None:
        attributes = {"text_anchor": anchor} | ({"class": "odd"} if number % 2 else {})
        self.text(x, y, text, **attributes)


class Chart:
    """A picture of panels below each other.

    Parameters
    ----------
    width, height
        Pixels.
    description
        What a screen reader says.
    """

    def __init__(self, width: int, height: int, description: str) -> None:
        self.width, self.height, self.description = width, height, description
        self.panels: list[Panel] = []

    def panel(self, x: Range, y: Range, top: float = 10, height: float | None = None) -> Panel:
        """A panel over the width of the chart; without a height down to the numbers below it."""
        tall = self.height - top - _BOTTOM if height is None else height
        self.panels.append(Panel(_LEFT, top, self.width - _LEFT - _RIGHT, tall, x, y))
        return self.panels[-1]

    def svg(self) -> str:
        """The chart as an inline element."""
        parts = "\n".join(part for panel in self.panels for part in panel.parts)
        narrow = f' style="max-width:{self.width}px"' if self.width < _WIDE else ""
        return (
            f'<svg class="chart" role="img" aria-label="{escape(self.description)}" xmlns="http://www.w3.org/2000/svg" '
            f'viewBox="0 0 {self.width} {self.height}"{narrow} fill="{INK}">\n{parts}\n</svg>'
        )


def wide(values: Sequence[float] | Floats, share: float = 0.03) -> Range:
    """The range of values with some space at both ends; one that has a width, whatever they are."""
    low, high = (float(min(values)), float(max(values))) if len(values) else (0.0, 1.0)
    pad = max(share * (high - low), 1e-6 * max(1.0, abs(low)))
    return low - pad, high + pad
