"""Where a night brings points of some objects to every partition, costly steps run for these objects alone."""

from __future__ import annotations

import shutil

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from pipelines import hasty_model
from ztf_nights import night, stars

from lcscale.engine import Ledger, opened
from lcscale.features import Extract
from lcscale.lake import Lake
from lcscale.lake.row_keys import keys_path
from lcscale.periods import FrequencyGrid, Search
from lcscale.refresh import Pipeline
from lcscale.steps import Where

QUIET = {"engine": "serial", "progress": False}
PIPELINE = """
lake = "lake"
[catalogs.ztf]
ingest = "ztf"
files = "nights/*.parquet"
partition_rows = 16
[catalogs.features]
features = "ztf"
only = ["amplitude", "skewness"]
baseline = 80.0
fmax = 4.0
[catalogs.candidates]
classify = "ztf"
features = "features"
model = "model"
"""
N = 160


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return hasty_model(tmp_path_factory.mktemp("model") / "model")


@pytest.fixture(scope="module")
def first_night(tmp_path_factory, model):
    """Folder of a pipeline that has seen one night of all stars."""
    folder = tmp_path_factory.mktemp("first") / "survey"
    night(folder / "nights", 0, np.arange(N), stars(N), 25)
    shutil.copytree(model, folder / "model")
    (folder / "pipeline.toml").write_text(PIPELINE)
    assert Pipeline.read(folder / "pipeline.toml").refresh(**QUIET).exit_status == 0
    return folder


@pytest.fixture
def growing(tmp_path, first_night):
    """A pipeline that has seen one night of all stars; and their places."""
    shutil.copytree(first_night, tmp_path, dirs_exist_ok=True)
    for file in (first_night / "nights").iterdir():  # of the time that the lake knows
        shutil.copystat(file, tmp_path / "nights" / file.name)
    return tmp_path / "pipeline.toml", stars(N)


def some_of_each_leaf(path, share=0.05):
    """Numbers of stars: `share` of those in each leaf, one at least."""
    rng, chosen = np.random.default_rng(0), []
    for leaf in Pipeline.read(path).lake["ztf"].source.leaves:
        names = leaf.read(["object_id"])["object_id"].to_numpy() % 10**8
        chosen.append(rng.choice(names, max(1, round(share * names.size)), replace=False))
    return np.sort(np.concatenate(chosen))


def rows(lake, name):
    """All rows, by id."""
    return lake[name].to_arrow().sort_by("object_id").combine_chunks()


def same(one: pa.Table, other: pa.Table) -> bool:
    """Row for row; probabilities of a network as near as sums of other batches are."""
    assert one.schema.equals(other.schema)
    near = [name for name in one.column_names if name.startswith("prob_")]
    for name in near:
        np.testing.assert_allclose(one[name].to_numpy(), other[name].to_numpy(), rtol=0, atol=2e-6)
    return one.drop_columns(near).equals(other.drop_columns(near))


def taken(lake, name):
    """Rows that were written, and those of them that were taken over, in tasks that ran for the current version."""
    version = lake[name].source.folder
    ran = [each for each in Ledger(version / "ledger").entries() if each["seconds"] > 0]
    return sum(each["result"]["rows"] for each in ran), sum(each["result"]["rows_taken"] for each in ran)


@pytest.mark.parametrize("engine", ["serial", pytest.param("local:1", marks=pytest.mark.slow)])
def test_only_objects_with_new_points_are_computed(growing, tmp_path, engine):
    path, place = growing
    chosen = some_of_each_leaf(path)
    leaves = len(Pipeline.read(path).lake["ztf"].source.leaves)
    assert leaves >= 12
    night(tmp_path / "nights", 1, chosen, place, 6)
    with opened(engine) as chosen_engine:
        record = Pipeline.read(path).refresh(engine=chosen_engine, progress=False)
    assert record.exit_status == 0, [step.text for step in record.steps]
    lake = Pipeline.read(path).lake
    for name in ("features", "candidates"):
        assert taken(lake, name) == (N, N - chosen.size)
        (step,) = (step for step in record.steps if step.name == name)
        assert step.record.done == leaves
        assert f"{N - chosen.size:,} rows of other partitions taken over from v1-" in " ".join(step.record.notes)
    fresh = Pipeline.read(path, lake=Lake(tmp_path / "fresh"))
    fresh.refresh(**QUIET)
    for name in ("ztf", "features", "candidates"):
        assert same(rows(lake, name), rows(fresh.lake, name)), name


