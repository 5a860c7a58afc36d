"""The report's charts: class counts, confusion, periods, separations, alert rates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lcscale.explore.drawing import ACCENT, GRID, PALE, SERIES, WARM, as_svg, new_figure, style
from lcscale.explore.tally import LOG_PERIOD_EDGES

Floats = npt.NDArray[np.float64]

_FEW_PERIODS = 24


def class_bars(names: Sequence[str], counts: Sequence[int], sure: Sequence[int], limit: float, name: str) -> str:
    """Horizontal bars: all objects of a class, and in a darker shade those above a probability."""
    with style():
        figure = new_figure(8.0, 0.85 + 0.27 * len(names))
        axis = figure.subplots()
        place = np.arange(len(names))
        axis.barh(place, counts, color=PALE, height=0.72, label="all")
        axis.barh(place, sure, color=ACCENT, height=0.72, label=f"probability ≥ {limit:g}")
        for y, count in zip(place, counts, strict=True):
            axis.annotate(f"{count:,}", (count, y), (4, 0), textcoords="offset points", va="center", fontsize=8)
        axis.set_yticks(place, names)
        axis.invert_yaxis()
        axis.set_xlabel("objects")
        axis.tick_params(axis="y", length=0)
        axis.margins(x=0.1, y=0.01)
        axis.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2)
        return as_svg(figure, name, "Objects in each class")


def confusion_matrix(
    rows: Sequence[str],
    columns: Sequence[str],
    counts: npt.NDArray[np.int64],
    name: str,
    axes: tuple[str, str] = ("class of the label", "class given"),
) -> str:
    """Counts in cells, shaded by their share of the row; `axes` say what rows and columns are."""
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    with style():
        figure = new_figure(max(4.2, 1.7 + 0.52 * len(columns)), 1.25 + 0.36 * len(rows))
        axis = figure.subplots()
        axis.imshow(share, cmap="Blues", vmin=0, vmax=1.15, aspect="auto")
        for (i, j), count in np.ndenumerate(counts):
            if count:
                colour = "white" if share[i, j] > 0.6 else "#1f2933"
                axis.text(j, i, f"{count:,}", ha="center", va="center", fontsize=7.5, color=colour)
        axis.set_xticks(range(len(columns)), columns, rotation=50, ha="right", rotation_mode="anchor")
        axis.set_yticks(range(len(rows)), rows)
        axis.set_xlabel(axes[1])
        axis.set_ylabel(axes[0])
        axis.tick_params(length=0)
        axis.spines[:].set_visible(False)
        axis.set_xticks(np.arange(1, len(columns)) - 0.5, minor=True)
        axis.set_yticks(np.arange(1, len(rows)) - 0.5, minor=True)
        axis.grid(which="minor", color="white", linewidth=1.5)
        axis.tick_params(which="minor", length=0)
        return as_svg(figure, name, "Confusion matrix")


def period_strips(histograms: Mapping[str, npt.NDArray[np.int64]], name: str) -> str:
    """A strip a class: how its periods are distributed, each with its own highest value."""
    with style():
        figure = new_figure(8.0, 0.75 + 0.3 * len(histograms))
        axis = figure.subplots()
        middles = 10 ** (0.5 * (LOG_PERIOD_EDGES[1:] + LOG_PERIOD_EDGES[:-1]))
        for k, histogram in enumerate(histograms.values()):
            height = 0.85 * histogram / max(histogram.max(), 1)
            axis.fill_between(middles, k, k - height, step="mid", color=ACCENT, alpha=0.8, linewidth=0)
            axis.axhline(k, color=GRID, linewidth=0.7, zorder=0)
        axis.set_yticks(np.arange(len(histograms)), list(histograms))
        axis.set_ylim(len(histograms) - 0.7, -1.0)
        axis.set_xscale("log")
        axis.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
        axis.xaxis.set_minor_formatter(lambda value, _: "")
        used = np.flatnonzero(np.sum(list(histograms.values()), axis=0))
        if used.size:
            axis.set_xlim(10 ** LOG_PERIOD_EDGES[used[0]] / 1.3, 10 ** LOG_PERIOD_EDGES[used[-1] + 1] * 1.3)
        axis.tick_params(axis="y", length=0)
        axis.set_xlabel("period (days)")
        return as_svg(figure, name, "Periods by class")


def separations(values: Floats, radius_arcsec: float, name: str) -> str:
    """Histogram of separations with the median."""
    with style():
        figure = new_figure(8.0, 2.6)
        axis = figure.subplots()
        counts, edges = np.histogram(values, np.linspace(0, radius_arcsec, 51))
        axis.stairs(counts, edges, fill=True, color=PALE)
        axis.stairs(counts, edges, color=ACCENT, linewidth=1.0)
        median = float(np.median(values)) if values.size else 0.0
        axis.axvline(median, color=WARM, linewidth=1.0)
        where = {"xycoords": axis.get_xaxis_transform(), "textcoords": "offset points"}
        axis.annotate(f"median {median:.3f}″", (median, 1.0), (5, 0), va="top", color=WARM, **where)
        axis.set_xlabel("separation (arcsec)")
        axis.set_ylabel("pairs")
        axis.set_xlim(0, radius_arcsec)
        return as_svg(figure, name, "Separations of matched pairs")


@dataclass(frozen=True)
class Rate:
    """The share of YSOs among alerts, period by period, under one definition."""

    definition: str
    """Its name."""
    periods: Sequence[str]
    """Labels of the periods."""
    n_alerts: npt.NDArray[np.int64]
    """int64 [n_periods]."""
    percentage: Floats
    """float64 [n_periods]."""
    low: Floats
    """Lower end of the 95 % interval."""
    high: Floats
    """Upper end."""


def alert_rates(rates: Sequence[Rate], name: str) -> str:
    """Shares with their intervals above the number of alerts.

    Definitions stand side by side in one panel while there are few periods, and in a panel each when there are many.
    """
    periods = sorted({period for rate in rates for period in rate.periods})
    place = {period: k for k, period in enumerate(periods)}
    few = len(periods) <= _FEW_PERIODS
    n_panels = 1 if few else len(rates)
    with style():
        figure = new_figure(8.4, 4.0 if few else 1.2 + 1.35 * n_panels)
        *panels, below = figure.subplots(
            n_panels + 1, 1, sharex=True, height_ratios=[3 if few else 1.5] * n_panels + [1]
        )
        for k, rate in enumerate(rates):
            x = np.array([place[period] for period in rate.periods], np.float64)
            if few:
                _draw_points(panels[0], x + (k - (len(rates) - 1) / 2) * min(0.16, 0.7 / len(rates)), rate, k)
            else:
                _draw_band(panels[k], x, rate, k)
            below.bar(x, rate.n_alerts, color=PALE, width=0.7 if few else 1.0)
        for k, axis in enumerate(panels):
            axis.set_ylim(0, _highest(rates if few else [rates[k]]))
            axis.grid(axis="y", color=GRID, linewidth=0.7)
            axis.set_axisbelow(True)
            axis.legend(loc="lower left", bbox_to_anchor=(0.0, 0.95), ncols=min(len(rates), 5))
        panels[len(panels) // 2].set_ylabel("YSOs among alerts (%)")
        step = -(-len(periods) // 12)
        below.set_xticks(range(0, len(periods), step), periods[::step])
        below.set_ylabel("alerts")
        for axis in (*panels, below):
            axis.tick_params(axis="x", length=0)
        return as_svg(figure, name, "Share of young stellar objects among alerts")


def _draw_points(axis: Any, x: Floats, rate: Rate, k: int) -> None:
    colour = SERIES[k % len(SERIES)]
    axis.vlines(x, rate.low, rate.high, color=colour, linewidth=1.2)
    axis.plot(x, rate.percentage, "o", markersize=4.5, color=colour, label=rate.definition)


def _draw_band(axis: Any, x: Floats, rate: Rate, k: int) -> None:
    colour = SERIES[k % len(SERIES)]
    axis.vlines(x, rate.low, rate.high, color=colour, linewidth=3.0, alpha=0.18)
    axis.plot(x, rate.percentage, ".", markersize=4.0, color=colour, label=rate.definition)


def _highest(rates: Sequence[Rate]) -> float:
    """Upper end of the axis: all points, and the intervals of all but the emptiest periods."""
    highest = max(float(rate.percentage.max(initial=0.0)) for rate in rates)
    ends = np.concatenate([rate.high for rate in rates])
    return float(min(100.0, 1.05 * max(highest, float(np.quantile(ends, 0.85)), 0.1)))
