"""Every feature against an independent implementation, or brute force where there is none."""

import numpy as np
import pytest
import scipy.special
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from lcscale.features import FEATURES, NAMES, OPTIONAL, extract
from lcscale.features.normal import log_normal_table, log_tail_and_body
from lcscale.lightcurves import LightCurves

RTOL = 1e-6


def light_curves(seed=3):
    """Light curves of several lengths and shapes, as (time, mag, error)."""
    rng = np.random.default_rng(seed)
    result = []
    for n, shape in ((12, 0.3), (40, 0.8), (117, 0.0), (1000, 0.5)):
        time = np.sort(rng.uniform(58000, 59000, n))
        error = rng.uniform(0.01, 0.06, n)
        mag = 16 + shape * np.sin(2 * np.pi * time / 2.7) ** 3 + rng.normal(0, error) + rng.exponential(0.02, n)
        result.append((time, mag, error))
    return result


CURVES = light_curves()


def batch(curves=CURVES):
    time, mag, error = (np.concatenate(part) for part in zip(*curves, strict=True))
    return LightCurves(time, mag, error, np.r_[0, np.cumsum([c[0].size for c in curves])])


@pytest.fixture(scope="module")
def hazen():
    names = [*NAMES, "qn"]
    return extract(batch(), names, period=2.7, quantile_rule="hazen").to_pydict()


@pytest.fixture(scope="module")
def linear():
    return extract(batch(), period=2.7).to_pydict()


LIGHT_CURVE = {
    "n_observations": ("ObservationCount", (), 0),
    "duration": ("Duration", (), 0),
    "smallest_gap": ("MinimumTimeInterval", (), 0),
    "largest_gap": ("MaximumTimeInterval", (), 0),
    "mean": ("Mean", (), 0),
    "weighted_mean": ("WeightedMean", (), 0),
    "standard_deviation": ("StandardDeviation", (), 0),
    "skewness": ("Skew", (), 0),
    "kurtosis": ("Kurtosis", (), 0),
    "von_neumann": ("Eta", (), 0),
    "eta_e": ("EtaE", (), 0),
    "stetson_k": ("StetsonK", (), 0),
    "reduced_chi2": ("ReducedChi2", (), 0),
    "excess_variance": ("ExcessVariance", (), 0),
    "chi2_probability": ("Chi2Pvar", (), 0),
    "roms": ("Roms", (), 0),
    "beyond_1_std": ("BeyondNStd", (1.0,), 0),
    "beyond_2_std": ("BeyondNStd", (2.0,), 0),
    "cumulative_sum_range": ("Cusum", (), 0),
    "maximum_slope": ("MaximumSlope", (), 0),
    "amplitude": ("Amplitude", (), 0),
    "median": ("Median", (), 0),
    "mad": ("MedianAbsoluteDeviation", (), 0),
    "iqr": ("InterPercentileRange", (0.25,), 0),
    "range_10_90": ("InterPercentileRange", (0.1,), 0),
    "range_5_95": ("InterPercentileRange", (0.05,), 0),
    "percentile_ratio_20": ("MagnitudePercentageRatio", (0.4, 0.05), 0),
    "percentile_ratio_80": ("MagnitudePercentageRatio", (0.1, 0.05), 0),
    "biweight_scale": ("BiweightScale", (), 0),
    "anderson_darling": ("AndersonDarlingNormal", (), 0),
    "otsu_difference": ("OtsuSplit", (), 0),
    "otsu_std_lower": ("OtsuSplit", (), 1),
    "otsu_std_upper": ("OtsuSplit", (), 2),
    "otsu_lower_share": ("OtsuSplit", (), 3),
    "linear_trend": ("LinearTrend", (), 0),
    "linear_trend_error": ("LinearTrend", (), 1),
    "linear_trend_noise": ("LinearTrend", (), 2),
    "linear_fit": ("LinearFit", (), 0),
    "linear_fit_error": ("LinearFit", (), 1),
    "linear_fit_reduced_chi2": ("LinearFit", (), 2),
    "qn": ("QnScale", (), 0),
}


