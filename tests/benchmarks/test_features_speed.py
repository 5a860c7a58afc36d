"""Every feature that light-curve (Rust, Arrow input, one job) has too, and Fourier series beside numpy.linalg.lstsq."""

import numpy as np
import pyarrow as pa
import pytest

from lcscale.features import extract
from lcscale.lightcurves import LightCurves

pytestmark = pytest.mark.slow

NAMES = [
    "n_observations", "duration", "smallest_gap", "largest_gap", "mean", "weighted_mean", "standard_deviation",
    "skewness", "kurtosis", "von_neumann", "eta_e", "stetson_k", "reduced_chi2", "excess_variance", "chi2_probability",
    "roms", "beyond_1_std", "beyond_2_std", "cumulative_sum_range", "maximum_slope", "amplitude", "median", "mad",
    "iqr", "range_10_90", "range_5_95", "percentile_ratio_20", "percentile_ratio_80", "biweight_scale",
    "anderson_darling", "otsu_difference", "otsu_std_lower", "otsu_std_upper", "otsu_lower_share", "linear_trend",
    "linear_trend_error", "linear_trend_noise", "linear_fit", "linear_fit_error", "linear_fit_reduced_chi2",
]  # fmt: skip
CORE = [
    "mean", "standard_deviation", "skewness", "kurtosis", "stetson_k", "von_neumann", "beyond_1_std", "linear_trend",
    "median", "mad", "weighted_mean", "reduced_chi2", "amplitude", "eta_e",
]  # fmt: skip
PERIOD = 0.7


@pytest.fixture(scope="module", params=[100, 1000], ids=["n100", "n1000"])
def batch(request):
    rng = np.random.default_rng(1)
    n_objects = 10000 if request.param == 100 else 1000
    counts = rng.integers(80, 121, n_objects) if request.param == 100 else np.full(n_objects, 1000)
    offsets = np.r_[0, np.cumsum(counts)]
    owner = np.repeat(np.arange(n_objects), counts)
    time = rng.uniform(0, 1500, offsets[-1])
    time = time[np.lexsort((time, owner))]
    error = rng.uniform(0.01, 0.05, time.size)
    mag = 16 + 0.3 * np.sin(2 * np.pi * time / PERIOD) + rng.normal(0, error)
    return LightCurves(time, mag.astype(np.float32), error.astype(np.float32), offsets)


def test_lcscale(benchmark, batch):
    benchmark.group = f"40 features, {batch.counts[-1]} observations"
    benchmark(extract, batch, NAMES)


def test_light_curve(benchmark, batch):
    benchmark.group = f"40 features, {batch.counts[-1]} observations"
    lc = pytest.importorskip("light_curve")
    extractor = lc.Extractor(
        lc.ObservationCount(), lc.Duration(), lc.MinimumTimeInterval(), lc.MaximumTimeInterval(), lc.Mean(),
        lc.WeightedMean(), lc.StandardDeviation(), lc.Skew(), lc.Kurtosis(), lc.Eta(), lc.EtaE(), lc.StetsonK(),
        lc.ReducedChi2(), lc.ExcessVariance(), lc.Chi2Pvar(), lc.Roms(), lc.BeyondNStd(1.0), lc.BeyondNStd(2.0),
        lc.Cusum(), lc.MaximumSlope(), lc.Amplitude(), lc.Median(), lc.MedianAbsoluteDeviation(),
        lc.InterPercentileRange(0.25), lc.InterPercentileRange(0.1), lc.InterPercentileRange(0.05),
        lc.MagnitudePercentageRatio(0.4, 0.05), lc.MagnitudePercentageRatio(0.1, 0.05), lc.BiweightScale(),
        lc.AndersonDarlingNormal(), lc.OtsuSplit(), lc.LinearTrend(), lc.LinearFit(),
    )  # fmt: skip
    by_light_curve(benchmark, extractor, batch)


def test_core_lcscale(benchmark, batch):
    benchmark.group = f"14 cheap features, {batch.counts[-1]} observations"
    benchmark(extract, batch, CORE)


def test_core_light_curve(benchmark, batch):
    benchmark.group = f"14 cheap features, {batch.counts[-1]} observations"
    lc = pytest.importorskip("light_curve")
    extractor = lc.Extractor(
        lc.Mean(), lc.StandardDeviation(), lc.Skew(), lc.Kurtosis(), lc.StetsonK(), lc.Eta(), lc.BeyondNStd(1.0),
        lc.LinearTrend(), lc.Median(), lc.MedianAbsoluteDeviation(), lc.WeightedMean(), lc.ReducedChi2(),
        lc.Amplitude(), lc.EtaE(),
    )  # fmt: skip
    by_light_curve(benchmark, extractor, batch)


def by_light_curve(benchmark, extractor, batch):
    values = [pa.array(x.astype(np.float64)) for x in (batch.time, batch.mag, batch.mag_err)]
    struct = pa.StructArray.from_arrays(values, names=list("tme"))
    array = pa.ListArray.from_arrays(pa.array(batch.offsets.astype(np.int32)), struct)
    fields = {"t": "t", "m": "m", "sigma": "e"}
    benchmark(extractor.many, array, sorted=True, check=False, fill_value=np.nan, n_jobs=1, arrow_fields=fields)


def test_fourier_lcscale(benchmark, batch):
    benchmark.group = f"Fourier series, {batch.counts[-1]} observations"
    part = batch.take(np.arange(500))
    benchmark(extract, part, ["r21", "phi21", "r31", "phi31"], PERIOD)


def test_fourier_lstsq(benchmark, batch):
    """Order 5 and fixed, without order selection or errors."""
    benchmark.group = f"Fourier series, {batch.counts[-1]} observations"
    part = batch.take(np.arange(500))
    k = np.arange(1, 6)

    def fit():
        for a, b in zip(part.offsets[:-1], part.offsets[1:], strict=True):
            angle = np.outer(2 * np.pi / PERIOD * (part.time[a:b] - part.time[a]), k)
            design = np.column_stack([np.ones(b - a), np.cos(angle), np.sin(angle)])
            error = part.mag_err[a:b].astype(np.float64)
            np.linalg.lstsq(design / error[:, None], part.mag[a:b] / error, rcond=None)

    benchmark(fit)
