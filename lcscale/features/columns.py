"""The columns that features have in a table: their units, UCDs and definitions."""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa

from lcscale.features.catalogue import FEATURES, PAIR_FEATURES
from lcscale.features.declaration import Feature
from lcscale.vocabulary import Column

_MAKER = "lcscale.features"
_UCD_OF_UNIT = {
    "mag": "src.var.amplitude;phot.mag",
    "d": "time.interval;obs",
    "mag/d": "arith.rate;phot.mag",
    "rad": "time.phase;stat.fourier",
    "": "src.var.index",
}
_UCD_OF_ERROR = {"mag": "stat.error;src.var.amplitude", "mag/d": "stat.error;phot.mag", "rad": "stat.error;time.phase"}
_UCDS = {
    "n_observations": "meta.number;obs",
    "duration": "time.duration;obs",
    "period": "time.period;src.var",
    "mean": "phot.mag;stat.mean",
    "weighted_mean": "phot.mag;stat.mean",
    "median": "phot.mag;stat.median",
    "standard_deviation": "stat.stdev;phot.mag",
    "skewness": "stat.skewness;phot.mag",
    "kurtosis": "stat.kurtosis;phot.mag",
    "mad": "stat.mad;phot.mag",
    "color": "phot.color",
    "color_scatter": "stat.stdev;phot.color",
    "reduced_chi2": "stat.fit.chi2;src.var",
    "linear_fit_reduced_chi2": "stat.fit.chi2;src.var",
    "chi2_probability": "stat.probability;src.var",
    "excess_variance": "stat.variance;phot.mag",
    "linear_trend_noise": "stat.stdev;phot.mag",
    "fourier_order": "meta.number;stat.fourier",
    "fourier_r2": "stat.fit.goodness;stat.fourier",
    **{f"a{k}": "stat.fourier.amplitude;phot.mag" for k in range(1, 7)},
    "a1_error": "stat.error;stat.fourier.amplitude",
    **{f"r{k}1": "stat.fourier;arith.ratio" for k in range(2, 6)},
    **{f"r{k}1_error": "stat.error;stat.fourier" for k in range(2, 6)},
}
"""UCDs that the unit does not tell."""


def column_of(feature: Feature, band: str = "") -> Column:
    """The column of a feature, or that of its copy for a further `band`."""
    ucds = _UCD_OF_ERROR if feature.name.endswith("_error") else _UCD_OF_UNIT
    about = f"{feature.formula} ({feature.source})." if feature.source else f"{feature.formula}."
    column = Column(
        feature.name, pa.float64(), feature.unit, _UCDS.get(feature.name) or ucds[feature.unit], about, _MAKER
    )
    return column if not band else replace(column, name=f"{feature.name}_{band}", about=f"Band {band}: {about}")


REASON = Column("reason", pa.string(), "", "meta.note", "Why there are no features; null where there are.", _MAKER)

COLUMNS = (*(column_of(each, "<band>" if each.name in PAIR_FEATURES else "") for each in FEATURES.values()), REASON)
"""Every column of the primary band, and those that further bands have beside it."""

OF_FURTHER_BANDS = tuple(
    column_of(each, "<band>") for each in FEATURES.values() if each.name not in (*PAIR_FEATURES, "period")
)
"""Copies of the others for further bands."""