@pytest.mark.parametrize("name", LIGHT_CURVE)
def test_light_curve(name, hazen):
    peer = pytest.importorskip("light_curve")
    kind, arguments, index = LIGHT_CURVE[name]
    feature = getattr(peer, kind)(*arguments)
    for i, (time, mag, error) in enumerate(CURVES):
        expected = feature(time, mag, error, sorted=True)[index]
        assert hazen[name][i] == pytest.approx(expected, rel=RTOL, abs=1e-12), (name, time.size)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.integers(10, 500), st.floats(0, 3), st.sampled_from([0.0, 0.05, 0.5]), st.booleans())
def test_light_curve_on_any_light_curve(seed, n, shape, wing, rounded):
    """Sinusoids, noise, far outliers, magnitudes rounded to ties."""
    peer = pytest.importorskip("light_curve")
    rng = np.random.default_rng(seed)
    time = np.sort(rng.uniform(0, 300, n))
    error = rng.uniform(0.01, 0.1, n)
    mag = 16 + shape * np.sin(time) + rng.normal(0, error) + (rng.random(n) < wing) * rng.normal(0, 3, n)
    mag = np.round(mag, 1) + 0.01 * (np.arange(n) == 0) if rounded else mag
    row = extract(LightCurves(time, mag, error, [0, n]), list(LIGHT_CURVE), quantile_rule="hazen").to_pylist()[0]
    kinds = list(dict.fromkeys((kind, arguments) for kind, arguments, _ in LIGHT_CURVE.values()))
    values = {
        kind: getattr(peer, kind[0])(*kind[1])(time, mag, error, sorted=True, fill_value=np.nan) for kind in kinds
    }
    for name, (kind, arguments, index) in LIGHT_CURVE.items():
        expected = values[kind, arguments][index]
        if kind in {"InterPercentileRange", "MagnitudePercentageRatio"}:  # their quantiles are float32 numbers
            expected = hazen_ratio(mag, *arguments)
        if np.isfinite(expected) and row[name] is not None:
            assert row[name] == pytest.approx(expected, rel=RTOL, abs=1e-9), name
        else:
            assert name in {"biweight_scale", "percentile_ratio_20", "percentile_ratio_80", "skewness", "kurtosis"}, (
                name
            )


def hazen_ratio(mag, share, outer=None):
    low, high = np.quantile(mag, [share, 1 - share], method="hazen")
    return high - low if outer is None else (high - low) / hazen_ratio(mag, outer)


def test_logarithms_of_the_normal_distribution():
    table = log_normal_table()
    for x in np.r_[0.0, np.linspace(0, 36.99, 2001), np.geomspace(1e-12, 1, 30)]:
        tail, body = log_tail_and_body(x, table)
        assert tail == pytest.approx(scipy.special.log_ndtr(-x), rel=4e-12)
        assert body == pytest.approx(scipy.special.log_ndtr(x), abs=4e-12)
    assert log_tail_and_body(1e6, table) == log_tail_and_body(37.0, table)


def folded(time, mag, period):
    return mag[np.argsort(((time - time[0]) / period) % 1, kind="stable")]


def eta(m):
    return np.sum(np.diff(m) ** 2) / ((m.size - 1) * m.var(ddof=1))


def hl_amp_ratio(time, m, e):
    w, d = 1 / e**2, m - np.median(m)
    return np.sqrt(np.average(d[d > 0] ** 2, weights=w[d > 0]) / np.average(d[d <= 0] ** 2, weights=w[d <= 0]))


def gskew(time, m, e):
    low, high = np.percentile(m, [3, 97])
    return np.median(m[m <= low]) + np.median(m[m >= high]) - 2 * np.median(m)


