"""One RR Lyrae star of a catalogue of [Fe/H]: its folded light curve with the series, and what its error is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from lcscale.explore.charts import Chart
from lcscale.explore.drawing import ACCENT, INK, PALE
from lcscale.explore.folded import Folded
from lcscale.explore.page import figure, paragraph, table
from lcscale.lightcurves import LightCurves, clean
from lcscale.products.rrlyrae import RRLyraeModel
from lcscale.products.rrlyrae.columns import PULSATION
from lcscale.products.rrlyrae.equations import ORDER, SeriesEquations

_GRID = 400
_PARTS = {
    "measurement": "Fourier parameters and period",
    "model": "scatter of stars about the answer",
    "scale": "labels of training on their scale",
    "zero_point": "zero point against spectroscopy",
}
_ANSWERS = ("relation", "regression", "trees", "network")

Floats = npt.NDArray[np.float64]


def with_series(curve: Folded, lcs: LightCurves, row: Mapping[str, Any], model: RRLyraeModel) -> Folded:
    """The folded light curve with its denoised series, which is moved to where the observations are.

    Parameters
    ----------
    curve
        Folded with the period of the row.
    lcs
        The light curve of the row, a batch of one.
    row
        With `mode` and `pulsation_period`.
    model
        That made the row.
    """
    if row.get("mode") not in model.populations or curve.phase.size == 0 or curve.unit != "mag":
        return curve
    period = np.array([row[PULSATION.name]])
    kept = clean(lcs).in_magnitudes()
    kept = kept.select_band(model.card.band) if kept.band is not None and model.card.band in kept.bands else kept
    c = model.populations[row["mode"]].denoise(SeriesEquations.of(kept, period), period).coefficients[0]
    grid = np.arange(_GRID) / _GRID
    angle = 2 * np.pi * grid[:, None] * np.arange(1, ORDER + 1)
    shape = np.cos(angle) @ c[:ORDER] + np.sin(angle) @ c[ORDER:]
    place = np.rint(curve.phase * _GRID).astype(np.int64)
    rest = np.stack([curve.value - shape[(place + shift) % _GRID] for shift in range(_GRID)])
    level = np.median(rest, axis=1)
    best = int(np.argmin(np.abs(rest - level[:, None]).sum(axis=1)))
    return replace(curve, series=np.stack([grid, np.roll(shape, -best) + level[best]]))


def metallicity_of(row: Mapping[str, Any], origin: str) -> str:
    """[Fe/H] of a star: its value with intervals, the parts of its error, and what every answer says."""
    if row.get("feh") is None:
        return paragraph(f"No [Fe/H]: {row.get('reason')}.", "warning")
    text = paragraph(
        f"[Fe/H] = {row['feh']:.2f} ± {row['feh_error']:.2f} dex, 68 % from {row['feh_low_68']:.2f} to "
        f"{row['feh_high_68']:.2f}, 90 % from {row['feh_low_90']:.2f} to {row['feh_high_90']:.2f}; by the "
        f"{row['feh_from']} ({row['feh_why']}), on the scale of {row['feh_scale']}."
    )
    if row.get("reason"):
        text += paragraph(f"To know: {row['reason']}.", "warning")
    text += figure(_bars(row), f"Parts of the error; the whole is the root of their squares. {origin}")
    rows = [
        [name, f"{row[f'feh_{name}']:.2f}", f"{row[f'feh_{name}_error']:.2f}"]
        for name in _ANSWERS
        if row.get(f"feh_{name}") is not None
    ]
    about = f"Relation: {row['relation']}; the others on the scale of the labels they learnt from."
    return text + table(["answer", "[Fe/H]", "error"], rows, about)


def _bars(row: Mapping[str, Any]) -> str:
    values = {what: float(row[f"feh_error_{name}"]) for name, what in _PARTS.items()} | {"all": float(row["feh_error"])}
    chart = Chart(920, 40 + 28 * len(values), "Parts of the error of [Fe/H]")
    panel = chart.panel((0.0, 1.15 * max(values.values())), (len(values), 0.0))
    for k, (what, value) in enumerate(values.items()):
        _, top = panel.place(0.0, k + 0.2)
        across, bottom = panel.place(value, k + 0.8)
        colour = ACCENT if what == "all" else PALE
        place = f'x="{panel.left}" y="{float(top):.1f}" width="{float(across) - panel.left:.1f}"'
        panel.parts.append(f'<rect {place} height="{float(bottom - top):.1f}" fill="{colour}"/>')
        panel.text(
            panel.left + 6, float(bottom) - 4, f"{what}: {value:.3f} dex", fill="white" if what == "all" else INK
        )
    return chart.svg()
