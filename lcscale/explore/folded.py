"""Folded light curves of the best candidates, found again in the lake by name and position."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lcscale.explore.charts import Chart
from lcscale.explore.drawing import BANDS, FAINT, SERIES, WARM
from lcscale.lake import HEALPIX_COLUMN, Catalog, Cone
from lcscale.lightcurves import LightCurves, usable
from lcscale.models.labels.taxonomy import ancestors, classes
from lcscale.periods.columns import EPOCH, EPOCH_MINIMUM

_ECLIPSING = "ECL"
_SAME_ARCSEC = 1.0


@dataclass(frozen=True)
class Folded:
    """A light curve ready to be drawn."""

    title: str
    """Class and how probable."""
    subtitle: str
    """Name and period."""
    phase: npt.NDArray[np.float64]
    """float64 [n_observations], 0 to 1."""
    value: npt.NDArray[np.float64]
    """float64 [n_observations], magnitudes or fluxes, finite."""
    band: npt.NDArray[np.int8]
    """int8 [n_observations], index into `bands`."""
    bands: tuple[str, ...]
    """Names of the bands."""
    unit: str = "mag"
    """``mag``, or that of the fluxes."""
    series: npt.NDArray[np.float64] | None = None
    """Phases from 0 to 1 and values of a series that is drawn as a line, float64 [2, n]."""


def find_light_curve(catalogs: Sequence[Catalog], row: Mapping[str, Any]) -> tuple[LightCurves, Catalog] | None:
    """The light curve of a candidate: within an arcsecond, and of the same name where both have one.

    `row` has `ra` and `dec` (degrees) and the name as `object_id`, whatever the catalogs call it; where it has its
    `_healpix_29` too, a light curve of that very position and name is taken without a look around.
    """
    cone, index = Cone(float(row["ra"]), float(row["dec"]), _SAME_ARCSEC), row.get(HEALPIX_COLUMN)
    for catalog in catalogs:
        column = catalog.id_column_or_none if row.get("object_id") is not None else None
        curves = catalog.columns("lightcurve", *([] if column is None else [column]))
        found = None
        if index is not None and column is not None:
            found = _named(curves.rows_within(np.array([[index, index + 1]], np.int64)), column, row["object_id"])
        if found is None or not found.num_rows:
            found = _named(curves.region(cone).to_arrow(), column, row.get("object_id", ""))
        if found.num_rows:
            return LightCurves.from_arrow(found.slice(0, 1)), catalog
    return None


def _named(table: pa.Table, column: str | None, object_id: str | int) -> pa.Table:
    """The rows of that name; numbers in one survey are texts in another."""
    if column is None:
        return table
    return table.filter(pc.equal(table.column(column).cast(pa.string()), pa.scalar(str(object_id))))


def fold(lcs: LightCurves, row: Mapping[str, Any], title: str, subtitle: str) -> Folded:
    """The first light curve of `lcs` folded with the period of `row`; phase 0: `zero_of`, else the brightest point."""
    kept, _ = usable(lcs)
    epoch = zero_of(row)
    if epoch is None and kept.time.size:
        epoch = float(kept.time[np.argmin(kept.faintness)])
    band = np.zeros(kept.time.size, np.int8) if kept.band is None else kept.band
    return Folded(
        title,
        subtitle,
        kept.fold(row["period"], epoch),
        kept.value.astype(np.float64),
        band,
        kept.bands or ("",),
        kept.unit,
    )


def zero_of(row: Mapping[str, Any]) -> float | None:
    """Time of phase 0 of a row: of the classes of eclipsing stars its minimum, of all others its maximum."""
    given, minimum = row.get("class"), row.get(EPOCH_MINIMUM.name)
    eclipsing = given in classes() and _ECLIPSING in ancestors(str(given))
    return minimum if eclipsing and minimum is not None else row.get(EPOCH.name)


def phase_zero(schema: pa.Schema) -> str:
    """Where phase 0 of the folded rows of a catalog is, in words."""
    ours = EPOCH.name not in schema.names or EPOCH.is_in(schema)
    if not ours:
        return "phase 0 at the epoch that the table brought"
    both = EPOCH_MINIMUM.is_in(schema) and "class" in schema.names
    return f"phase 0 at a maximum of brightness{', of eclipsing stars at a minimum' if both else ''}"


def folded_panels(curves: Sequence[Folded]) -> str:
    """A picture a light curve, two cycles each, brightest at the top, the bands moved onto the fullest one.

    They stand beside each other as far as the page is wide; a single one has the whole width.
    """
    if len(curves) == 1:
        return folded_picture(curves[0], 920, 340)
    return f'<div class="panels">{"".join(folded_picture(curve, 350, 250) for curve in curves)}</div>'


def folded_picture(curve: Folded, width: int, height: int) -> str:
    """The picture of one light curve as SVG, of a size in pixels."""
    counts = np.bincount(curve.band[curve.band >= 0], minlength=len(curve.bands))
    fullest = int(counts.argmax())
    level = float(np.median(curve.value[curve.band == fullest])) if counts[fullest] else 0.0
    chart = Chart(width, height, f"Folded light curve: {curve.title}, {curve.subtitle}")
    panel = chart.panel((0.0, 2.0), _limits(curve, level) if curve.value.size else (1.0, 0.0), top=38)
    legend = []
    for code in np.argsort(-counts, kind="stable"):
        rows = curve.band == code
        if not rows.any():
            continue
        shift = level - float(np.median(curve.value[rows]))
        colour = BANDS.get(curve.bands[code], SERIES[code % len(SERIES)])
        phase = np.concatenate([curve.phase[rows], curve.phase[rows] + 1])
        panel.dots(phase, np.tile(curve.value[rows] + shift, 2), colour)
        legend.append((curve.bands[code] + (f" {_signed(shift, curve.unit)}" if code != fullest else ""), colour))
    if curve.series is not None:
        turns = np.concatenate([curve.series[0], curve.series[0] + 1, [2.0]])
        panel.line(turns, np.r_[np.tile(curve.series[1], 2), curve.series[1][0]], WARM)
    panel.text(panel.left, 14, curve.title, font_weight="bold")
    panel.text(panel.left, 30, curve.subtitle, fill=FAINT)
    if any(curve.bands):
        panel.legend(legend)  # on the line of the title: the period stands below it
    panel.axes("phase", "magnitude" if curve.unit == "mag" else f"flux ({curve.unit})")
    return chart.svg()


def _limits(curve: Folded, level: float) -> tuple[float, float]:
    """Values at the lower and the upper edge, the brightest above: all observations but strays."""
    parts = [curve.value[curve.band == code] for code in range(len(curve.bands))]
    moved = np.concatenate([part - np.median(part) + level for part in parts if part.size])
    low, high = _range(np.sort(moved))
    if curve.unit == "mag":
        margin = max(0.06 * (high - low), 0.01)
        return high + margin, low - margin
    margin = 0.06 * (high - low) or 1.0
    return low - margin, high + margin


def _range(values: npt.NDArray[np.float64]) -> tuple[float, float]:
    """Ends of sorted values without strays.

    Strays are at most a hundredth of the values at either end (at least one), where a gap wider than half the range
    of the rest parts them from it.
    """
    strays = max(1, values.size // 100)
    rest = values[strays:-strays]
    if rest.size < 2:
        return float(values[0]), float(values[-1])
    reach = 0.5 * (rest[-1] - rest[0])
    gaps = np.diff(values) > reach
    below, above = np.flatnonzero(gaps[:strays]), np.flatnonzero(gaps[-strays:])
    low = values[below[-1] + 1] if below.size else values[0]
    high = values[values.size - 1 - strays + above[0]] if above.size else values[-1]
    return float(low), float(high)


def _signed(shift: float, unit: str) -> str:
    size = f"{abs(shift):.2f}" if unit == "mag" else f"{abs(shift):.3g}"
    return f"{'−' if shift < 0 else '+'}{size}"