def asymmetry(time, m, e):
    v, k = np.sort(m), max(m.size // 10, 1)
    return (np.r_[v[:k], v[-k:]].mean() - np.median(m)) / m.std(ddof=1)


def stetson_j(time, m, e):
    mean, n = np.average(m, weights=e**-2.0), m.size
    z = np.sqrt(n / (n - 1)) * (m - mean) / e
    terms, j = [], 0
    while j < n:
        pair = j + 1 < n and time[j + 1] - time[j] <= 0.05
        p = z[j] * z[j + 1] if pair else z[j] ** 2 - 1
        terms.append(np.sign(p) * np.sqrt(abs(p)))
        j += 2 if pair else 1
    return np.mean(terms)


BRUTE_FORCE = {
    "mean": lambda t, m, e: m.mean(),
    "weighted_mean": lambda t, m, e: np.average(m, weights=e**-2.0),
    "standard_deviation": lambda t, m, e: m.std(ddof=1),
    "skewness": lambda t, m, e: scipy.stats.skew(m, bias=False),
    "kurtosis": lambda t, m, e: scipy.stats.kurtosis(m, bias=False),
    "inverse_von_neumann": lambda t, m, e: 1 / eta(m),
    "stetson_j": stetson_j,
    "cadence": lambda t, m, e: np.median(np.diff(t)),
    "mad": lambda t, m, e: scipy.stats.median_abs_deviation(m),
    "iqr": lambda t, m, e: np.subtract(*np.percentile(m, [75, 25])),
    "range_5_95": lambda t, m, e: np.subtract(*np.percentile(m, [95, 5])),
    "percentile_ratio_35": lambda t, m, e: (
        np.subtract(*np.percentile(m, [67.5, 32.5])) / np.subtract(*np.percentile(m, [95, 5]))
    ),
    "percentile_ratio_65": lambda t, m, e: (
        np.subtract(*np.percentile(m, [82.5, 17.5])) / np.subtract(*np.percentile(m, [95, 5]))
    ),
    "count_ratio": lambda t, m, e: np.sum(m < m.mean()) / np.sum(m > m.mean()),
    "hl_amp_ratio": hl_amp_ratio,
    "gskew": gskew,
    "asymmetry": asymmetry,
    "chi2_probability": lambda t, m, e: scipy.stats.chi2.sf(
        np.sum(((m - np.average(m, weights=e**-2.0)) / e) ** 2), m.size - 1
    ),
    "linear_trend": lambda t, m, e: scipy.stats.linregress(t, m).slope,
    "linear_trend_error": lambda t, m, e: scipy.stats.linregress(t, m).stderr,
    "psi_eta": lambda t, m, e: eta(folded(t, m, 2.7)),
    "psi_cs": lambda t, m, e: np.ptp(np.cumsum(folded(t, m, 2.7) - m.mean())) / (m.size * m.std(ddof=1)),
    "string_length": lambda t, m, e: (
        np.sum(np.diff(np.r_[folded(t, m, 2.7), folded(t, m, 2.7)[0]]) ** 2) / (2 * (m.size - 1) * m.var(ddof=1))
    ),
    "period": lambda t, m, e: 2.7,
}


@pytest.mark.parametrize("name", BRUTE_FORCE)
def test_brute_force(name, linear):
    for i, (time, mag, error) in enumerate(CURVES):
        expected = BRUTE_FORCE[name](time, mag, error)
        assert linear[name][i] == pytest.approx(expected, rel=RTOL, abs=1e-12), (name, time.size)


def test_biweight_scale_is_that_of_astropy(linear):
    from astropy.stats import biweight_scale

    for i, (_, mag, _) in enumerate(CURVES):
        assert linear["biweight_scale"][i] == pytest.approx(biweight_scale(mag), rel=RTOL)


def test_every_feature_has_an_oracle():
    fourier = {
        name for name in FEATURES if name.startswith(("a", "r", "phi", "fourier")) and any(map(str.isdigit, name))
    }
    tested = set(LIGHT_CURVE) | set(BRUTE_FORCE) | fourier | {"fourier_order", "fourier_r2", "percentile_ratio_50"}
    optional = set(OPTIONAL)  # test_shape.py, test_flux.py
    pairs = {"color", "color_scatter", "amplitude_ratio", "phase_lag"}  # test_multiband.py
    assert set(FEATURES) <= tested | optional | pairs


def test_declarations_are_complete():
    for name, feature in FEATURES.items():
        assert feature.name == name
        assert feature.formula
        assert name == name.lower()
