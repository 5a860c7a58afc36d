"""`extract` and `Extract`: columns, reasons, bands, independence of the batch."""

import numpy as np
import pyarrow as pa
import pytest

import lcscale.features as features
from lcscale.errors import InputError
from lcscale.features import NAMES, Extract, extract, extraction
from lcscale.lightcurves import LightCurves
from lcscale.periods import PERIOD_SCHEMA


@pytest.fixture
def ragged(rng):
    counts = rng.integers(10, 300, 20)
    offsets = np.r_[0, np.cumsum(counts)]
    time = np.concatenate([np.sort(rng.uniform(0, 900, n)) for n in counts])
    mag = (15 + 0.2 * np.sin(2 * np.pi * time / 3.7) + rng.normal(0, 0.02, time.size)).astype(np.float32)
    return LightCurves(time, mag, np.full(time.size, 0.02, np.float32), offsets)


@pytest.fixture
def rng():
    return np.random.default_rng(7)


def test_columns_are_names_and_reason(ragged):
    table = extract(ragged, period=3.7)
    assert table.column_names == [*NAMES, "reason"]
    assert table.num_rows == len(ragged)
    assert table["reason"].null_count == len(ragged)


def test_row_does_not_depend_on_batch(ragged):
    whole = extract(ragged, period=3.7).to_pylist()
    for i in (0, 7, 19):
        assert extract(ragged.take([i]), period=3.7).to_pylist()[0] == whole[i]


def test_chunks_do_not_change_rows(ragged, monkeypatch):
    whole = extract(ragged, period=3.7)
    monkeypatch.setitem(extraction.CHUNK, "cpu", 500)
    assert extract(ragged, period=3.7).equals(whole)


def test_bad_objects_get_reason_and_nulls():
    time = np.arange(39.0)
    mag = np.r_[np.ones(12), np.arange(4), np.full(11, np.nan), np.sin(np.arange(12))]
    lcs = LightCurves(time, mag, np.full(39, 0.1), [0, 12, 16, 27, 39, 39])
    rows = extract(lcs, period=2.5).to_pylist()
    assert [row["reason"] for row in rows] == [
        "constant magnitude",
        "4 observations usable, 5 needed",
        "0 of 11 observations usable, 5 needed",
        None,
        "0 observations usable, 5 needed",
    ]
    for i in (0, 1, 2, 4):
        assert all(rows[i][name] is None for name in NAMES if name != "period")
    assert rows[3]["mean"] is not None


def test_unknown_errors_give_nulls_only_where_needed(ragged):
    unknown = LightCurves(ragged.time, ragged.mag, np.full(ragged.time.size, np.nan), ragged.offsets)
    table = extract(unknown, features.FEATURES, period=3.7)
    for name, feature in features.FEATURES.items():
        if feature.needs_errors:
            assert table[name].null_count == len(ragged), name
    for name in ("mean", "weighted_mean", "stetson_k", "von_neumann", "a1", "linear_trend"):
        assert table[name].null_count == 0, name


def test_unknown_name_is_an_input_error(ragged):
    with pytest.raises(InputError, match="no feature named nonsense"):
        extract(ragged, ["nonsense"])
    with pytest.raises(InputError, match="nonsense"):
        Extract(names=("nonsense",))


def test_empty_batch():
    empty = LightCurves([], [], [], [0])
    assert extract(empty).column_names == [*NAMES, "reason"]


def two_bands(n=60):
    rng = np.random.default_rng(1)
    time = np.sort(rng.uniform(0, 300, n))
    band = np.where(np.arange(n) % 3 == 0, 1, 0).astype(np.int8)
    mag = 14 + band + 0.3 * np.cos(2 * np.pi * time / 2.2)
    return LightCurves(time, mag, np.full(n, 0.01), [0, n, n], band, ("I", "V"))


def with_metadata(lcs, bands=b"I,V"):
    array = lcs.to_arrow()
    field = pa.field("lightcurve", array.type, metadata={"bands": bands} if bands else None)
    schema = pa.schema([pa.field("object_id", pa.int64()), field])
    return pa.table([pa.array(range(len(lcs))), array], schema=schema)


