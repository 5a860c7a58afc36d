"""The pictures of one object: its light curve, its periodogram, what a network saw of it and where it looked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from lcscale.explore.charts import Chart, wide
from lcscale.explore.drawing import ACCENT, BANDS, FAINT, INK, PALE, SERIES, WARM, as_svg, new_figure, style
from lcscale.lightcurves import LightCurves

if TYPE_CHECKING:
    from lcscale.models.inputs.inputs import Inputs
    from lcscale.models.inputs.preparation import Preparation

SMALLEST = 0.0005
"""Probabilities below have no bar."""
_COLUMNS = 1600
"""Points of a drawn periodogram: each is the highest power of its stretch of frequencies."""


def light_curve(lcs: LightCurves, times: str = "") -> str:
    """All finite observations of the first object over time, with their errors, a panel a band; brighter is higher.

    `times` says zero and scale of the times.
    """
    bands = lcs.bands or ("",)
    rows = slice(int(lcs.offsets[0]), int(lcs.offsets[1]))
    finite = np.isfinite(lcs.value[rows]) & np.isfinite(lcs.time[rows])
    span = wide(lcs.time[rows][finite])
    chart = Chart(920, 60 + 170 * len(bands), "Light curve over time")
    for code, band in enumerate(bands):
        fit = finite if lcs.band is None else finite & (lcs.band[rows] == code)
        time, value = lcs.time[rows][fit], lcs.value[rows][fit].astype(np.float64)
        error = np.nan_to_num(lcs.error[rows][fit].astype(np.float64), posinf=0.0).clip(0)
        low, high = wide(value, 0.08)
        last = code == len(bands) - 1
        panel = chart.panel(span, (low, high) if lcs.fluxes else (high, low), top=10 + 170 * code, height=150)
        panel.error_bars(time, value, error, PALE)
        panel.dots(time, value, BANDS.get(band, SERIES[code % len(SERIES)]), 3.0)
        label = f"time (days, {times or 'as the catalog has it'})" if last else ""
        panel.axes(label, f"{band} ({lcs.unit})" if band else lcs.unit, numbers=last)
    return chart.svg()


def periodogram(
    frequency: npt.NDArray[np.float64], power: npt.NDArray[np.floating], periods: Mapping[str, float]
) -> str:
    """Power over frequency; the periods of the table are marked with their names."""
    stretch = -(-frequency.size // _COLUMNS)
    kept = frequency.size // stretch * stretch
    highest = power[:kept].reshape(-1, stretch).max(axis=1)
    middle = frequency[:kept].reshape(-1, stretch).mean(axis=1)
    chart = Chart(920, 270, "Lomb-Scargle periodogram")
    panel = chart.panel((0.0, float(frequency[-1])), (0.0, 1.05 * float(highest.max()) or 1.0), top=28)
    panel.line(middle, highest, ACCENT)
    looks = ((WARM, ""), (INK, "5 3"), (FAINT, "2 2"))
    for period, (colour, dashes) in zip(periods.values(), looks, strict=False):
        panel.mark(1 / period, colour, dashes)
    panel.legend([(name, colour) for name, (colour, _) in zip(periods, looks, strict=False)])
    panel.axes("frequency (cycles per day)", "power")
    return chart.svg()


def network_view(inputs: Inputs, preparation: Preparation, looked: npt.NDArray[np.float32], name: str) -> str:
    """Each image of the first object as it entered the network, and below it the same over where the network looked."""
    titles = preparation.channels
    with style():
        figure = new_figure(2.4 * len(titles), 5.0)
        axes = figure.subplots(2, len(titles), squeeze=False)
        for k, title in enumerate(titles):
            image = inputs.images[0, k]
            axes[0, k].imshow(image, cmap="Greys", vmin=0, vmax=255, extent=(0, 1, 1, 0), aspect="auto")
            axes[0, k].set_title(title if image.any() else f"{title} (empty)")
            _draw_attention(axes[1, k], image, looked, cyclic=not preparation.raw)
        for axis in axes.ravel():
            axis.set_yticks([])
            axis.set_xticks([0, 0.5, 1])
        axes[0, 0].set_ylabel("brighter →")
        axes[1, 0].set_ylabel("where it looked")
        label = "time, from the first observation to the last" if preparation.raw else "phase"
        figure.supxlabel(label, fontsize=9)
        return as_svg(figure, name, "The images the network saw, and where it looked")


def _draw_attention(axis: Any, image: npt.NDArray[np.uint8], looked: npt.NDArray[np.float32], *, cyclic: bool) -> None:
    """The map, which goes on at the other side where it is cyclic, with the image's dots on it."""
    edge = 1 / looked.shape[1] if cyclic else 0.0
    if cyclic:
        looked = np.concatenate([looked[:, -1:], looked, looked[:, :1]], axis=1)
    top = float(looked.max()) or 1.0
    axis.imshow(
        looked, cmap="OrRd", vmin=0, vmax=top, extent=(-edge, 1 + edge, 1, 0), aspect="auto", interpolation="bilinear"
    )
    rows, columns = np.nonzero(image)
    size = image.shape[0]
    axis.plot((columns + 0.5) / size, (rows + 0.5) / size, ".", color=INK, markersize=1.5, rasterized=True)
    axis.set_xlim(0, 1)
    axis.set_ylim(1, 0)


def probabilities(names: Sequence[str], values: Sequence[float], chosen: Sequence[str]) -> str:
    """Bars of the classes whose probability is not 0.000, the highest at the top; those of the set are darker."""
    order = [k for k in np.argsort(values)[::-1] if values[k] >= SMALLEST]
    chart = Chart(620, 12 + 24 * len(order), "Probability of each class")
    left, width = 110, 430
    panel = chart.panel((0.0, 1.0), (0.0, 1.0))
    for row, k in enumerate(order):
        top = 6 + 24 * row
        colour = ACCENT if names[k] in chosen else PALE
        panel.parts.append(f'<rect x="{left}" y="{top}" width="{width * values[k]:.1f}" height="17" fill="{colour}"/>')
        panel.text(left - 8, top + 13, names[k], text_anchor="end")
        panel.text(left + width * values[k] + 6, top + 13, f"{values[k]:.3f}")
    return chart.svg()
