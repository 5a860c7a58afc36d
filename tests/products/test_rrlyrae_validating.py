"""What [Fe/H] and distances of RR Lyrae stars are held against, on stars whose answers are known beforehand."""

from __future__ import annotations

from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from lcscale.explore.rrlyrae import feature_selection
from lcscale.products.rrlyrae import RRLyraeModel, relations, validating
from lcscale.surveys.positions import gaia_positions


@pytest.fixture
def gaia():
    """Six stars with the Fourier parameters of one, a degree or more from each other; the last is an RRc."""
    ids = (np.arange(6) * 1000 + 77) << 35
    series = {"period": 0.55, "amplitude": 0.8, "r21_g": 0.45, "r31_g": 0.3, "phi21_g": 3.9, "phi31_g": 2.0}
    return pd.DataFrame({"source_id": ids, "type": ["RRAB"] * 5 + ["RRC"], **series, "g_mean": 19.0})


def test_members_have_the_place_and_the_period_of_a_variable(gaia):
    ra, dec = gaia_positions(gaia.source_id.to_numpy())
    gaia.loc[4, "phi31_g"] = np.nan
    period = gaia.period * [1, 1 + 4e-4, 1 + 6e-4, 1, 1, 1]
    dec = dec + np.array([0, 0, 0, 61 / 3600, 0, 0])  # a second beyond the radius
    variables = pd.DataFrame({"File": list("abcdef"), "RAJ2000": ra, "DEJ2000": dec, "Per": period})
    variables = pd.concat([variables, variables[:1], variables[:1].assign(Per=np.nan)])
    found = validating.cluster_members(gaia, variables)
    assert list(zip(found.source_id, found.File, strict=True)) == list(zip(gaia.source_id[:2], "ab", strict=True))


def test_clusters_have_the_mean_of_their_stars_beside_the_value_of_harris(gaia):
    members = gaia.assign(File=["x", "x", "x", "y", "z", "z"], period=[0.5, 0.55, 0.6, 0.5, 0.5, 0.6])
    names = pd.DataFrame({"File": ["x", "y", "z"], "Name": ["M 3, NGC 5272", "NGC 1", "NGC 2"]})
    harris = pd.DataFrame({"ID": ["NGC5272", "NGC1", "NGC2"], "FeH": [-1.5, -1.0, np.nan]})
    model, name = RRLyraeModel.load("gaia_g"), "muraveva2025_rrab"
    table = validating.cluster_metallicities(members, names, harris, model, name, 2)
    figures = validating.cluster_figures(table)
    assert list(figures) == ["NGC5272"]  # NGC 1 has one star, NGC 2 no value
    by_hand = relations()[name].value({"period": np.array([0.5, 0.55, 0.6]), "phi31": np.full(3, 2.0)})
    assert (figures["NGC5272"]["n"], figures["NGC5272"]["harris"]) == (3, -1.5)
    assert figures["NGC5272"]["relation mean"] == pytest.approx(by_hand.mean(), abs=1e-3)
    assert figures["NGC5272"]["relation std"] == pytest.approx(by_hand.std(ddof=1), abs=1e-3)


def test_a_line_and_a_middle_leave_outliers_out():
    rng = np.random.default_rng(5)
    x = rng.uniform(-0.5, 1.5, 400)
    y = 15.9 - 3.3 * x + rng.normal(0, 0.1, 400)
    y[:20] += 3
    found = validating.robust_line(x, y, 0.7)
    assert found["n"] <= 380 < found["of"]
    assert (found["constant"], found["log_period"]) == pytest.approx((15.9, -3.3), abs=0.04)
    assert validating.robust_middle(np.array([1.0, 2, 3, 4, 1000])) == {"n": 5, "median": 3.0, "scatter": 1.483}


def test_the_selection_of_features_is_drawn_as_a_file_that_opens():
    shares = {"P": 0.9, "phi31": 1.0}
    drawn = feature_selection({"n": 87, "univariate": shares, "stability": {"univariate": shares, "forward": shares}})
    assert ElementTree.fromstring(drawn).tag == "{http://www.w3.org/2000/svg}svg"
    assert "87 calibrators" in drawn
    assert "phi31" in drawn
