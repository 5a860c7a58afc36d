"""What `general` is trained on: types in place of groups, constant stars, stars seen a few times; how it is judged."""

from __future__ import annotations

import importlib
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from lcscale.models import LabelledCurves
from lcscale.simulation.synthesis import synthesize


@pytest.fixture
def job(monkeypatch):
    """A job by its name, as a module."""
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "jobs"))
    return importlib.import_module


def test_types_that_are_known_count_in_place_of_groups(job):
    columns = {
        "label": ["RR", "RR", "CEP", "CEP", "ECL", "LPV"],
        "lit_label": ["RRAB", None, "BLHER", "DCEP", "EA", "LSP"],
        "ogle_subtype": [None, None, None, "F", None, None],
        "gaia_vari_label": [None, "RRAB", None, None, None, None],
    }
    stars = job("general_stars")
    found = stars.labelled(pa.table(columns), "gaia", stars.TYPES["gaia_dr3_epochs"], {})
    assert found.column("label").to_pylist() == ["RRab", "RRab", "T2CEP", "DCEP", "EA", "LPV"]
    table = pa.table({"object_id": ["a", "b", "c"], "label": ["3", "3", "9"]})
    found = stars.labelled(table, "eros2", {}, {"a": "F1O"})
    assert found.column("label").to_pylist() == ["DCEP", "RR", ""]


def test_stars_are_made_constant_and_seen_a_few_times_where_they_stand(job):
    made = synthesize(["RRab", "EA"] * 170, 1, n_observations=(60, 90))
    place = np.random.default_rng(1).integers(0, 12 << 58, 340)
    nan = np.full(340, np.nan)
    columns = {"period_2": nan, "period_3": nan}
    stars = LabelledCurves(made.lcs, made.period, made.label.astype(object), place, ("g", "r"), columns)
    constant = job("made_stars").constant(stars, 1)
    assert len(constant) == 300
    assert set(constant.label) == {"CONST"}
    assert set(constant.healpix_29) <= set(place.tolist())
    few = job("made_stars").seen_few_times(stars, 1)
    assert np.unique(few.label, return_counts=True)[1].tolist() == [60, 60]
    assert few.lcs.counts.max() <= 20
    assert np.isfinite(few.period).mean() > 0.8
    truth = dict(zip(place.tolist(), made.label, strict=True))
    assert [truth[each] for each in few.healpix_29.tolist()] == few.label.tolist()


def test_average_precision_has_an_interval_about_it(job):
    rng, lyrae = np.random.default_rng(1), np.arange(200) < 20
    value, low, high = job("judge_rrlyrae").average_precision(lyrae, lyrae + rng.normal(0, 0.5, 200))
    assert low < value < high
    assert 0.6 < value < 1.0
    assert job("judge_rrlyrae").average_precision(lyrae, rng.random(200))[0] < 0.3
