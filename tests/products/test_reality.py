"""R: which AllWISE detections are real, and what the branches do with it."""

from __future__ import annotations

import numpy as np
import pytest

from lcscale.models.trees.tabular import load_tabular
from lcscale.products.yso.branches import choose, realities
from lcscale.products.yso.features import APERTURES, PROFILE_FIT, reality_features


def detection(band: str, **values: float) -> dict[str, np.ndarray]:
    names = {"mag": band, "error": f"e_{band}", "snr": f"{band}_snr", "rchi2": f"{band}_rchi2"}
    return {names.get(name, f"{band}_{name}"): np.array([value]) for name, value in values.items()}


def test_the_curve_of_growth_is_relative_to_the_profile_fit():
    numbers = detection("w3", mag=8.0, error=0.03, snr=36.0, rchi2=1.0)
    numbers |= {f"w3_aperture_{i}": np.array([9.0 - 0.1 * i]) for i in range(1, 9)}
    found = reality_features(numbers, "w3", 1)
    assert set(found) == set(APERTURES)
    assert [found[f"growth_{i}"][0] for i in (1, 8)] == pytest.approx([0.9, 0.2])
    assert [found[f"step_{i}"][0] for i in (1, 7)] == pytest.approx([0.1, 0.1])
    without = reality_features(detection("w4", mag=5.0, error=0.1, snr=10.0, rchi2=1.0), "w4", 1)
    assert all(np.isfinite(without[name][0]) for name in PROFILE_FIT)
    assert np.isnan(without["growth_1"][0])


def test_bright_detections_are_real_and_faint_ones_are_not_sure():
    model = load_tabular("yso")
    bright = detection("w3", mag=7.7, error=0.018, snr=61.0, rchi2=0.97)
    faint = detection("w3", mag=12.2, error=0.38, snr=2.9, rchi2=0.92)
    assert realities(model, bright, 1)["R"][0] > 0.9
    assert realities(model, faint, 1)["R"][0] < 0.2
    both = bright | detection("w4", mag=9.0, error=0.5, snr=2.2, rchi2=0.9)
    found = {name: values[0] for name, values in realities(model, both, 1).items()}
    assert found["R"] == min(found["R_w3"], found["R_w4"]) < 0.5
    assert np.isnan(realities(model, {}, 1)["R"][0])


def test_the_longer_branch_counts_only_where_its_bands_are_real_and_it_answers():
    short = np.tile(np.float32([0.7, 0.3]), (5, 1))
    long = np.tile(np.float32([0.1, 0.9]), (5, 1))
    long[3] = np.nan
    chosen, taken = choose(short, long, np.float32([0.9, 0.5, np.nan, 0.9, 0.51]))
    assert taken.tolist() == ["LY", "SY", "SY", "SY", "LY"]
    np.testing.assert_array_equal(chosen[:, 0] < 0.5, taken == "LY")
