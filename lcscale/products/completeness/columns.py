"""Columns of injected signals, of the table of completeness, and of candidates joined to it."""

from __future__ import annotations

import pyarrow as pa

from lcscale.vocabulary import Column

_MAKER = "lcscale.products.completeness"
BAND = "lcscale_reference_band"
"""Property of the table with the band that magnitudes and amplitudes are of."""


def _column(name: str, kind: pa.DataType, unit: str, ucd: str, about: str) -> Column:
    return Column(name, kind, unit, ucd, about, _MAKER)


_FLOAT, _COUNT = pa.float64(), pa.int64()
INJECTED_CLASS = _column("injected_class", pa.string(), "", "src.class", "Class of the signal that was injected.")
INJECTED_PERIOD = _column(
    "injected_period", _FLOAT, "d", "time.period;src.var", "Period of the signal that was injected; a binary's orbit."
)
INJECTED_AMPLITUDE = _column(
    "injected_amplitude",
    _FLOAT,
    "mag",
    "src.var.amplitude",
    "Amplitude of the signal that was injected, from maximum to minimum, in the reference band.",
)
INJECTED_MAG = _column(
    "injected_mag",
    _FLOAT,
    "mag",
    "phot.mag;stat.mean",
    "Mean magnitude of the constant star in the reference band; of all bands where it was not observed in that.",
)
INJECTED = (INJECTED_CLASS, INJECTED_PERIOD, INJECTED_AMPLITUDE, INJECTED_MAG)
"""What was put into a star."""

PERIOD_RIGHT = _column(
    "period_right", pa.bool_(), "", "meta.code", "Whether period is that of the injected signal, within 0.3 %."
)
CLASS_RIGHT = _column(
    "class_right",
    pa.bool_(),
    "",
    "meta.code",
    "Whether class is that of the injected signal, or a wider one that it belongs to.",
)
RIGHT = (PERIOD_RIGHT, CLASS_RIGHT)
"""What was found again of it."""

OUTCOMES = {
    "recovered": "period and class are right",
    "period": "the period is right",
    "class": "the class is right",
    "sure": "period and class are right and nothing speaks against them (doubt is null)",
}
"""What is counted of injected signals."""
N_INJECTED = _column("n_injected", _COUNT, "", "meta.number", "Signals that were injected.")
N_OUTCOME = _column("n_<outcome>", _COUNT, "", "meta.number", "How many of them are counted: <outcome>.")
SHARE_OUTCOME = _column("share_<outcome>", _FLOAT, "", "stat.probability", "n_<outcome> / n_injected.")
LOW_OUTCOME = _column(
    "low_<outcome>",
    _FLOAT,
    "",
    "stat.probability;stat.min",
    "Lower end of the 95 % interval of share_<outcome> (Wilson 1927).",
)
HIGH_OUTCOME = _column(
    "high_<outcome>", _FLOAT, "", "stat.probability;stat.max", "Upper end of that interval of share_<outcome>."
)

CELL = _column("cell", _COUNT, "", "pos.healpix", "Nested HEALPix number of the cell of the sky, at cell_order.")
CELL_ORDER = _column("cell_order", pa.int32(), "", "meta.number", "HEALPix order of the cells.")
LIMITS = tuple(
    _column(f"{name}_{end}", _FLOAT, unit, ucd, f"{word} end of the range of {what}.")
    for name, unit, ucd, what in (
        ("mag", "mag", "phot.mag", "injected_mag"),
        ("period", "d", "time.period", "injected_period"),
        ("amplitude", "mag", "src.var.amplitude", "injected_amplitude"),
    )
    for end, word in (("low", "Lower"), ("high", "Upper"))
)
"""Ranges of a row of the table; the upper end belongs to the next range."""
COUNTED = (
    N_INJECTED,
    *(column.of(word) for word in OUTCOMES for column in (N_OUTCOME, SHARE_OUTCOME, LOW_OUTCOME, HIGH_OUTCOME)),
)
"""Counts and shares of a row of the table."""

COMPLETENESS = _column(
    "completeness",
    _FLOAT,
    "",
    "stat.probability",
    "Share of injected signals of this class, magnitude, period and amplitude that were recovered, period and class.",
)
COMPLETENESS_LOW = _column(
    "completeness_low", _FLOAT, "", "stat.probability;stat.min", "Lower end of its 95 % interval (Wilson 1927)."
)
COMPLETENESS_HIGH = _column(
    "completeness_high", _FLOAT, "", "stat.probability;stat.max", "Upper end of its 95 % interval."
)
COMPLETENESS_N = _column("completeness_n", _COUNT, "", "meta.number", "Injected signals that it rests on.")
COMPLETENESS_OF = _column(
    "completeness_of",
    pa.string(),
    "",
    "meta.note",
    "What these signals have in common with the candidate: class, mag, amplitude, period, cell; the fewer, the fewer "
    "signals there were.",
)
JOINED = (COMPLETENESS, COMPLETENESS_LOW, COMPLETENESS_HIGH, COMPLETENESS_N, COMPLETENESS_OF)
"""What a candidate gets from the table."""

COLUMNS = (
    *INJECTED,
    *RIGHT,
    CELL,
    CELL_ORDER,
    *LIMITS,
    N_INJECTED,
    N_OUTCOME,
    SHARE_OUTCOME,
    LOW_OUTCOME,
    HIGH_OUTCOME,
    *JOINED,
)
"""All of them."""


def is_completeness(schema: pa.Schema) -> bool:
    """Whether a catalog of this schema is a table of completeness."""
    return all(column.is_in(schema) for column in (CELL, *LIMITS, N_INJECTED))
