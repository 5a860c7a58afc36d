"""The numbers a network is told beside the images: features of the light curve, brought to comparable sizes.

Every number is computed from one or two features of the object's row (`lcscale.features`); none of them is a position,
a time or a brightness by itself. One without a value is NaN here; networks get it as "missing".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

import numpy as np
import numpy.typing as npt

from lcscale.kernels.compiling import Floats

Features = Mapping[str, Floats]
"""Features of one band by name, float64 [n_objects], NaN where one has no value."""


@dataclass(frozen=True)
class Number:
    """One number of a band."""

    name: str
    """What it is called beside the name of the band's role."""
    features: tuple[str, ...]
    """The features that it is computed from."""
    transform: Callable[..., Floats]
    """What is done to them."""

    def of(self, features: Features) -> Floats:
        """The number of every object, float64 [n_objects]."""
        return self.transform(*(features[name] for name in self.features))


def _log(name: str, feature: str, least: float = 0.0, scale: float = 1.0) -> Number:
    """Logarithm of a feature times `scale`, of at least `least`."""
    return Number(name, (feature,), lambda x: np.log10(np.maximum(scale * x, least)))


def _log_ratio(name: str, above: str, below: str, least: float) -> Number:
    return Number(name, (above, below), lambda x, y: np.log10(np.maximum(x, least) / np.maximum(y, least)))


def _same(name: str, feature: str) -> Number:
    return Number(name, (feature,), lambda x: x)


def _upper_share(name: str, feature: str) -> Number:
    """Share of a range of quantiles that lies above the median, from the skewness of these."""
    return Number(name, (feature,), lambda x: 0.5 * (1.0 + x))


def _von_neumann(least: float) -> Number:
    """Logarithm of η, the variance with n."""
    return Number(
        "log_von_neumann",
        ("von_neumann", "n_observations"),
        lambda x, n: np.log10(np.maximum(x * n / (n - 1), least)),
    )


def _excess(x: Floats, n: Floats) -> Floats:
    """ln(1 + abs g₂) with the sign of g₂, the moments with n, from G₂."""
    g2 = (x * (n - 2) * (n - 3) / (n - 1) - 6) / (n + 1)
    return np.copysign(np.log1p(np.abs(g2)), g2)


_SKEWNESS = Number("skewness", ("skewness", "n_observations"), lambda x, n: x * (n - 2) / np.sqrt(n * (n - 1)))
"""g₁, the moments with n, from G₁."""

FOLDED = (
    _log("log_amplitude", "range_5_95", 1e-4),
    _log("log_signal", "scatter_to_noise"),
    _SKEWNESS,
    Number("kurtosis", ("kurtosis", "n_observations"), _excess),
    _upper_share("faint_tail", "quantile_skewness_5"),
    _upper_share("faint_quarter", "quantile_skewness_25"),
    _same("quartile_width", "percentile_ratio_50"),
    _von_neumann(1e-6),
    _same("geary", "geary"),
    _log("log_slow_share", "slow_share", 1e-4),
    _log("log_fold_scatter", "string_length", 1e-6),
    _log_ratio("log_fold_gain", "string_length_twice", "string_length", 1e-6),
    _log("log_unexplained_1", "unexplained_1", 1e-4),
    _log("log_unexplained", "unexplained", 1e-4),
    *(Number(f"r{k}1", (f"smooth_r{k}1",), lambda x: np.minimum(x, 3.0)) for k in (2, 3)),
    *(
        Number(f"{name}_phi{k}1", (f"smooth_phi{k}1",), transform)
        for k in (2, 3)
        for name, transform in (("cos", np.cos), ("sin", np.sin))
    ),
    _same("rise_share", "rise_share"),
    _same("faint_share", "faint_share"),
    _log_ratio("log_odd_gain", "unexplained_twice", "unexplained_3", 1e-4),
    _same("minima_ratio", "minima_ratio"),
    _same("maxima_difference", "maxima_difference"),
    _log("log_second_mode", "second_mode_power", 1e-4),
    _same("second_mode_ratio", "second_mode_ratio"),
)
"""What is told of a band whose light curve is folded."""

