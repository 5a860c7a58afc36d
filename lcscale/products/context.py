"""What is known of a star beside its light curve: colour, luminosity from the parallax, offset from Cepheids' relation.

Type II Cepheids have the light curves of classical ones and are 1.5 to 2 mag fainter; red giants of small amplitude
have those of spotted stars and are redder. None of the columns is a position, and each may be missing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from lcscale.kernels.compiling import Floats
from lcscale.models.labels.curves import numbers_of
from lcscale.products.rrlyrae.relations import relations
from lcscale.steps import Declared
from lcscale.vocabulary import Column, append_columns, schema_of

NAMES: Mapping[str, tuple[str, ...]] = {
    "g": ("phot_g_mean_mag", "Gmag"),
    "bp": ("phot_bp_mean_mag", "BPmag"),
    "rp": ("phot_rp_mean_mag", "RPmag"),
    "bp_rp": ("bp_rp", "BP-RP"),
    "parallax": ("parallax", "Plx"),
    "parallax_error": ("parallax_error", "e_Plx"),
}
"""What Gaia's measurements are called, the archive's name first; magnitudes (Vega) and milliarcseconds."""
SUFFIXES = ("", "_gaia")
"""That a joined table gives names which several surveys have."""
RELATION = "lmc_cepheids_wg_f"
"""Of classical Cepheids, in W_G = G − 1.90 (BP − RP)."""
_RATIO = 1.90
_TYPICAL = ((9.0, 15.0, 17.0, 20.0, 21.0), (0.02, 0.03, 0.07, 0.5, 1.3))
"""G, and the median error of parallaxes there, mas (Gaia EDR3; Lindegren et al. 2021), where no error is given."""


def _column(name: str, unit: str, ucd: str, about: str) -> Column:
    return Column(f"context_{name}", pa.float32(), unit, ucd, about, "lcscale.products")


COLUMNS = (
    _column("colour", "mag", "phot.color;em.opt.B;em.opt.R", "Colour BP - RP."),
    _column("parallax_over_error", "", "stat.snr;pos.parallax.trig", "Parallax over its error."),
    _column(
        "luminosity",
        "",
        "phys.luminosity",
        "asinh of 10 times parallax times 10**(0.2 W_G - 2), free of reddening; has a sense at any parallax.",
    ),
    _column("luminosity_low", "", "phys.luminosity;stat.min", "The same with the parallax less its error."),
    _column("luminosity_high", "", "phys.luminosity;stat.max", "The same with the parallax and its error."),
    _column(
        "cepheid_offset",
        "mag",
        "phys.magAbs",
        "Absolute W_G by the parallax less that of a classical Cepheid of the period.",
    ),
    _column(
        "cepheid_tension",
        "",
        "stat.fit.residual;pos.parallax.trig",
        "Parallax less that of a classical Cepheid of the period and W_G, over its error.",
    ),
)
"""Columns of `Context`, in order."""
CONTEXT = tuple(column.name for column in COLUMNS)
"""Their names, as `Preparation.columns` takes them."""


@dataclass(frozen=True)
class Context(Declared):
    """Step that appends what colour, magnitude and parallax say of a star; null where one is missing.

    Parameters
    ----------
    period
        Name of the period column, days.
    """

    period: str = "period"
    version = 1

    @property
    def optional_columns(self) -> tuple[str, ...]:
        """Every name that a measurement may have, and the period."""
        return (*(f"{name}{end}" for names in NAMES.values() for name in names for end in SUFFIXES), self.period)

    def gives(self, input_schema: pa.Schema) -> tuple[Column, ...]:
        """The columns of `COLUMNS`."""
        return COLUMNS

    def __call__(self, table: pa.Table) -> pa.Table:
        """The rows of `table` with their context."""
        found = {name: _first(table, names, "mas" if "parallax" in name else "mag") for name, names in NAMES.items()}
        known = numbers_of(table, [self.period], "d")
        period = known.get(self.period, np.full(len(table), np.nan))
        values = context_of(**found, period=period)
        arrays = [pa.array(values[name].astype(np.float32), mask=~np.isfinite(values[name])) for name in CONTEXT]
        return append_columns(table, pa.Table.from_arrays(arrays, schema=schema_of(COLUMNS)))


def context_of(
    *, g: Floats, bp: Floats, rp: Floats, bp_rp: Floats, parallax: Floats, parallax_error: Floats, period: Floats
) -> dict[str, Floats]:
    """The columns of `COLUMNS`, float64 [n], NaN where they are not known.

    Parameters
    ----------
    g, bp, rp, bp_rp
        Magnitudes and colour of Gaia; the colour is that of the magnitudes where it is missing itself.
    parallax, parallax_error
        Milliarcseconds; a missing error is that which is typical of G.
    period
        Days; NaN where there is none.
    """
    colour = np.where(np.isfinite(bp_rp), bp_rp, bp - rp)
    error = np.where(
        np.isfinite(parallax_error), parallax_error, np.exp(np.interp(g, _TYPICAL[0], np.log(_TYPICAL[1])))
    )
    wesenheit = g - _RATIO * colour
    with np.errstate(invalid="ignore", divide="ignore"):
        expected = relations()[RELATION].value({"log_period": np.log10(np.where(period > 0, period, np.nan))})
        scale = 10 ** (0.2 * wesenheit - 2)  # 10 ** (0.2 M) over the parallax in mas
        of_cepheid = 10 ** (0.2 * (expected - wesenheit) + 2)
        absolute = 5 * np.log10(np.maximum(parallax, 0.1 * error) * scale)
        values = (
            colour,
            parallax / error,
            *(np.arcsinh(10 * (parallax + sign * error) * scale) for sign in (0, -1, 1)),
            absolute - expected,
            (parallax - of_cepheid) / error,
        )
    return dict(zip(CONTEXT, values, strict=True))


def _first(table: pa.Table, names: Sequence[str], unit: str) -> Floats:
    """The first of the columns that the table has, in `unit`."""
    for end in SUFFIXES:
        for name in names:
            if f"{name}{end}" in table.column_names:
                return numbers_of(table, [f"{name}{end}"], unit)[f"{name}{end}"]
    return np.full(len(table), np.nan)
