"""Simulated light curves of a class, drawn: what its stars typically do."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lcscale.explore.charts import Chart, wide
from lcscale.explore.drawing import BANDS, FAINT, INK, new_figure, style
from lcscale.explore.folded import fold, folded_picture
from lcscale.lightcurves import LightCurves
from lcscale.models.judging.ranges import peak_to_peak
from lcscale.models.labels.taxonomy import classes
from lcscale.simulation.alerts import KINDS, simulate_alerts
from lcscale.simulation.synthesis import WAVELENGTHS, SyntheticLightCurves, synthesize
from lcscale.simulation.templates import TEMPLATES

CURVES = 6
"""Light curves of a page."""
OBSERVATIONS = 120
"""Of a star in a band."""
_ALERTS = {"PUBLISHED": True, "UNPUBLISHED": False}
_SMALL = (350, 250)
_ROWS, _COLUMNS = 5, 4


def simulated_pictures(name: str, bands: Sequence[str] = ("g", "r"), n: int = CURVES) -> list[str]:
    """Light curves of stars of a class as SVG, the same each time; none where no simulated class is of it.

    Those with a period are folded with the true one, others are drawn over time. A group's stars are of its classes in
    turn, alerts of the kinds that are published, or are not.

    Parameters
    ----------
    name
        Class or group of the taxonomy.
    bands
        Of the light curves; those that cannot be simulated are left out.
    n
        How many.
    """
    if name in _ALERTS:
        kinds = [kind for kind, (published, _) in KINDS.items() if published == _ALERTS[name]]
        made = simulate_alerts([kinds[k % len(kinds)] for k in range(max(n, len(kinds)))], seed=1)
        return [_over_time(made.lcs.take([k]), kind) for k, kind in enumerate(made.kind[: max(n, len(kinds))].tolist())]
    names = simulated_classes(name)
    if not names:
        return []
    known = tuple(band for band in bands if band in WAVELENGTHS)
    stars = _stars([names[k % len(names)] for k in range(n)], known or ("g", "r"))
    return [_picture(stars, k) for k in range(n)]


def simulated_classes(name: str) -> list[str]:
    """The class itself where it can be simulated, else those of its children that can.

    Examples
    --------
    >>> simulated_classes("EA"), simulated_classes("RR"), simulated_classes("MISC")
    (['EA'], ['RRab', 'RRc', 'RRd'], [])
    """
    if name in TEMPLATES:
        return [name]
    return [each for child in classes().values() if child.parent == name for each in simulated_classes(child.name)]


def write_sheet(path: str | os.PathLike[str]) -> Path:
    """Draw one simulated star of every class that can be simulated on one picture (PNG), for the documents.

    The further bands are moved onto the median of the first.
    """
    from PIL import Image

    names, target = list(TEMPLATES), Path(path)
    stars = _stars(names, ("g", "r"))
    with style():
        drawing = new_figure(11.0, 10.0)
        axes = drawing.subplots(_ROWS, _COLUMNS).ravel()
        for k, axis in enumerate(axes):
            axis.set_visible(k < len(names))
            axis.invert_yaxis()
            axis.tick_params(labelsize=7)
        for k, name in enumerate(names):
            lcs, period = stars.lcs.take([k]), float(stars.period[k])
            folded = np.isfinite(period)
            phase = lcs.fold(period, float(stars.epoch[k])) if folded else lcs.time - lcs.time.min()
            level = np.median(lcs.mag[lcs.band == 0])
            for code, band in enumerate(lcs.bands):
                rows = lcs.band == code
                x = np.concatenate([phase[rows], phase[rows] + 1]) if folded else phase[rows]
                mag = lcs.mag[rows] - np.median(lcs.mag[rows]) + level
                axes[k].plot(x, np.tile(mag, 2 if folded else 1), ".", color=BANDS[band], markersize=1.8)
            axes[k].set_title(f"{name}, {f'{period:.3g} d' if folded else 'over 1,500 d'}")
        target.parent.mkdir(parents=True, exist_ok=True)
        drawing.savefig(target, dpi=90)
    with Image.open(target) as picture:
        small = picture.convert("RGB").quantize(32)
    small.save(target, optimize=True)
    return target


def _stars(names: Sequence[str], bands: tuple[str, ...]) -> SyntheticLightCurves:
    return synthesize(names, 5, bands=bands, n_observations=(OBSERVATIONS, OBSERVATIONS), mag_range=(15.0, 16.5))


def _picture(stars: SyntheticLightCurves, k: int) -> str:
    """The k-th star: folded where it has a period."""
    lcs, period, name = stars.lcs.take([k]), float(stars.period[k]), str(stars.label[k])
    amplitude = f"{peak_to_peak(lcs)[0]:.2f} mag"
    if not np.isfinite(period):
        return _over_time(lcs, f"{name}, {amplitude}")
    row = {"period": period, "epoch": float(stars.epoch[k]), "epoch_minimum": float(stars.epoch[k]), "class": name}
    return folded_picture(fold(lcs, row, f"P = {period:.4g} d", f"{name}, {amplitude}"), *_SMALL)


def _over_time(lcs: LightCurves, title: str) -> str:
    """One light curve over time, the brightest at the top."""
    time = np.asarray(lcs.time - lcs.time.min(), np.float64)
    band: npt.NDArray[np.int8] = np.zeros(time.size, np.int8) if lcs.band is None else lcs.band
    chart = Chart(*_SMALL, f"Simulated light curve over time: {title}")
    low, high = wide(np.asarray(lcs.mag, np.float64), 0.06)
    panel = chart.panel(wide(time), (high, low), top=38)
    for code, name in enumerate(lcs.bands):
        rows = band == code
        panel.dots(time[rows], lcs.mag[rows], BANDS.get(name, INK))
    panel.text(panel.left, 14, title, font_weight="bold")
    panel.text(panel.left, 30, "over time", fill=FAINT)
    panel.legend([(name, BANDS.get(name, INK)) for name in lcs.bands if name])
    panel.axes("days", "magnitude")
    return chart.svg()