def test_second_band_has_suffix():
    table = extract(two_bands(), ["mean", "amplitude"])
    assert table.column_names == ["mean", "amplitude", "mean_V", "amplitude_V", "reason"]
    assert table["mean_V"][0].as_py() - table["mean"][0].as_py() == pytest.approx(1.0, abs=0.15)


@pytest.mark.parametrize("names", [None, ("mean", "a1"), ("period",)])
def test_step_schema_is_that_of_its_result(names):
    step = Extract(names=names)
    table = with_metadata(two_bands())
    assert step(table).schema.equals(step.schema(table.schema), check_metadata=True)
    with_period = table.append_column("period", pa.array([2.2, None]))
    assert step(with_period).schema.equals(step.schema(with_period.schema), check_metadata=True)


def test_step_columns_do_not_depend_on_bands_present():
    lcs = two_bands()
    only_i = lcs.keep(lcs.band == 0)
    step = Extract(names=("mean",))
    table = step(with_metadata(only_i))
    assert table.column_names == ["object_id", "lightcurve", "mean", "mean_V", "reason"]
    assert table["mean_V"].null_count == 2
    assert step(with_metadata(only_i).slice(1)).schema.equals(table.schema)


def test_without_named_bands_the_most_observed_one_is_taken():
    lcs = two_bands()
    table = Extract(names=("mean", "n_observations"))(with_metadata(lcs, bands=None))
    assert table.column_names == ["object_id", "lightcurve", "mean", "n_observations", "reason"]
    assert table["n_observations"].to_pylist() == [40, None]
    assert table["mean"][0].as_py() == pytest.approx(extract(lcs, ["mean"])["mean"][0].as_py())


def test_step_uses_the_period_that_was_searched():
    table = with_metadata(two_bands()).append_column(PERIOD_SCHEMA.field("period"), pa.array([2.2, None]))
    result = Extract(names=("a1", "period"))(table)
    assert result["a1"][0].as_py() == pytest.approx(0.3, abs=1e-3)
    assert result["period"].to_pylist() == [2.2, None]


def test_a_period_of_the_survey_is_not_taken_for_ours():
    table = with_metadata(two_bands()).append_column("period", pa.array([0.7, None]))
    result = Extract(names=("a1", "period"))(table)
    assert result["a1"][0].as_py() == pytest.approx(0.3, abs=1e-3)
    assert result["period"][0].as_py() == pytest.approx(2.2, rel=1e-3)


def test_fields_say_their_unit_and_who_made_them():
    fields = Extract(names=("mean", "skewness")).schema(with_metadata(two_bands()).schema)
    said = fields.field("mean").metadata
    assert (said[b"made_by"], said[b"unit"], said[b"ucd"]) == (b"lcscale.features", b"mag", b"phot.mag;stat.mean")
    assert b"unit" not in fields.field("skewness").metadata


def test_fingerprint_tells_parameters_apart():
    assert Extract().fingerprint() != Extract(names=("mean",)).fingerprint()
    assert Extract(names=["mean"]).fingerprint() == Extract(names=("mean",)).fingerprint()


def test_five_observations_in_all_bands_together_will_do():
    codes = np.array([0, 0, 0, 1, 2, 0, 0, 1, 2], np.int8)
    mag = np.array([15.0, 15.5, 15.2, 14.0, 13.0, 16.0, 16.1, 14.4, 13.3])
    lcs = LightCurves(np.arange(9.0), mag, np.full(9, 0.1), [0, 5, 9], codes, ("g", "r", "i"))
    first, second = extract(lcs, ["mean", "amplitude", "kurtosis"]).to_pylist()
    assert first["reason"] is None
    assert first["mean"] == pytest.approx((15.0 + 15.5 + 15.2) / 3)
    assert (first["kurtosis"], first["amplitude_r"]) == (None, None)
    assert second["reason"] == "4 observations usable, 5 needed"
    assert second["mean"] is None
