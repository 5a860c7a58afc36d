"""Columns of the tables of RR Lyrae stars."""

from __future__ import annotations

import pyarrow as pa

from lcscale.features.catalogue import FEATURES
from lcscale.features.columns import column_of
from lcscale.vocabulary import Column

_MAKER = "lcscale.products.rrlyrae"
_FEH = "phys.abund.Fe"


def _number(name: str, unit: str, ucd: str, about: str) -> Column:
    return Column(name, pa.float64(), unit, ucd, about, _MAKER)


def _text(name: str, about: str, ucd: str = "meta.note") -> Column:
    return Column(name, pa.string(), "", ucd, about, _MAKER)


FITTED_NAMES = (
    "mean",
    *("a1", "a1_error", "a2", "a3", "r21", "r21_error", "r31", "r31_error"),
    *("phi21", "phi21_error", "phi31", "phi31_error"),
)
FITTED = tuple(column_of(FEATURES[name]) for name in FITTED_NAMES)
"""The star's own series, as `lcscale.features` has it."""

_DENOISED = (
    *(("a" + k, "mag", "stat.fourier.amplitude;phot.mag", f"A_{k} of the cosine series") for k in "123"),
    *((f"phi{k}1", "rad", "time.phase;stat.fourier", f"φ_{k} − {k} φ_1 of the cosine series, [0, 2π)") for k in "23"),
)
DENOISED = tuple(
    column
    for name, unit, ucd, about in _DENOISED
    for column in (
        _number(f"denoised_{name}", unit, ucd, f"{about}, given the population of its mode (empirical Bayes)."),
        _number(f"denoised_{name}_error", unit, f"stat.error;{ucd.split(';')[0]}", f"Its standard error ({about})."),
    )
)
"""Amplitudes and phase differences that the population helps to measure."""

MODE = _text("mode", "RRab (fundamental) or RRc (first overtone): as given, or of the higher probability.", "src.class")
PULSATION = _number(
    "pulsation_period", "d", "time.period;src.var", "Period used: as given, or that of the candidates which fits best."
)
SERIES = (
    MODE,
    _number("prob_rrab", "", "stat.probability;src.class", "Probability of RRab against RRc: evidence and period."),
    PULSATION,
    _number("phase_gap", "", "time.phase", "Widest gap between neighbouring observations in phase, cycles."),
    _number(
        "series_scatter",
        "",
        "stat.fit.residual",
        "Scatter of the observations about the denoised series, in units of their errors and 0.01 mag in quadrature.",
    ),
    *DENOISED,
)
"""Columns of `FourierPopulation`, without `reason` and `model_id`."""

REASON = _text("reason", "Why there is no [Fe/H], or what to know of it; null for an ordinary star.")
EXTRAPOLATED = Column(
    "extrapolated", pa.bool_(), "", "meta.code", "Whether nothing like the star was in training.", _MAKER
)
MODEL_ID = _text("model_id", "Model of populations and regressions, by its content.", "meta.id;meta.modelled")


def _interval(name: str, end: str, percent: int) -> Column:
    about = f"{end} end of the interval that holds [Fe/H] on the scale of feh_scale for {percent} % of stars."
    return _number(name, "dex", f"{_FEH};stat.{'min' if end == 'Lower' else 'max'}", about)


ANSWERS = (
    _number("feh", "dex", f"{_FEH};meta.main", "[Fe/H], the answer named in feh_from."),
    _number("feh_error", "dex", f"stat.error;{_FEH}", "Standard error of feh: its four parts in quadrature."),
    _interval("feh_low_68", "Lower", 68),
    _interval("feh_high_68", "Upper", 68),
    _interval("feh_low_90", "Lower", 90),
    _interval("feh_high_90", "Upper", 90),
    _number("feh_error_measurement", "dex", f"stat.error;{_FEH}", "Part of feh_error: Fourier parameters and period."),
    _number("feh_error_model", "dex", f"stat.error;{_FEH}", "Part of feh_error: scatter of stars about the answer."),
    _number("feh_error_scale", "dex", f"stat.error;{_FEH}", "Part of feh_error: labels of training on their scale."),
    _number("feh_error_zero_point", "dex", f"stat.error;{_FEH}", "Part of feh_error: zero point against spectroscopy."),
    _number("feh_relation", "dex", _FEH, "[Fe/H] of the relation named in relation, with denoised parameters."),
    _number("feh_relation_error", "dex", f"stat.error;{_FEH}", "Its error: measurement and scatter."),
    _number("feh_regression", "dex", _FEH, "[Fe/H] of the Gaussian process on denoised Fourier parameters (RRab)."),
    _number("feh_regression_error", "dex", f"stat.error;{_FEH}", "Its error: measurement and model."),
    _number("feh_trees", "dex", _FEH, "[Fe/H] of boosted trees on denoised Fourier parameters (RRab)."),
    _number("feh_trees_error", "dex", f"stat.error;{_FEH}", "Its error."),
    _number("feh_network", "dex", _FEH, "[Fe/H] of the network on the light curve (RRab), where the model has one."),
    _number("feh_network_error", "dex", f"stat.error;{_FEH}", "Its error."),
    _text("feh_from", "Which answer feh is: relation, regression, trees or network.", "meta.code"),
    _text("feh_why", "Why that answer."),
    _text("feh_scale", "Scale of feh: whose metallicities it reproduces."),
    _text("relation", "Name of the relation of feh_relation.", "meta.id"),
    _number("feh_other_mode", "dex", _FEH, "[Fe/H] by the relation of the other mode, where the mode is unsure."),
    EXTRAPOLATED,
)
"""What `Metallicities` says, without `reason` and `model_id`."""

_KPC = "pos.distance"
DISTANCES = (
    _number("absolute_magnitude", "mag", "phys.magAbs", "Absolute magnitude by the relation in distance_relation."),
    _number("absolute_magnitude_error", "mag", "stat.error;phys.magAbs", "Standard deviation of its draws."),
    _number("extinction", "mag", "phys.absorption", "Extinction in the band of the relation that was corrected."),
    _number("distance_modulus", "mag", "phot.mag.distMod", "Extinction-corrected distance modulus."),
    _number("distance_modulus_error", "mag", "stat.error;phot.mag.distMod", "Standard deviation of its draws."),
    _number("distance", "kpc", _KPC, "Distance."),
    _number("distance_low", "kpc", f"{_KPC};stat.min", "Below it lie 16 % of the draws."),
    _number("distance_high", "kpc", f"{_KPC};stat.max", "Above it lie 16 % of the draws."),
    _text("distance_relation", "Relation of the absolute magnitude.", "meta.id"),
    _text("distance_reason", "Why there is no distance, or what was not done."),
)
"""Columns of `Distances`."""

COLUMNS = (*SERIES, *ANSWERS, REASON, MODEL_ID, *DISTANCES)
"""Columns of this room."""