RAW = (
    Number("log_baseline", ("duration",), lambda x: np.log10(np.maximum(x, 0.01))),
    _log("log_count", "n_observations"),
    _log("log_amplitude", "amplitude", 1e-4, 2.0),
    _log("log_scatter", "mad", 1e-4),
    _SKEWNESS,
    _von_neumann(1e-4),
    Number("log_visit_scatter", ("visit_scatter", "amplitude"), lambda x, a: np.log10(np.maximum(x / (2.0 * a), 1e-4))),
    Number("peak_place", ("peak_delay", "duration"), lambda x, d: x / np.maximum(d, 0.01)),
    _same("bright_share", "bright_share"),
    Number("log_bright_days", ("bright_duration",), lambda x: np.log10(x + 0.1)),
    Number("log_before_gap", ("gap_before_bright",), lambda x: np.log10(x + 0.01)),
    _log("log_second_peak", "second_peak", 1e-4),
    _same("end_level", "end_level"),
)
"""What is told of a band over time, which needs no period, nor errors, which alerts come without."""

OF_VIEW = {"folded": FOLDED, "raw": RAW}


TELLING = (
    "log_signal_*",
    "log_von_neumann_*",
    "log_slow_share_*",
    "log_fold_scatter_*",
    "log_fold_gain_*",
    "kurtosis_*",
    "quartile_width_*",
    "log_unexplained_1_*",
    "log_unexplained_*",
    "log_odd_gain_*",
    "log_second_mode_*",
    "second_mode_ratio_*",
    "evidence*",
)
"""Numbers that tell the cadence and the noise of a survey more than the star (probes in ``docs/judging.md``)."""
OF_SECOND_BAND = ("*_red", "colour", "amplitude_difference")
"""Numbers that a star has where it was observed in a second band: that it has them tells the survey."""


def matching(names: Sequence[str], patterns: Sequence[str]) -> npt.NDArray[np.bool_]:
    """Which of the names are of one of the patterns (``*`` for any text), bool [n_names].

    Examples
    --------
    >>> matching(("log_period", "log_signal_blue", "r21_red"), ("log_signal_*", "*_red")).tolist()
    [False, True, True]
    """
    return np.array([any(fnmatchcase(name, each) for each in patterns) for name in names], np.bool_)


def features_for(view: str) -> tuple[str, ...]:
    """Names of the features of a band that a network with this view is told of.

    Examples
    --------
    >>> features_for("raw")[:3]
    ('mean', 'duration', 'n_observations')
    """
    return tuple(dict.fromkeys(("mean", *(name for number in OF_VIEW[view] for name in number.features))))


def names_of(view: str, roles: Sequence[str]) -> tuple[str, ...]:
    """Names of the numbers, in the order of `numbers_of`."""
    of_bands = (f"{number.name}_{role}" for role in roles for number in OF_VIEW[view])
    differences = ("colour", "amplitude_difference") if len(roles) == 2 else ()
    return (*(() if view == "raw" else ("log_period",)), *of_bands, *differences)


def numbers_of(view: str, period: Floats, of_roles: Sequence[Features | None]) -> npt.NDArray[np.float32]:
    """The numbers of every object, float32 [n_objects, n_numbers]; NaN where there is none.

    Parameters
    ----------
    view
        What the network sees: ``"folded"`` or ``"raw"``.
    period
        Days, float64 [n_objects]; of no meaning for raw ones.
    of_roles
        `features_for` of the band in each role; None where a role is empty.
    """
    n = period.size
    missing = np.full(n, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        columns = [] if view == "raw" else [np.log10(period)]
        for features in of_roles:
            columns += [missing if features is None else number.of(features) for number in OF_VIEW[view]]
    if len(of_roles) == 2:
        first, second = (each or {"mean": missing} for each in of_roles)
        amplitudes = [columns[names_of(view, "ab").index(f"log_amplitude_{role}")] for role in "ab"]
        columns += [first["mean"] - second["mean"], amplitudes[0] - amplitudes[1]]
    numbers = np.stack(columns, axis=1).astype(np.float32) if columns else np.empty((n, 0), np.float32)
    numbers[~np.isfinite(numbers)] = np.nan
    return numbers
