"""The features that networks are told besides, each against its definition in plain NumPy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import pdist

from lcscale.features import FEATURES, extract
from lcscale.lightcurves import LightCurves

PERIOD = 0.5503


def light_curves():
    """Pulsators of two modes, several lengths, some nights crowded, as (time, mag, error)."""
    rng = np.random.default_rng(4)
    result = []
    for n, noise in ((9, 0.01), (14, 0.05), (60, 0.02), (301, 0.1)):
        time = np.sort(np.where(rng.random(n) < 0.3, np.floor(rng.uniform(0, 90, n)), 0) + rng.uniform(0, 300, n))
        turns = 2 * np.pi * time / PERIOD
        mag = 17 + 0.3 * np.cos(turns) + 0.15 * np.cos(2 * turns + 1) + 0.08 * np.cos(turns / 0.7445)
        error = rng.uniform(0.2, 2, n) * noise
        result.append((time, mag + rng.normal(0, noise, n), error))
    return result


CURVES = light_curves()


def fitted(t, m, e, cycles, order):
    """Coefficients (constant first), weights and centred magnitudes of the series with a ridge, by dense algebra."""
    w = 1 / (e**2 + np.mean(e) ** 2 / 9)
    w /= w.sum()
    y = m - np.sum(w * m)
    angle = 2 * np.pi * (t - t[0])[:, None] / (cycles * PERIOD) * np.arange(1, order + 1)
    parts = np.stack([np.cos(angle), np.sin(angle)], axis=2).reshape(t.size, -1)
    design = np.column_stack([np.ones(t.size), parts])
    ridge = np.diag([0.0, *[1e-3] * (2 * order)])
    return np.linalg.solve(design.T @ (w[:, None] * design) + ridge, design.T @ (w * y)), w, y, design


def unexplained(t, m, e, cycles, order):
    """What is left of χ² when the explained part is bᵀ A⁻¹ b beyond the constant."""
    coefficients, w, y, design = fitted(t, m, e, cycles, order)
    return 1 - (design.T @ (w * y)) @ coefficients / np.sum(w * y**2)


def orders(n):
    return min(5, (n - 3) // 4), min(6, (n - 3) // 4)


def curve(t, m, e, cycles):
    order = orders(t.size)[cycles - 1]
    c = fitted(t, m, e, cycles, order)[0][1:].reshape(order, 2)
    angle = 2 * np.pi * np.arange(64)[:, None] / 64 * np.arange(1, order + 1)
    return (np.cos(angle) * c[:, 0] + np.sin(angle) * c[:, 1]).sum(axis=1)


def complex_amplitude(t, m, e, k):
    c = fitted(t, m, e, 1, orders(t.size)[0])[0]
    return c[2 * k - 1] - 1j * c[2 * k]


def phase_difference(t, m, e, k):
    return (np.angle(complex_amplitude(t, m, e, k)) - k * np.angle(complex_amplitude(t, m, e, 1))) % (2 * np.pi)


def minima_ratio(t, m, e):
    v = curve(t, m, e, 2)
    v = np.roll(v, -v.argmax())
    return (v[32 - 9 : 32 + 10].max() - v.min()) / np.ptp(v)


def maxima_difference(t, m, e):
    v = curve(t, m, e, 2)
    v = np.roll(v, -v.argmax())
    return abs(v[1:32].min() - v[33:].min()) / np.ptp(v)


def second_mode(t, m, e):
    coefficients, w, y, design = fitted(t, m, e, 1, orders(t.size)[0])
    rest, since = y - design @ coefficients, t - t[0]
    step, best = 1 / (3 * np.ptp(t)), (0.0, np.nan)
    for low, high in ((1 / 0.7525, 1 / 0.7365), (0.7365, 0.7525)):
        trial = low / PERIOD + step * np.arange(int((high - low) / PERIOD / step) + 1)
        power = np.abs(np.exp(2j * np.pi * trial[:, None] * since) @ (w * rest)) ** 2
        k = power.argmax()
        if power[k] > best[0]:
            best = power[k], trial[k] * PERIOD
    return 2 * best[0] / np.sum(w * rest**2), min(best[1], 1 / best[1])


def in_phase(t, m, cycles):
    return m[np.argsort(((t - t[0]) / (cycles * PERIOD)) % 1, kind="stable")]


def slow_share(t, m, e):
    groups, start = np.zeros(t.size, int), 0
    for j in range(1, t.size):
        groups[j] = groups[j - 1] + (t[j] - t[start] > 60)
        start = j if groups[j] > groups[j - 1] else start
    between = sum((groups == g).sum() * (m[groups == g].mean() - m.mean()) ** 2 for g in np.unique(groups))
    return between / np.sum((m - m.mean()) ** 2)


def bright_run(m):
    middle = (m.min() + m.max()) / 2
    faint = np.flatnonzero(m >= middle)
    before, after = faint[faint < m.argmin()], faint[faint > m.argmin()]
    return before[-1] + 1 if before.size else 0, after[0] - 1 if after.size else m.size - 1


def skewness_of_quantiles(m, share):
    low, mid, high = np.quantile(m, [share, 0.5, 1 - share])
    return (high + low - 2 * mid) / (high - low)


def second_peak(t, m, e):
    other = m[np.abs(t - t[m.argmin()]) > 0.5]
    return (m.max() - other.min()) / np.ptp(m)


def gap_before(t, m, e):
    first, _ = bright_run(m)
    return t[first] - t[first - 1] if first else np.nan


def visit_scatter(t, m, e):
    within = np.diff(m)[np.diff(t) < 0.5]
    return np.sqrt(np.mean(within**2)) if within.size else np.nan


def eta(m):
    return np.sum(np.diff(m) ** 2) / ((m.size - 1) * m.var(ddof=1))


BRUTE_FORCE = {
    "geary": lambda t, m, e: np.mean(np.abs(m - m.mean())) / m.std(),
    "scatter_to_noise": lambda t, m, e: m.std() / e.mean(),
    "quantile_skewness_5": lambda t, m, e: skewness_of_quantiles(m, 0.05),
    "quantile_skewness_25": lambda t, m, e: skewness_of_quantiles(m, 0.25),
    "qn": lambda t, m, e: 2.219144465985076 * np.sort(pdist(m[:, None]))[(m.size // 2 + 1) * (m.size // 2) // 2 - 1],
    "slow_share": slow_share,
    "visit_scatter": visit_scatter,
    "peak_delay": lambda t, m, e: t[m.argmin()] - t[0],
    "bright_share": lambda t, m, e: np.mean(m < (m.min() + m.max()) / 2),
    "bright_duration": lambda t, m, e: np.ptp(t[list(bright_run(m))]),
    "gap_before_bright": gap_before,
    "second_peak": second_peak,
    "end_level": lambda t, m, e: (m[-1] - m.min()) / np.ptp(m),
    "psi_eta_twice": lambda t, m, e: eta(in_phase(t, m, 2)),
    "psi_cs_twice": lambda t, m, e: np.ptp(np.cumsum(in_phase(t, m, 2) - m.mean())) / (m.size * m.std(ddof=1)),
    "string_length_twice": lambda t, m, e: (
        np.sum((in_phase(t, m, 2) - np.roll(in_phase(t, m, 2), 1)) ** 2) / (2 * m.size * m.var())
    ),
    "unexplained_1": lambda t, m, e: unexplained(t, m, e, 1, 1),
    "unexplained_3": lambda t, m, e: unexplained(t, m, e, 1, min(3, orders(t.size)[0])),
    "unexplained": lambda t, m, e: unexplained(t, m, e, 1, orders(t.size)[0]),
    "unexplained_twice": lambda t, m, e: unexplained(t, m, e, 2, orders(t.size)[1]),
    "smooth_r21": lambda t, m, e: abs(complex_amplitude(t, m, e, 2)) / abs(complex_amplitude(t, m, e, 1)),
    "smooth_r31": lambda t, m, e: abs(complex_amplitude(t, m, e, 3)) / abs(complex_amplitude(t, m, e, 1)),
    "smooth_phi21": lambda t, m, e: phase_difference(t, m, e, 2),
    "smooth_phi31": lambda t, m, e: phase_difference(t, m, e, 3),
    "rise_share": lambda t, m, e: (curve(t, m, e, 1).argmin() - curve(t, m, e, 1).argmax()) % 64 / 64,
    "faint_share": lambda t, m, e: np.mean(curve(t, m, e, 1) > (curve(t, m, e, 1).min() + curve(t, m, e, 1).max()) / 2),
    "minima_ratio": minima_ratio,
    "maxima_difference": maxima_difference,
    "second_mode_power": lambda t, m, e: second_mode(t, m, e)[0],
    "second_mode_ratio": lambda t, m, e: second_mode(t, m, e)[1],
}
FEWEST = {"unexplained_twice": 11, "minima_ratio": 11, "maxima_difference": 11, "smooth_r21": 11, "smooth_phi21": 11,
          "smooth_r31": 15, "smooth_phi31": 15}  # fmt: skip


@pytest.fixture(scope="module")
def table():
    time, mag, error = (np.concatenate(part) for part in zip(*CURVES, strict=True))
    lcs = LightCurves(time, mag, error, np.r_[0, np.cumsum([c[0].size for c in CURVES])])
    return extract(lcs, BRUTE_FORCE, PERIOD, min_observations=5).to_pydict()


@pytest.mark.parametrize("name", BRUTE_FORCE)
def test_features_are_their_definitions(name, table):
    for i, (time, mag, error) in enumerate(CURVES):
        expected = BRUTE_FORCE[name](time, mag, error) if time.size >= FEWEST.get(name, 0) else np.nan
        found = np.nan if table[name][i] is None else table[name][i]
        assert found == pytest.approx(expected, rel=1e-6, abs=1e-9, nan_ok=True), time.size


def test_objects_with_fewer_observations_have_a_reason():
    lcs = LightCurves(np.arange(9.0), np.arange(9.0), np.ones(9), [0, 4, 9])
    rows = extract(lcs, ["mean", "kurtosis"], min_observations=5).to_pylist()
    assert rows[0] == {"mean": None, "kurtosis": None, "reason": "4 observations usable, 5 needed"}
    assert rows[1]["mean"] == 6.0
    assert rows[1]["reason"] is None


def test_no_feature_has_a_value_for_fewer_observations_than_it_needs():
    rng = np.random.default_rng(1)
    for n in (3, 5, 8, 12, 20):
        time = np.sort(rng.uniform(0, 30, n))
        lcs = LightCurves(time, rng.normal(15, 1, n), np.full(n, 0.1), [0, n])
        row = extract(lcs, FEATURES, PERIOD, min_observations=2).to_pylist()[0]
        assert row["reason"] is None
        assert row["mean"] is not None
        for name, value in row.items():
            if name in FEATURES and n < FEATURES[name].min_observations:
                assert value is None, (name, n)
