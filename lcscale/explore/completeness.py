"""The page of a table of completeness: what share of injected signals was recovered, where, of which kind."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lcscale.errors import InputError
from lcscale.explore.drawing import ACCENT, GRID, INK, SERIES, as_svg, new_figure, style
from lcscale.explore.page import Section, page, panels, paragraph, table, write_page
from lcscale.explore.sky import shades, share_map
from lcscale.lake import Catalog
from lcscale.lake.inputs import MODELS
from lcscale.products.completeness.columns import (
    BAND,
    CELL,
    CELL_ORDER,
    INJECTED_CLASS,
    N_INJECTED,
    N_OUTCOME,
    OUTCOMES,
    is_completeness,
)
from lcscale.products.completeness.counting import wilson

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

_PERIOD_RIGHT = SERIES[4]
_FEW = 5
"""Signals below which a share is not drawn."""


def write_completeness_page(completeness: Catalog, path: str | os.PathLike[str]) -> Path:
    """Write one self-contained HTML file about a table that `measure_completeness` wrote.

    Parameters
    ----------
    completeness
        The table.
    path
        File to write, whole or not at all.

    Raises
    ------
    InputError
        The catalog is no such table, or holds no signal.
    """
    if not is_completeness(completeness.schema):
        raise InputError(f"{completeness.name} is no table of completeness; lcscale completeness writes them")
    rows = completeness.to_arrow()
    if not len(rows):
        raise InputError(f"{completeness.name} holds no injected signal")
    told = dict(completeness.source.properties)
    models = ", ".join(f"{name} ({one})" for name, one in json.loads(told.get(MODELS, "{}")).items())
    stars = next((f"{each.name} {each.version}" for each in completeness.inputs), "signals")
    total = _Sums.of(rows, np.zeros(len(rows), np.int64), 1)
    share, low, high = (100 * each[0] for each in total.shares("recovered"))
    facts = [(f"{total.n[0]:,}", "signals"), (f"{share:.1f} %", f"recovered, {low:.1f} to {high:.1f}")]
    sections = [
        Section("Classes", _classes(rows)),
        Section("Sky", _sky(rows)),
        Section("Magnitudes", _magnitudes(rows, told.get(BAND, ""))),
        Section("Periods and amplitudes", _grids(rows, told.get(BAND, ""))),
    ]
    lead = (
        f"Periodic signals put into constant stars of a survey, searched and classified like candidates: {stars}, "
        f"model {models or 'unknown'}."
    )
    foot = f"Written by lcscale from {completeness.name} {completeness.source.version}. Intervals: Wilson (1927), 95 %."
    return write_page(path, page(f"Completeness: {completeness.name}", lead, facts, sections, foot))


class _Sums:
    """Signals and outcomes, summed in groups of the table's rows."""

    def __init__(self, n: Integers, right: dict[str, Integers]) -> None:
        self.n, self.right = n, right

    @classmethod
    def of(cls, rows: pa.Table, group: Integers, n: int) -> _Sums:
        """Sums of the rows of each of `n` groups; those with a number below 0 are left out."""
        inside = group >= 0

        def summed(name: str) -> Integers:
            return np.bincount(group[inside], rows[name].to_numpy()[inside], minlength=n).astype(np.int64)

        return cls(summed(N_INJECTED.name), {name: summed(N_OUTCOME.of(name).name) for name in OUTCOMES})

    def shares(self, name: str) -> tuple[Floats, Floats, Floats]:
        """Share of an outcome with its interval; NaN in groups without signals."""
        some = self.n > 0
        whole = np.maximum(self.n, 1)
        low, high = wilson(self.right[name], whole)
        share, low, high = (np.where(some, each, np.nan) for each in (self.right[name] / whole, low, high))
        return share, low, high


def _names(rows: pa.Table) -> tuple[list[str], Integers]:
    """Classes in alphabetical order, and the number of each row's."""
    kinds = rows[INJECTED_CLASS.name].to_pylist()
    names = sorted(set(kinds))
    return names, np.array([names.index(kind) for kind in kinds], np.int64)


def _ranges(rows: pa.Table, name: str) -> tuple[Floats, Integers]:
    """Edges of the ranges that hold rows, with those between, and the number of each row's."""
    low, high = (rows[f"{name}_{end}"].to_numpy() for end in ("low", "high"))
    edges = np.unique(np.concatenate([low, high]))
    return edges, np.searchsorted(edges, low)


def _classes(rows: pa.Table) -> str:
    names, number = _names(rows)
    sums = _Sums.of(rows, number, len(names))
    shown = {name: sums.shares(name) for name in OUTCOMES}
    lines: list[list[Any]] = [
        [name, int(sums.n[k]), *(_interval(*(each[k] for each in shown[outcome])) for outcome in OUTCOMES)]
        for k, name in enumerate(names)
    ]
    headings = ["class", "signals", "recovered", "period right", "class right", "recovered, without doubt"]
    text = table(headings, lines, "Percent, with the 95 % interval; recovered: period (within 0.3 %) and class.")
    return text + paragraph(
        "Magnitudes of a star change by the signal; its times, errors and real scatter stay. Shares are those of the "
        "periods and amplitudes that were injected, evenly in their logarithms, not of a population of stars."
    )


