"""Columns of `Outbursts`."""

from __future__ import annotations

import pyarrow as pa

from lcscale.vocabulary import Column

_MAKER = "lcscale.products"


def _column(name: str, unit: str, ucd: str, about: str, kind: pa.DataType | None = None) -> Column:
    return Column(name, kind or pa.float64(), unit, ucd, about, _MAKER, unmarked=True)


COLUMNS = (
    _column("variability_amplitude", "mag", "src.var.amplitude", "Magnitudes between the 5th and the 95th percentile."),
    _column("outburst_amplitude", "mag", "src.var.amplitude", "Median before the rise less the brightest visits."),
    _column("outburst_significance", "", "stat.snr", "Amplitude over the robust scatter before the rise."),
    _column("outburst_date", "d", "time.epoch", "Time at half of the rise, as the light curve tells times."),
    _column("outburst_rise_rate", "mag/d", "src.var", "Rate from 1/4 to 3/4 of the amplitude."),
    _column("outburst_days", "d", "time.duration", "Time above 0.3 of the amplitude; to the end where it stays."),
    _column("outburst_over", "", "meta.code", "Whether it had come back by the end.", pa.bool_()),
    _column("outburst_type", "", "src.class", "FUOR, EXOR or undecided; null where there is no outburst.", pa.string()),
    _column("periodicity_q", "", "src.var", "Q of Cody et al. (2014): 0 periodic, 1 not; null without period."),
    _column("asymmetry_m", "", "src.var", "M of Cody et al. (2014): above 0 it dips, below 0 it bursts."),
)
"""What the step gives."""
