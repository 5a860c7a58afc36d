"""The pictures of one object: its light curve, its periodogram, what a network saw of it and where it looked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from lcscale.explore.drawing import ACCENT, BANDS, FAINT, INK, PALE, SERIES, WARM, as_svg, new_figure, style
from lcscale.lightcurves import LightCurves
from lcscale.models.inputs.inputs import Inputs
from lcscale.models.inputs.preparation import Preparation

SMALLEST = 0.0005
"""Probabilities below have no bar."""
_COLUMNS = 1600
"""Points of a drawn periodogram: each is the highest power of its stretch of frequencies."""


def light_curve(lcs: LightCurves, name: str) -> str:
    """All finite observations of the first object over time, with their errors, a panel a band; brighter is higher."""
    bands = lcs.bands or ("",)
    with style():
        figure = new_figure(9.6, 0.7 + 1.7 * len(bands))
        axes = figure.subplots(len(bands), 1, squeeze=False, sharex=True).ravel()
        for code, (axis, band) in enumerate(zip(axes, bands, strict=True)):
            rows = slice(int(lcs.offsets[0]), int(lcs.offsets[1]))
            fit = np.isfinite(lcs.value[rows]) & np.isfinite(lcs.time[rows])
            fit &= True if lcs.band is None else lcs.band[rows] == code
            colour = BANDS.get(band, SERIES[code % len(SERIES)])
            error = np.nan_to_num(lcs.error[rows][fit], posinf=0.0).clip(0)
            time, value = lcs.time[rows][fit], lcs.value[rows][fit]
            axis.errorbar(
                time, value, error, fmt=".", markersize=3, color=colour, ecolor=PALE, elinewidth=0.7, rasterized=True
            )
            if lcs.fluxes:
                axis.axhline(0.0, color=FAINT, linewidth=0.6)
            else:
                axis.invert_yaxis()
            axis.set_ylabel(f"{band} ({lcs.unit})" if band else lcs.unit)
        axes[-1].set_xlabel("time (days, as the catalog has it)")
        return as_svg(figure, name, "Light curve over time")


def periodogram(
    frequency: npt.NDArray[np.float64], power: npt.NDArray[np.floating], periods: Mapping[str, float], name: str
) -> str:
    """Power over frequency; the periods of the table are marked with their names."""
    stretch = -(-frequency.size // _COLUMNS)
    kept = frequency.size // stretch * stretch
    highest = power[:kept].reshape(-1, stretch).max(axis=1)
    middle = frequency[:kept].reshape(-1, stretch).mean(axis=1)
    with style():
        figure = new_figure(9.6, 2.6)
        axis = figure.subplots()
        axis.plot(middle, highest, color=ACCENT, linewidth=0.6, rasterized=True)
        for k, (label, period) in enumerate(periods.items()):
            colour = (WARM, INK, FAINT)[min(k, 2)]
            axis.axvline(1 / period, color=colour, linewidth=0.8, linestyle=("-", "--", ":")[min(k, 2)], label=label)
        axis.set_xlim(0, frequency[-1])
        axis.set_ylim(0, None)
        axis.set_xlabel("frequency (cycles per day)")
        axis.set_ylabel("power")
        if periods:
            axis.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=3)
        return as_svg(figure, name, "Lomb-Scargle periodogram")


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


def probabilities(names: Sequence[str], values: Sequence[float], chosen: Sequence[str], name: str) -> str:
    """Bars of the classes whose probability is not 0.000, the highest at the top; those of the set are darker."""
    order = [k for k in np.argsort(values)[::-1] if values[k] >= SMALLEST]
    with style():
        figure = new_figure(6.4, 0.6 + 0.24 * len(order))
        axis = figure.subplots()
        colours = [ACCENT if names[k] in chosen else PALE for k in order]
        axis.barh(np.arange(len(order)), [values[k] for k in order], color=colours, height=0.72)
        for y, k in enumerate(order):
            axis.annotate(f"{values[k]:.3f}", (values[k], y), (4, 0), textcoords="offset points", va="center", size=8)
        axis.set_yticks(np.arange(len(order)), [names[k] for k in order])
        axis.invert_yaxis()
        axis.set_xlim(0, 1.08)
        axis.set_xlabel("probability")
        axis.tick_params(axis="y", length=0)
        return as_svg(figure, name, "Probability of each class")