def test_night_after_night_with_partitions_linked_between(growing, tmp_path):
    """Keys of rows are there after a version in which the partition was linked, or taken over from one that failed."""
    path, place = growing
    chosen = some_of_each_leaf(path)
    near = np.argsort(place[1])[:3]
    for number, which in enumerate((chosen, near, chosen[::2]), 1):
        night(tmp_path / "nights", number, np.sort(which), place, 5)
        assert Pipeline.read(path).refresh(**QUIET).exit_status == 0
    lake = Pipeline.read(path).lake
    computed, over = taken(lake, "features")
    assert computed - over == chosen[::2].size
    for leaf in lake["features"].source.leaves:
        assert keys_path(lake["features"].source.folder, leaf.pixel).exists()
    fresh = Pipeline.read(path, lake=Lake(tmp_path / "fresh"))
    fresh.refresh(**QUIET)
    assert same(rows(lake, "candidates"), rows(fresh.lake, "candidates"))


def test_other_options_take_nothing_over(growing, tmp_path):
    path, place = growing
    lake = Pipeline.read(path).lake
    night(tmp_path / "nights", 1, some_of_each_leaf(path), place, 5)
    path.write_text(PIPELINE.replace("fmax = 4.0", "fmax = 3.0"))
    Pipeline.read(path).refresh(**QUIET)
    assert taken(lake, "features") == (N, 0)


def test_a_joined_row_that_changed_is_computed(tmp_path, model):
    """The light curve is as it was, the period beside it is not: classes are computed for that object alone."""
    (tmp_path / "model").symlink_to(model)
    place = stars(60)
    night(tmp_path / "nights", 0, np.arange(60), place, 25)
    path = tmp_path / "pipeline.toml"
    path.write_text(PIPELINE.partition("[catalogs.features]")[0])
    Pipeline.read(path).refresh(**QUIET)
    lake = Pipeline.read(path).lake
    search = Search(FrequencyGrid.for_baseline(80.0, 4.0))

    def classified(limit):
        half = lake["ztf"].map(search, Halved(limit)).without("lightcurve")
        half.write("periods", replace=True, **QUIET)
        joined = lake["ztf"].join(lake["periods"], on="object_id")
        from lcscale.models import Classify

        joined.map(Classify(str(model))).without("lightcurve", "members").write("classes", replace=True, **QUIET)
        return rows(lake, "classes")

    names = rows(lake, "ztf")["object_id"].to_numpy()
    classified(int(names[0]))
    found = classified(int(names[10]))
    computed, over = taken(lake, "classes")
    assert computed - over == 10
    lake.drop("classes")
    assert same(found, classified(int(names[10])))


def test_a_condition_behind_a_costly_step_keeps_what_is_right(growing, tmp_path):
    path, place = growing
    lake = Pipeline.read(path).lake
    search = Search(FrequencyGrid.for_baseline(80.0, 4.0))

    def bright():
        return (
            lake["ztf"].map(search, Extract(("amplitude",)), Where("amplitude > 0.38")).without("lightcurve", "members")
        )

    bright().write("bright", **QUIET)
    night(tmp_path / "nights", 1, some_of_each_leaf(path), place, 6)
    Pipeline.read(path).refresh(**QUIET)
    bright().write("bright", **QUIET)
    assert 0 < len(lake["bright"]) < N
    assert rows(lake, "bright").equals(bright().to_arrow().sort_by("object_id").combine_chunks())


class Halved:
    """Test step: halves the period of objects with smaller names."""

    rowwise, version = True, 1
    columns = ("object_id", "period")

    def __init__(self, limit):
        self.limit = limit

    def schema(self, input_schema):
        return input_schema

    def fingerprint(self):
        return f"Halved({self.limit})"

    def __call__(self, table):
        smaller = pc.less(table["object_id"], self.limit)
        period = pc.if_else(smaller, pc.divide(table["period"], 2.0), table["period"])
        at = table.column_names.index("period")
        return table.set_column(at, table.schema.field("period"), period)
