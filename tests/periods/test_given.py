"""Periods of others: used instead of a search, or kept beside one."""

import numpy as np
import pyarrow as pa
import pytest

from lcscale.errors import InputError
from lcscale.lightcurves import LightCurves
from lcscale.periods import FrequencyGrid, PeriodFrom, Search, find
from lcscale.products.class_period import PeriodOfClass

GRID = FrequencyGrid(0.1, 3.0, 1e-3)
PERIODS = (0.7, 0.9, 1.1, 1.3)


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(1)
    time = np.sort(rng.uniform(0, 150, (4, 60)), axis=1)
    mag = 15 - 0.3 * np.cos(2 * np.pi * (time - 0.2) / np.array(PERIODS)[:, None]) + rng.normal(0, 0.02, time.shape)
    lcs = LightCurves(time.ravel(), mag.ravel(), np.full(240, 0.02), np.arange(0, 241, 60))
    hours = pa.field("theirs", pa.float64(), metadata={"unit": "h"})
    given = pa.array([2 * 24 * 0.7, None, 0.0, 24 * 1.3])
    return pa.table({"lightcurve": lcs.to_arrow()}).append_column(hours, given)


def test_it_is_used_instead_of_a_search_where_there_is_one(table):
    found = Search(GRID, period_from="theirs")(table)
    alone = Search(GRID)(table)
    assert found.schema.equals(Search(GRID, period_from="theirs").schema(table.schema))
    rows = found.to_pylist()
    assert [row["period_source"] for row in rows] == ["theirs", "search", "search", "theirs"]
    assert [row["period"] for row in rows[::3]] == pytest.approx([1.4, 1.3])
    assert [row["period_given"] for row in rows] == pytest.approx([1.4, None, None, 1.3])
    assert found.slice(1, 2).select(alone.column_names).equals(alone.slice(1, 2))
    assert (rows[3]["fap"], rows[3]["snr"]) == (None, None)
    assert rows[3]["power"] > 0.95 > 0.5 > rows[0]["power"]
    assert (rows[3]["epoch"] - 0.2) % 1.3 == pytest.approx(0, abs=0.05) or (0.2 - rows[3]["epoch"]) % 1.3 < 0.05


def test_it_is_kept_beside_a_search(table):
    found, alone = Search(GRID, period_from=PeriodFrom("theirs", "beside"))(table), Search(GRID)(table)
    assert found.select(alone.column_names).equals(alone)
    assert set(found["period_source"].to_pylist()) == {"search"}
    assert found["period_given"].to_pylist() == pytest.approx([1.4, None, None, 1.3])


def test_the_class_leaves_a_given_period_alone(table):
    searched = Search(GRID, period_from="theirs")(table)
    rows = PeriodOfClass()(searched.append_column("class", pa.array(["EW"] * 4))).to_pylist()
    assert [row["period"] for row in rows] == pytest.approx([1.4, 1.8, 2.2, 1.3], rel=1e-3)
    assert [row["period_ratio"] for row in rows] == pytest.approx([1, 2, 2, 1])


def test_few_observations_are_a_reason_for_given_periods_too(table):
    lcs = LightCurves(np.arange(3.0), np.arange(3.0), np.ones(3), [0, 3])
    few = pa.table({"lightcurve": lcs.to_arrow(), "theirs": [1.0]})
    row = Search(period_from="theirs")(few).to_pylist()[0]
    assert (row["period"], row["period_source"]) == (None, None)
    assert row["reason"] == find(lcs)["reason"][0].as_py() == "3 observations usable, 5 needed"


def test_another_use_is_refused():
    with pytest.raises(InputError, match="instead or beside"):
        PeriodFrom("theirs", "maybe")
