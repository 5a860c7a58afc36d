"""What a period search says of a light curve."""

from __future__ import annotations

import pyarrow as pa

from lcscale.vocabulary import Column, schema_of

_MAKER = "lcscale.periods"
_FLOAT = pa.float64()

PERIOD = Column(
    "period", _FLOAT, "d", "time.period;src.var", "Period found in the light curve: the best of the peaks.", _MAKER
)

EPOCH = Column(
    "epoch",
    _FLOAT,
    "d",
    "time.epoch;src.var",
    "Time of the first maximum of brightness from the first observation on, of the series that is fitted with the "
    "period to the band observed most; in the time of the input. Fold with (time - epoch) / period modulo 1: phase "
    "0 is a maximum of brightness, never a minimum. Eclipsing stars are brightest between eclipses: these lie near "
    "0.25 and 0.75 where the maxima are round, and anywhere but at 0 where the light is flat between them; fold those "
    "with epoch_minimum.",
    _MAKER,
)

EPOCH_MINIMUM = Column(
    "epoch_minimum",
    _FLOAT,
    "d",
    "time.epoch;src.var",
    "Time of the first deepest minimum of brightness from the first observation on, of the same series as epoch: fold "
    "eclipsing stars with (time - epoch_minimum) / period modulo 1, and the deeper eclipse is at phase 0.",
    _MAKER,
)

COLUMNS = (
    PERIOD,
    Column(
        "period_2",
        _FLOAT,
        "d",
        "time.period;src.var",
        "The other one of P and 2P: what the period is if one cycle was taken for two, or two for one. Where the "
        "template of a pulsating star fits best, which leaves no such doubt, the second-best period.",
        _MAKER,
    ),
    Column("period_3", _FLOAT, "d", "time.period;src.var", "Period of the best peak unrelated to the others.", _MAKER),
    Column("frequency", _FLOAT, "1/d", "arith.rate;src.var", "1 / period, cycles per day.", _MAKER),
    Column(
        "power",
        _FLOAT,
        "",
        "stat.fit.goodness",
        "Height of the period's peak in the Lomb-Scargle periodogram: the share of the weighted variance of the "
        "magnitudes that a sinusoid (or the series asked for) explains, 0 to 1.",
        _MAKER,
    ),
    Column(
        "fap",
        _FLOAT,
        "",
        "stat.probability;stat.falsePositive",
        "False-alarm probability: how likely pure noise, observed at the same times, has a peak at least as high "
        "anywhere on the grid of frequencies (Baluev's formula, or the bootstrap).",
        _MAKER,
    ),
    Column(
        "evidence",
        _FLOAT,
        "",
        "stat.likelihood",
        "Natural logarithm of the evidence for the period over a constant star: a Fourier series, or template, against "
        "white noise of unknown strength, all independent frequencies being as likely beforehand; where bands share "
        "more than the period, against noise with long tails too.",
        _MAKER,
    ),
    Column(
        "evidence_walk",
        _FLOAT,
        "",
        "stat.likelihood",
        "The same over a star that wanders without a period: a damped random walk with and without the series. Quasars "
        "and young stars have large evidence and small evidence_walk.",
        _MAKER,
    ),
    Column(
        "snr",
        _FLOAT,
        "",
        "stat.snr",
        "Height of the peak over the mean of the whole periodogram, in standard deviations of its powers.",
        _MAKER,
    ),
    Column(
        "alias",
        pa.string(),
        "",
        "meta.code",
        "Name of the rhythm of the observations, such as 1/day, at which the period stands where the sampling itself "
        "repeats at that frequency: the period may then be the survey's, not the star's. Null for all others.",
        _MAKER,
    ),
    Column(
        "period_mirror",
        _FLOAT,
        "d",
        "time.period;src.var",
        "Period that the rhythm of the observations confuses with the one found: the best of the frequencies n - f, "
        "n + f, f - n, for each n (1/day, 1/sidereal day, 1/year ...) that the sampling shows; null for none.",
        _MAKER,
    ),
    Column(
        "mirror_evidence",
        _FLOAT,
        "",
        "stat.likelihood",
        "By how much the log evidence of a Fourier series favours period over period_mirror; below 0 the mirror is "
        "the likelier.",
        _MAKER,
    ),
    Column(
        "mirror",
        pa.string(),
        "",
        "meta.code",
        "Name of the rhythm at which period_mirror mirrors period, where mirror_evidence is below 10: either may be "
        "the star's. Null for all others.",
        _MAKER,
    ),
    EPOCH,
    EPOCH_MINIMUM,
    Column(
        "n_cycles", _FLOAT, "", "meta.number", "Days from the first observation to the last, over the period.", _MAKER
    ),
    Column(
        "coupling",
        pa.string(),
        "",
        "meta.code",
        "What the bands shared besides the period: free (nothing), ratios (one series, in fixed ratios of amplitude) "
        "or templates (the shape of a class too).",
        _MAKER,
    ),
    Column(
        "family",
        pa.string(),
        "",
        "meta.code",
        "Family of variable stars whose ratios, or template whose shape, explains the light curve best; null for free "
        "bands. No class: it is that of the best period alone.",
        _MAKER,
    ),
    Column("reason", pa.string(), "", "meta.note", "Why there is no period; null where there is one.", _MAKER),
)
"""Columns of `find`, in order."""

GIVEN = (
    Column(
        "period_given",
        _FLOAT,
        "d",
        "time.period;src.var",
        "Period that the column named to the search (period_from) gives; null where it gives none.",
        _MAKER,
    ),
    Column(
        "period_source",
        pa.string(),
        "",
        "meta.note",
        "Where period comes from: the name of the column that gave it, or search. Null where there is none.",
        _MAKER,
    ),
)
"""Columns of `Search` besides where it is told a column with periods."""

PERIOD_SCHEMA = schema_of(COLUMNS)
"""Their schema."""
