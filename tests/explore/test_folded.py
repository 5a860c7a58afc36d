"""Light curves of candidates: found again by name and position, folded right, drawn whatever they are."""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pytest
from skies import put, sky_table

from lcscale.explore.closeup import light_curve
from lcscale.explore.folded import Folded, _range, find_light_curve, fold, folded_panels, phase_zero, zero_of
from lcscale.lightcurves import LightCurves
from lcscale.periods import PERIOD_SCHEMA


def test_a_light_curve_is_found_by_name_and_position(lake):
    made = sky_table(300, seed=4)
    catalog = put(lake, "sky", made, order=1)
    expected = LightCurves.from_arrow(made)
    for i in (0, 7, 299):
        row = {name: made[name][i].as_py() for name in ("object_id", "ra", "dec")}
        lcs, source = find_light_curve([catalog], row)
        assert source.name == "sky"
        assert lcs.time.tolist() == expected.take([i]).time.tolist()
    assert find_light_curve([catalog], row | {"object_id": -1}) is None
    assert find_light_curve([catalog], row | {"dec": row["dec"] * 0.5}) is None
    assert find_light_curve([], row) is None
    assert find_light_curve([catalog], row | {"object_id": "a name in a catalog of numbers"}) is None


def test_folding_begins_at_the_epoch_or_at_the_brightest():
    time = np.arange(20) * 0.3
    mag = np.sin(2 * np.pi * time / 2.0) + 15
    lcs = LightCurves(time, mag, np.full(20, 0.1), [0, 20])
    given = fold(lcs, {"period": 2.0, "epoch": 0.5}, "t", "s")
    np.testing.assert_allclose(given.phase, ((time - 0.5) / 2.0) % 1, atol=1e-12)
    free = fold(lcs, {"period": 2.0}, "t", "s")
    assert free.phase[np.argmin(mag)] == pytest.approx(0.0, abs=1e-12)


def test_fluxes_are_drawn_with_the_brightest_at_the_top_too():
    time = np.arange(40) * 0.3
    flux = 5 + 10 * np.sin(2 * np.pi * time / 2.1)
    lcs = LightCurves(time, flux, np.ones(40), [0, 40], unit="nJy")
    made = fold(lcs, {"period": 2.1}, "t", "s")
    assert made.phase[np.argmax(flux)] == pytest.approx(0.0, abs=1e-12)
    for svg, label in ((folded_panels([made]), "flux (nJy)"), (light_curve(lcs), ">nJy<")):
        down = [float(y) for y in re.findall(r"M[\d.]+ ([\d.]+)h0", svg)]
        dots = down[:40]
        assert len(dots) == 40
        assert dots[np.argmax(flux)] == min(dots)
        assert dots[np.argmin(flux)] == max(dots)
        assert label in svg


@pytest.mark.parametrize("n", [0, 1, 2, 500])
def test_panels_take_anything(n):
    rng = np.random.default_rng(n)
    mag = rng.normal(15, 0.1, n)
    curve = Folded("<b>$x_1$", "&", rng.random(n), mag, (np.arange(n) % 2).astype(np.int8), ("g", "nobody's"))
    svg = folded_panels([curve] * 4)
    assert svg.count("<svg") == 4
    assert "&lt;b&gt;$x_1$" in svg
    assert folded_panels([curve]).startswith("<svg")


def test_eclipsing_stars_are_folded_at_their_minimum_and_no_others():
    row = {"period": 2.0, "epoch": 0.5, "epoch_minimum": 1.5}
    assert [zero_of(row | {"class": given}) for given in ("EA", "EW", "RRab", None, "of others")] == [
        1.5, 1.5, 0.5, 0.5, 0.5,
    ]  # fmt: skip
    assert zero_of({"class": "EA", "epoch": 0.5}) == 0.5  # tables of before
    assert "eclipsing stars at a minimum" in phase_zero(pa.schema([*PERIOD_SCHEMA, ("class", pa.string())]))
    assert "minimum" not in phase_zero(PERIOD_SCHEMA)


def test_strays_do_not_squeeze_the_rest():
    values = np.sort(np.random.default_rng(1).uniform(15, 16, 300))
    ends = (values[0], values[-1])
    assert _range(values) == ends
    assert _range(np.array([*values, 25.0])) == ends
    assert _range(np.array([*values, 17.0, 25.0, 25.1])) == ends
    assert _range(np.array([2.0, 2.1, *values, 25.0])) == ends
    assert _range(np.array([*values, 17.0, 17.1, 17.2, 17.3])) == (values[0], 17.3)  # more than a hundredth: signal
    assert _range(np.array([1.0, 9.0])) == (1.0, 9.0)


def test_phase_zero_is_told_as_the_maximum_that_our_search_found_alone():
    assert "maximum of brightness" in phase_zero(PERIOD_SCHEMA)
    assert "maximum" not in phase_zero(pa.schema([("period", pa.float64()), ("epoch", pa.float64())]))
