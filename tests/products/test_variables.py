"""Variable candidates of a small simulated survey: what they hold, what they reuse, what they refuse."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hats.pixel_math.spatial_index import compute_spatial_index
from pipelines import CLASSES, hasty_model
from skies import put

from lcscale.cli.options import with_context
from lcscale.errors import InputError
from lcscale.features import Extract
from lcscale.lake import HEALPIX_COLUMN
from lcscale.lightcurves import LightCurves
from lcscale.models import Preparation, load
from lcscale.periods import FrequencyGrid, Search
from lcscale.products import variable_candidates
from lcscale.products.context import CONTEXT
from lcscale.products.observations import CountObservations
from lcscale.simulation.synthesis import synthesize

N = 24
GRID = FrequencyGrid(0.05, 3.0, 0.001)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return hasty_model(tmp_path_factory.mktemp("model") / "hasty")


@pytest.fixture
def survey(lake):
    """Two-band light curves; star 0 has too few observations, star 1 none in r, star 2 is constant."""
    made = synthesize(["RRab", "EA", "LPV"] * (N // 3), 4, n_observations=(40, 60), baseline_days=300.0)
    lcs = made.lcs
    owner = lcs.object_index()
    keep = ~((owner == 1) & (lcs.band == lcs.bands.index("r")))
    keep[np.flatnonzero(owner == 0)[4:]] = False
    lcs = lcs.keep(keep)
    mag = lcs.mag.copy()
    mag[lcs.offsets[2] : lcs.offsets[3]] = 15.0
    lcs = LightCurves(lcs.time, mag, lcs.mag_err, lcs.offsets, lcs.band, lcs.bands)
    rng = np.random.default_rng(0)
    ra, dec = rng.uniform(0, 360, N), rng.uniform(-80, 80, N)
    index = compute_spatial_index(ra, dec)
    nested = lcs.to_arrow()
    columns = {HEALPIX_COLUMN: index, "object_id": [f"S{i:02d}" for i in range(N)], "ra": ra, "dec": dec}
    table = pa.table({**columns, "label": made.label.tolist(), "bp_rp": rng.normal(1, 0.3, N), "note": ["x"] * N})
    table = table.append_column(pa.field("lightcurve", nested.type, metadata={"bands": "g,r"}), nested)
    return put(lake, "survey", table.take(pa.array(np.argsort(index))), order=0)


def by_name(table):
    return {row["object_id"]: row for row in table.to_pylist()}


def test_candidates_hold_what_was_promised(lake, survey, model):
    candidates = variable_candidates(survey, model, grid=GRID)
    record = candidates.write("variable_candidates")
    assert (record.rows, record.exit_status) == (N, 0)
    table = lake["variable_candidates"].to_arrow()
    assert table.schema.equals(candidates.schema)
    expected = [HEALPIX_COLUMN, "ra", "dec", "object_id", "label", "n_observations", "n_observations_g"]
    expected += [
        "n_observations_r",
        "period",
        "period_2",
        "period_3",
        "power",
        "fap",
        "evidence",
        "evidence_walk",
        "coupling",
    ]
    expected += ["alias", "period_mirror"]
    expected += ["mirror_evidence", "mirror", "epoch"]
    expected += ["epoch_minimum", "period_peak", "period_ratio", "period_quality", "doubt"]
    expected += ["class", *(f"prob_{name}" for name in CLASSES)]
    expected += ["prediction_set", "reason", "model_id", "trained_on", "computed_on"]
    assert table.column_names == expected
    assert set(table["model_id"].to_pylist()) == {load(model).card.id}
    rows = by_name(table)
    assert rows["S00"]["n_observations"] == 4
    assert rows["S01"]["n_observations_r"] == 0
    assert rows["S01"]["n_observations"] == rows["S01"]["n_observations_g"] > 10
    for name in ("S00", "S02"):
        assert rows[name]["reason"]
        assert rows[name]["class"] is rows[name]["period"] is rows[name]["prob_RRab"] is None
    good = [row for row in rows.values() if row["reason"] is None]
    assert len(good) >= N - 3
    for row in good:
        probabilities = {name: row[f"prob_{name}"] for name in CLASSES}
        assert sum(probabilities.values()) == pytest.approx(1, abs=1e-5)
        assert row["class"] == max(probabilities, key=probabilities.get)


def test_a_period_of_the_survey_is_not_taken_for_ours(lake, survey, model):
    table = survey.to_arrow()
    theirs = put(lake, "theirs", table.append_column("period", pa.array(np.full(N, 777.0))), order=0)
    found, expected = (variable_candidates(each, model, grid=GRID).to_arrow() for each in (theirs, survey))
    assert found.equals(expected)


def test_given_periods_are_taken_where_there_are_some(lake, survey, model):
    table = survey.to_arrow()
    given = pa.array([0.5 if k % 2 else None for k in range(N)], pa.float64())
    theirs = put(lake, "theirs", table.append_column("vsx", given), order=0)
    rows = variable_candidates(theirs, model, grid=GRID, period_from="vsx").to_arrow().to_pylist()
    assert {row["period"] for row in rows if row["period_source"] == "vsx"} == {0.5}
    assert {row["period_given"] for row in rows} == {0.5, None}
    assert sum(row["period_source"] == "search" for row in rows) >= N // 2 - 3
    with pytest.raises(InputError, match="no column nothing with periods"):
        variable_candidates(theirs, model, period_from="nothing")


def test_periods_that_are_there_are_not_searched_anew(lake, survey, model):
    survey.map(Search(GRID)).write("with_periods")
    candidates = variable_candidates(lake["with_periods"], model)
    assert not any(isinstance(step, Search) for step in candidates.steps)
    assert by_name(candidates.to_arrow()) == by_name(variable_candidates(survey, model, grid=GRID).to_arrow())
    with pytest.raises(InputError, match="has periods already"):
        variable_candidates(lake["with_periods"], model, grid=GRID)


def test_the_model_gets_the_columns_its_card_names(survey, tmp_path):
    """A feature is extracted, a column of the catalog is read: the same probabilities as with everything at hand."""
    columns = ("amplitude", "bp_rp")
    preparation = Preparation(columns=columns)
    folder = hasty_model(tmp_path / "asking", preparation)
    candidates = variable_candidates(survey, folder, grid=GRID)
    assert [step.names for step in candidates.steps if isinstance(step, Extract)] == [("amplitude",)]
    assert set(columns) < set(candidates.column_names), "what the model was told is kept beside what it said"
    found = candidates.to_arrow()
    everything = survey.map(Search(GRID), Extract(("amplitude",))).to_arrow()
    numbers = {name: everything[name].to_numpy(zero_copy_only=False).astype(float) for name in ("period", *columns)}
    expected = load(folder).predict_proba(
        LightCurves.from_arrow(everything), numbers.pop("period"), bands=("g", "r"), columns=numbers
    )
    for k, name in enumerate(CLASSES):
        values = found[f"prob_{name}"].to_numpy(zero_copy_only=False)
        np.testing.assert_allclose(values, expected[:, k], atol=1e-5)


def test_further_columns_may_be_kept(survey, model):
    candidates = variable_candidates(survey, model, grid=GRID, keep=["note"])
    assert "note" in candidates.column_names
    with pytest.raises(InputError, match="no column nothing"):
        variable_candidates(survey, model, keep=["nothing"])


def test_what_cannot_work_is_refused_at_once(survey, model, tmp_path):
    with pytest.raises(InputError, match="no light curves"):
        variable_candidates(survey.without("lightcurve"), model)
    with pytest.raises(InputError, match="no model"):
        variable_candidates(survey, tmp_path / "no model")


def test_observations_are_counted_as_kernels_use_them(survey):
    step = CountObservations.of(survey.schema)
    counted = survey.map(step).to_arrow()
    assert counted.schema.equals(survey.map(step).schema)
    lcs = LightCurves.from_arrow(counted)
    assert counted["n_observations"].to_numpy().tolist() == lcs.counts.tolist()
    total = pc.add(counted["n_observations_g"], counted["n_observations_r"])
    assert total.equals(counted["n_observations"])
    bad = LightCurves([1.0, 2.0, np.nan], [15.0, np.inf, 15.0], [0.1, 0.1, 0.1], [0, 3, 3]).to_arrow()
    assert CountObservations()(pa.table({"lightcurve": bad}))["n_observations"].to_pylist() == [1, 0]


def test_context_is_used_where_the_model_takes_it_and_the_catalog_or_a_crossmatch_has_it(lake, survey, tmp_path):
    rng = np.random.default_rng(5)
    measured = {name: rng.uniform(1, 15, N) for name in ("phot_g_mean_mag", "parallax", "parallax_error")}
    pairs = survey.columns("object_id", "bp_rp").to_arrow()
    for name, values in measured.items():
        pairs = pairs.append_column(name, pa.array(values))
    half = put(lake, "pairs", pairs.slice(0, N // 2), order=0)  # the others have no counterpart
    folder = hasty_model(tmp_path / "m", Preparation(columns=CONTEXT))
    rows = by_name(variable_candidates(with_context(lake, survey, "pairs"), folder, grid=GRID).to_arrow())
    known = set(half.to_arrow().column("object_id").to_pylist())
    assert len(rows) == N
    for name, row in rows.items():
        assert (row["context_luminosity"] is not None) == (name in known)
        assert row["context_colour"] is not None, "the catalog has a colour of its own"
    without = by_name(variable_candidates(survey, folder, grid=GRID).to_arrow())
    assert all(row["context_luminosity"] is None for row in without.values())
    differs = [name for name in rows if rows[name]["prob_RRab"] != without[name]["prob_RRab"]]
    assert set(differs) <= known
    assert differs
    with pytest.raises(InputError, match="empty has no magnitude, colour or parallax"):
        with_context(lake, survey, put(lake, "empty", survey.columns("object_id").to_arrow(), order=0).name)