def _interval(share: float, low: float, high: float) -> str:
    return f"{100 * share:.1f} ({100 * low:.1f}–{100 * high:.1f})"


def _sky(rows: pa.Table) -> str:
    cells, number = np.unique(rows[CELL.name].to_numpy(), return_inverse=True)
    sums = _Sums.of(rows, number.reshape(-1), cells.size)
    order = int(rows[CELL_ORDER.name][0].as_py())
    titles = {"recovered": "share recovered", "period": "share with the right period"}
    maps = [share_map(cells, order, sums.shares(name)[0], title) for name, title in titles.items()]
    low, middle, high = np.quantile(sums.n, [0.0, 0.5, 1.0])
    return panels(maps) + paragraph(
        f"Share of the signals in HEALPix cells of order {order}, all classes together: {cells.size:,} cells with "
        f"{low:.0f} to {high:.0f} signals, median {middle:.0f}."
    )


def _magnitudes(rows: pa.Table, band: str) -> str:
    names, kind = _names(rows)
    edges, number = _ranges(rows, "mag")
    n = edges.size - 1
    sums = _Sums.of(rows, kind * n + number, len(names) * n)
    middles = 0.5 * (edges[1:] + edges[:-1])
    drawn = []
    for k, name in enumerate(names):
        inside = slice(k * n, k * n + n)
        some = sums.n[inside] >= _FEW
        with style():
            drawing = new_figure(3.0, 2.2)
            axis = drawing.subplots()
            for colour, outcome in ((_PERIOD_RIGHT, "period"), (ACCENT, "recovered")):
                share, low, high = (each[inside][some] for each in sums.shares(outcome))
                axis.vlines(middles[some], low, high, color=colour, linewidth=3.0, alpha=0.4)
                axis.plot(middles[some], share, "o-", color=colour, markersize=3.5, linewidth=1.0)
            axis.set_title(name)
            axis.set_ylim(-0.03, 1.03)
            axis.set_xlim(edges[0], edges[-1])
            axis.grid(axis="y", color=GRID, linewidth=0.6)
            axis.set_xlabel(f"mean magnitude{f' in {band}' if band else ''}")
            drawn.append(as_svg(drawing, f"magnitudes {name}", f"Share of recovered {name} signals by magnitude"))
    return panels(drawn) + paragraph(
        f"Share recovered (blue) and share with the right period (orange) by mean magnitude, with the 95 % interval, "
        f"where there were {_FEW} signals or more."
    )


def _grids(rows: pa.Table, band: str) -> str:
    names, kind = _names(rows)
    (periods, p), (amplitudes, a) = _ranges(rows, "period"), _ranges(rows, "amplitude")
    shape = (len(names), amplitudes.size - 1, periods.size - 1)
    sums = _Sums.of(rows, np.ravel_multi_index((kind, a, p), shape), int(np.prod(shape)))
    shares = np.where(sums.n >= _FEW, sums.shares("recovered")[0], np.nan).reshape(shape)
    counts = sums.n.reshape(shape)
    drawn = []
    for k, name in enumerate(names):
        used = np.flatnonzero(counts[k].sum(axis=0))
        with style():
            drawing = new_figure(3.0, 2.6)
            axis = drawing.subplots()
            axis.pcolormesh(periods, amplitudes, shares[k], cmap=shades(), vmin=0, vmax=1, rasterized=True)
            axis.set_xscale("log")
            axis.set_yscale("log")
            axis.set_xlim(periods[used[0]], periods[used[-1] + 1])
            for each in (axis.xaxis, axis.yaxis):
                each.set_major_formatter(lambda value, _: f"{value:g}")
                each.set_minor_formatter(lambda value, _: "")
            axis.set_xticks(periods[used[0] : used[-1] + 2])
            axis.set_yticks(amplitudes[:: 1 + (amplitudes.size > 6)])
            _write_shares(axis, periods, amplitudes, shares[k])
            axis.set_title(name)
            axis.set_xlabel("period (days)")
            axis.set_ylabel(f"amplitude{f' in {band}' if band else ''} (mag)")
            drawn.append(as_svg(drawing, f"grid {name}", f"Share of recovered {name} signals by period and amplitude"))
    return panels(drawn) + paragraph(
        f"Percent of the signals that were recovered, where there were {_FEW} or more: of few signals the interval is "
        "wide, as the table says."
    )


def _write_shares(axis: Any, periods: Floats, amplitudes: Floats, shares: Floats) -> None:
    """Percent in the middle of each range that has a share."""
    for (i, j), share in np.ndenumerate(shares):
        if np.isfinite(share):
            place = np.sqrt(periods[j] * periods[j + 1]), np.sqrt(amplitudes[i] * amplitudes[i + 1])
            colour = "white" if share > 0.5 else INK
            axis.text(*place, f"{100 * share:.0f}", ha="center", va="center", fontsize=8, color=colour, clip_on=True)
