"""The report's period-luminosity diagram, of candidates that have a Wesenheit index."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from lcscale.explore.candidates import Candidates
from lcscale.explore.drawing import SERIES, as_svg, new_figure, style
from lcscale.explore.page import figure, heading

_COLUMNS = ("period", "wesenheit", "class")
_MOST = 20_000
"""Points of the diagram; of more every k-th is drawn."""


def period_luminosity(found: Candidates) -> str:
    """Wesenheit index over the logarithm of the period, coloured by the class given; empty without both columns."""
    if not set(_COLUMNS) <= set(found.catalog.column_names):
        return ""
    step = max(1, -(-found.tally.rows // _MOST))
    parts = (
        batch.take(pa.array(range(0, len(batch), step))) for batch in found.catalog.columns(*_COLUMNS).to_batches()
    )
    table = pa.concat_tables([part.select(list(_COLUMNS)) for part in parts]).to_pandas().dropna()
    if table.empty:
        return ""
    names = [name for name in found.ordered if (table["class"] == name).any()]
    index = table["wesenheit"].to_numpy(np.float64)
    with style():
        drawing = new_figure(8.0, 4.6)
        axis = drawing.subplots()
        for k, name in enumerate(names):
            rows = (table["class"] == name).to_numpy()
            log_period = np.log10(table["period"].to_numpy(np.float64)[rows])
            colour = SERIES[k % len(SERIES)]
            label = f"{name} ({int(rows.sum()):,})"
            axis.plot(log_period, index[rows], ".", markersize=2.5, color=colour, label=label, rasterized=True)
        bright, faint = np.quantile(index, [0.001, 0.999])
        axis.set_ylim(faint + 0.5, bright - 0.5)
        axis.set_xlabel("log period (days)")
        axis.set_ylabel("Wesenheit index (mag)")
        axis.legend(markerscale=4, loc="upper left")
        svg = as_svg(drawing, f"luminosity {found.catalog.name}", "Period-luminosity diagram by class")
    caption = (
        f"{len(table):,} objects with a period and both bands, in the colour of the class given; the brightest and "
        f"faintest thousandth lie outside. {found.origin}"
    )
    return heading(found.catalog.name, found.tag) + figure(svg, caption)
