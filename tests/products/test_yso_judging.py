"""The bench for young stars: catalogs left out, rare young stars, what a probability is worth."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from astropy.coordinates import SkyCoord

from lcscale.explore.judging import as_markdown
from lcscale.models.trees.growing import GrowthOptions
from lcscale.models.trees.native import BoostingOptions
from lcscale.models.trees.tabular import read_tabular_card
from lcscale.products.yso import CLASSES, LabelledTable, train_yso_model
from lcscale.products.yso.contamination import contamination, galactic_latitude
from lcscale.products.yso.judging import average_precision, judge_yso
from lcscale.products.yso.precision import DUSTY_FIELD, count_above, precision_of
from lcscale.simulation.population import simulate_population
from tests.products.test_yso import detections, with_rchi2

OPTIONS, QUICK = GrowthOptions(folds=2), BoostingOptions(iterations=5)


def tables() -> list[LabelledTable]:
    """Two catalogs, the second one without Gaia and with young stars alone."""
    whole = with_rchi2(simulate_population(dict.fromkeys(CLASSES, 80), seed=31))
    young = with_rchi2(simulate_population({"YSO": 60}, seed=32))
    for name in ("g", "bp", "rp", "parallax", "pmra", "pmdec"):
        young = young.set_column(young.column_names.index(name), name, pa.nulls(60, pa.float64()))
    return [LabelledTable("whole", whole), LabelledTable("young", young)]


def test_catalogs_are_left_out_in_turn(tmp_path):
    spurious = {band: detections(band) for band in ("w3", "w4")}
    model = train_yso_model(tables(), spurious, tmp_path / "m", options=OPTIONS, boosting=QUICK)
    found = judge_yso(model, tables(), "whole", OPTIONS, QUICK)
    assert {name: row["n"] for name, row in found["left_out"].items()} == {"whole": 320, "young": 60}
    assert found["left_out"]["young"]["by_sky"]["n"] == 60
    assert found["left_out"]["whole"]["left_out"] is None, "no other catalog has its classes"
    bars = {row["what"].split(" (")[0]: row for row in found["bars"]}
    own = bars["F1 for YSO, own answers, by sky"]
    assert own["low"] <= own["value"] <= own["high"]
    assert own["of_them"] <= 80
    rare = bars["average precision at 1 % prevalence, young left out, all with its bands"]
    assert rare["of_them"] <= 60 < rare["n"]
    for rows in found["contamination"].values():
        assert sum(row["n"] for row in rows) <= 380
        assert all(row["n"] == sum(each["n"] for each in row["classes"].values()) for row in rows)
    assert found["labelled"]["evolved"]["n"] == 80
    text = as_markdown(found)
    assert "Contamination by galactic latitude" in text
    assert "Figures with a bar" in text
    assert f"{own['value']:.3f}" in text


def test_contamination_is_counted_by_class_in_bins_of_latitude_and_reddening():
    label = np.array(["YSO"] * 4 + ["evolved"] * 6, object)
    p = np.zeros((10, 4))
    p[:, CLASSES.index("YSO")] = [1, 1, 1, 0, 1, 0, 0, 0, 0, np.nan]
    p[:, CLASSES.index("evolved")] = 1 - p[:, CLASSES.index("YSO")]
    away = SkyCoord(np.full(10, 30.0), np.r_[[0.5] * 7, [-40.0] * 3], unit="deg", frame="galactic").icrs
    found = contamination(p, label, away.ra.deg, away.dec.deg, np.r_[[0.5] * 5, [1.2] * 4, [0.5]])
    near, far = found["latitude"]
    assert (near["low"], near["high"], near["n"], far["low"], far["high"], far["n"]) == (0, 2, 7, 30, 90, 2)
    assert near["classes"]["YSO"] | {"n": 4, "wrong": 1} == near["classes"]["YSO"]
    assert near["classes"]["evolved"] | {"n": 3, "wrong": 1} == near["classes"]["evolved"]
    assert far["classes"] == {"evolved": far["classes"]["evolved"]}
    assert far["classes"]["evolved"]["low"] == pytest.approx(0, abs=1e-3)
    assert far["classes"]["evolved"]["high"] == pytest.approx(0.658, abs=1e-3)  # Wilson: 1.96² / (2 + 1.96²)
    assert [(row["low"], row["high"], row["n"]) for row in found["reddening"]] == [(None, 0.7, 5), (1.0, 1.4, 4)]


def test_galactic_latitude_is_astropy_s():
    rng = np.random.default_rng(2)
    ra, dec = rng.uniform(0, 360, 200), np.degrees(np.arcsin(rng.uniform(-1, 1, 200)))
    expected = SkyCoord(ra, dec, unit="deg").galactic.b.deg
    assert galactic_latitude(ra, dec) == pytest.approx(expected, abs=1e-4)


def test_average_precision_at_a_prevalence_is_that_of_as_many_others():
    """Weights stand for others that are there: ninety-nine times as many, each of them once more."""
    from sklearn.metrics import average_precision_score

    rng = np.random.default_rng(0)
    label = np.array(["YSO"] * 100 + ["evolved"] * 300, object)
    p = np.r_[rng.normal(1.5, 1, 100), rng.normal(0, 1, 300)][:, None]
    more = np.r_[p[:100, 0], np.repeat(p[100:, 0], 33)]
    expected = average_precision_score(np.arange(more.size) < 100, more)
    assert average_precision(p, label) == pytest.approx(expected, abs=1e-9)


def test_precision_never_falls_as_the_probability_rises():
    """No labelled star reaches 0.99: that says nothing against a source that does."""
    counted, shares = read_tabular_card("yso").data["above"], tuple(DUSTY_FIELD[name] for name in CLASSES)
    told = precision_of(np.linspace(0, 1, 500), counted, shares)
    assert np.diff(told).min() >= 0
    assert told[0] == pytest.approx(DUSTY_FIELD["YSO"], abs=1e-3)
    assert told[-1] > 0.3


def test_precision_is_what_is_found_among_many():
    rng = np.random.default_rng(1)

    def stars(n):
        label = np.array(CLASSES, object)[rng.choice(4, n, p=(0.03, 0.75, 0.21, 0.01))]
        return label, 1 / (1 + np.exp(-rng.normal(np.where(label == "YSO", 2.0, -2.0), 1.5)))

    even = np.repeat(np.array(CLASSES, object), 50_000)
    taught = 1 / (1 + np.exp(-rng.normal(np.where(even == "YSO", 2.0, -2.0), 1.5)))
    label, p = stars(400_000)
    told = precision_of(np.array([0.3, 0.8]), count_above(taught, even), (0.03, 0.75, 0.21, 0.01))
    for at, worth in zip((0.3, 0.8), told, strict=True):
        assert worth == pytest.approx((label[p >= at] == "YSO").mean(), abs=0.02)
    assert np.isnan(precision_of(np.array([np.nan]), count_above(taught, even), (0.25,) * 4)).all()
