"""Counts, periods, features, images and classes of a row come from the same observations, cleaned once a task."""

from __future__ import annotations

import math
import re

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lcscale import models
from lcscale.features import Extract
from lcscale.lake.partition import apply
from lcscale.lightcurves import LIGHTCURVE_TYPE, LightCurves, clean, cleaning, sharing
from lcscale.models import Classify
from lcscale.models.inputs.preparation import prepare
from lcscale.periods import FrequencyGrid, Search
from lcscale.products.observations import CountObservations
from lcscale.steps import Where

BANDS = ("g", "r")
GRID = FrequencyGrid.for_baseline(100.0, 3.0)


def messy(rng, n, nights):
    """Observations of one star, some of them of no use: (time, mag, error, band)."""
    time = rng.uniform(0, 100, n)
    time = np.where(rng.random(n) < 0.3, np.floor(time % nights), time)
    mag = 15 + 0.3 * np.sin(2 * np.pi * time / 0.57) + rng.normal(0, 0.02, n)
    error = rng.uniform(0.01, 0.03, n)
    band = rng.choice(np.array([*BANDS, "z", None], object), n, p=[0.45, 0.45, 0.05, 0.05])
    for name in BANDS:  # whole bands without errors, and single errors that are missing or wrong
        error[(band == name) & (rng.random() < 0.4)] = np.nan
    for values in (time, mag, error):
        values[rng.random(n) < 0.05] = rng.choice([np.nan, np.inf])
    error[rng.random(n) < 0.05] = rng.choice([0.0, -1.0])
    return [
        (float(t), float(np.float32(m)), float(np.float32(e)), b)
        for t, m, e, b in zip(time, mag, error, band, strict=True)
    ]


def plainly_clean(points):
    """The observations that the rule leaves, in plain Python."""
    kept = []
    for name in (*BANDS, "z"):
        own = [point for point in points if point[3] == name]
        known = any(0 < error < math.inf for _, _, error, _ in own)
        for time, mag, error, _ in own:
            good = 0 < error < math.inf if known else math.isnan(error)
            if math.isfinite(time) and math.isfinite(mag) and good:
                kept.append((time, mag, error, name))
    return kept


def table_of(curves):
    names = ("time", "mag", "mag_err", "band")
    rows = [{name: [point[k] for point in points] for k, name in enumerate(names)} for points in curves]
    field = pa.field("lightcurve", LIGHTCURVE_TYPE, metadata={"bands": ",".join(BANDS)})
    return pa.table([pa.array(rows, LIGHTCURVE_TYPE)], schema=pa.schema([field]))


def steps_for(schema):
    return [
        CountObservations.of(schema),
        Search(GRID),
        Extract(("amplitude", "r21")),
        Classify("demo"),
    ]


def without_counts(table):
    """Rows without the light curve, reasons without the number of observations that were given."""
    rows = table.drop_columns(["lightcurve"]).to_pylist()
    for row in rows:
        row["reason"] = set(re.sub(r" of \d+", "", row["reason"] or "").split("; "))
    return rows


@settings(max_examples=15, deadline=None)
@given(
    sizes=st.lists(st.integers(0, 120), min_size=1, max_size=3), nights=st.integers(1, 60), seed=st.integers(0, 10**6)
)
def test_every_column_is_that_of_the_observations_that_the_rule_leaves(sizes, nights, seed):
    rng = np.random.default_rng(seed)
    curves = [messy(rng, n, nights) for n in sizes]
    plain = [plainly_clean(points) for points in curves]
    given_, cleaned = table_of(curves), table_of(plain)
    got = apply(steps_for(given_.schema), given_)
    np.testing.assert_equal(without_counts(got), without_counts(apply(steps_for(cleaned.schema), cleaned)))
    for row, points in zip(got.to_pylist(), plain, strict=True):
        of_band = [sum(point[3] == name for point in points) for name in BANDS]
        assert row["n_observations"] == sum(of_band)
        assert [row[f"n_observations_{name}"] for name in BANDS] == of_band
    features = Extract(("n_observations",))(given_)
    for k, name in enumerate(("n_observations", "n_observations_r")):
        for counted, row in zip(features[name].to_pylist(), got.to_pylist(), strict=True):
            assert counted is None or counted == row[f"n_observations_{BANDS[k]}"]


@settings(max_examples=15, deadline=None)
@given(n=st.integers(10, 120), nights=st.integers(1, 60), seed=st.integers(0, 10**6))
def test_images_and_numbers_are_those_of_the_observations_that_the_rule_leaves(n, nights, seed):
    points = messy(np.random.default_rng(seed), n, nights)
    preparation = models.load("general").card.preparation
    both = [LightCurves.from_arrow(table_of([each])) for each in (points, plainly_clean(points))]
    got, expected = (prepare(lcs, [0.57], preparation, bands=BANDS) for lcs in both)
    np.testing.assert_array_equal(got.images, expected.images)
    np.testing.assert_array_equal(got.numbers, expected.numbers)


@pytest.fixture
def cleanings(monkeypatch):
    """How many batches were cleaned, and of how many objects each."""
    calls = []
    usable = cleaning._usable

    def counted(lcs):
        calls.append(len(lcs))
        return usable(lcs)

    monkeypatch.setattr(cleaning, "_usable", counted)
    return calls


def test_fused_steps_clean_once_and_each_alone_cleans(cleanings):
    rng = np.random.default_rng(2)
    table = table_of([messy(rng, 60, 20) for _ in range(5)])
    steps = steps_for(table.schema)
    fused = apply(steps, table)
    assert cleanings == [5]
    alone = table
    for step in steps:
        alone = step(alone)
    assert cleanings == [5] * 5
    assert alone.drop_columns("lightcurve").equals(fused.drop_columns("lightcurve"))


def test_rows_that_are_left_are_cleaned_once_more(cleanings):
    rng = np.random.default_rng(3)
    table = table_of([messy(rng, n, 20) for n in (60, 8, 70)])
    count, *others = steps_for(table.schema)
    result = apply([count, Where("n_observations > 20"), *others], table)
    assert cleanings == [3, 2]
    assert result["n_observations_r"].to_pylist() == [
        row["n_observations_r"] for row in apply([count], table).to_pylist() if row["n_observations"] > 20
    ]


def test_a_slice_of_the_same_memory_is_another_column():
    rng = np.random.default_rng(4)
    table = table_of([messy(rng, 30, 20) for _ in range(4)])
    with sharing.shared_cleaning():
        parts = [sharing.clean_light_curves(table.slice(k, 2)) for k in (0, 2)]
        again = sharing.clean_light_curves(table.slice(0, 2))
    whole = sharing.clean_light_curves(table)
    assert again is parts[0]
    assert parts[0].time.tolist() + parts[1].time.tolist() == whole.time.tolist()


def test_a_clean_batch_stays_as_it_is():
    rng = np.random.default_rng(5)
    lcs = clean(LightCurves.from_arrow(table_of([messy(rng, 80, 20) for _ in range(4)])))
    again = clean(LightCurves(lcs.time, lcs.mag, lcs.mag_err, lcs.offsets, lcs.band, lcs.bands))
    for name in ("time", "mag", "mag_err", "band", "offsets"):
        np.testing.assert_array_equal(getattr(again, name), getattr(lcs, name))
    assert clean(lcs) is lcs
    assert (again.left_out == 0).all()


@pytest.mark.parametrize("n", [3, 12])
def test_a_band_without_errors_is_searched_beside_noise_with_errors(n):
    rng = np.random.default_rng(3)
    points = [(t, 15 + rng.normal(0, 0.01), 0.01, "g") for t in np.sort(rng.uniform(0, 100, n)).tolist()]
    time = np.sort(rng.uniform(0, 100, 60))
    mag = 15 + 0.3 * np.sin(2 * np.pi * time / 0.61) + rng.normal(0, 0.01, 60)
    points += [(t, m, math.nan, "r") for t, m in zip(time.tolist(), mag.tolist(), strict=True)]
    row = apply([Search(GRID)], table_of([points])).to_pylist()[0]
    assert row["period"] == pytest.approx(0.61, rel=1e-3)


def test_a_reason_counts_the_observations_of_its_band():
    points = [(float(k), 15.0 + k, 0.1, "g") for k in range(3)] + [
        (math.nan, 15.0, 0.1, "g"),
        (1.0, math.nan, 0.1, "r"),
    ]
    row = apply([Extract(("mean",))], table_of([points])).to_pylist()[0]
    assert row["reason"] == "3 of 5 observations usable, 5 needed"
