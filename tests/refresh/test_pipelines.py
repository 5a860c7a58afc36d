"""A pipeline run again makes what changed and nothing else, and gives what a fresh one gives."""

from __future__ import annotations

import json
import os
import shutil

import numpy as np
import pyarrow.parquet as pq
import pytest
from growing import NAMES, PIPELINE, add, content, survey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lcscale.engine import opened
from lcscale.errors import ConflictError
from lcscale.lake import Lake
from lcscale.refresh import Pipeline
from lcscale.refresh.locking import LOCK, refreshing

QUIET = {"engine": "serial", "progress": False}


def outcomes(record):
    return {step.name: step.outcome for step in record.steps}


def test_run_again_it_does_nothing_and_starts_no_engine(tmp_path):
    path = survey(tmp_path)
    first = Pipeline.read(path).refresh(**QUIET)
    assert set(outcomes(first).values()) == {"done"}
    assert [step.name for step in first.steps].index("pairs") > [step.name for step in first.steps].index("right")
    versions = {name: Pipeline.read(path).lake.versions(name) for name in NAMES}
    again = Pipeline.read(path).refresh(engine="no such engine", progress=False)
    assert again.did_nothing
    assert again.exit_status == 0
    assert "nothing to do: 6 catalogs and tables are up to date" in again.summary()
    assert {name: Pipeline.read(path).lake.versions(name) for name in NAMES} == versions


def test_what_grows_runs_where_it_grew(tmp_path):
    path = survey(tmp_path, 1500)
    Pipeline.read(path).refresh(**QUIET)
    add(tmp_path, "right", 1, 3, np.random.default_rng(1))
    states = {state.name: state for state in Pipeline.read(path).states()}
    assert states["right"].status == "out of date"
    assert "1 new file" in states["right"].why
    assert states["right"].bytes == os.path.getsize(tmp_path / "right" / "1.parquet")
    assert states["pairs"].status == "waiting"
    assert "right" in states["pairs"].why
    assert states["left"].status == states["bright"].status == "up to date"
    record = Pipeline.read(path).refresh(**QUIET)
    ran = {step.name: step.record.done for step in record.steps if step.outcome == "done"}
    assert outcomes(record)["left"] == outcomes(record)["bright"] == "nothing to do"
    leaves = len(Pipeline.read(path).lake["left"].source.leaves)
    assert 1 <= ran["pairs"] <= leaves / 3


def test_another_option_is_out_of_date_and_the_dry_run_says_how_much(tmp_path):
    path = survey(tmp_path)
    Pipeline.read(path).refresh(**QUIET)
    path.write_text(PIPELINE.replace("mag < 15", "mag < 14"))
    states = {state.name: state for state in Pipeline.read(path).states()}
    leaves = Pipeline.read(path).lake["left"].source.leaves
    assert states["bright"].partitions == states["bright"].of == len(leaves)
    assert states["bright"].bytes == sum(leaf.upath.stat().st_size for leaf in leaves)
    assert states["bright"].why == "other steps"
    assert states["bright"].seconds > 0
    assert Pipeline.read(path).refresh(**QUIET).exit_status == 0
    assert max(Pipeline.read(path).lake["bright"].to_arrow()["mag"].to_pylist()) < 14


@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.integers(0, 1000),
    st.lists(st.sampled_from(["add left", "add right", "same", "remove", "edit", "option"]), min_size=1, max_size=2),
)
def test_a_refresh_is_a_fresh_computation(tmp_path_factory, seed, rounds):
    folder = tmp_path_factory.mktemp("growing")
    path, rng = survey(folder, 80, seed), np.random.default_rng(seed)
    Pipeline.read(path).refresh(**QUIET)
    for number, what in enumerate(rounds, 1):
        if what.startswith("add"):
            add(folder, what.split()[1], number, 3, rng)
        elif what == "same":
            shutil.copy(folder / "left" / "0.parquet", folder / "left" / "again.parquet")
        elif what == "remove":
            for file in sorted((folder / "right").glob("[1-9].parquet"))[:1]:
                file.unlink()
        elif what == "edit":  # another brightness for each object, of the same names and places
            table = pq.read_table(folder / "left" / "0.parquet")
            mag = pq.read_table(folder / "left" / "0.parquet")["mag"].to_numpy() + rng.normal(0, 1, len(table))
            pq.write_table(table.set_column(3, "mag", [mag]), folder / "left" / "0.parquet")
            (folder / "left" / "again.parquet").unlink(missing_ok=True)
        else:
            path.write_text(PIPELINE.replace("900.0", str(rng.uniform(300, 3000))))
        assert Pipeline.read(path).refresh(allow_removal=True, **QUIET).exit_status == 0
    again = Pipeline.read(path, lake=Lake(folder / "fresh"))
    again.refresh(**QUIET)
    fresh, found = content(again), content(Pipeline.read(path))
    for name, table in fresh.items():
        assert found[name].equals(table), name


@pytest.mark.parametrize("side", ["left", "right"])  # with a column of ids, and without
def test_content_that_comes_back_is_read_again(tmp_path, side):
    path = survey(tmp_path, 50)
    file = tmp_path / side / "0.parquet"
    before = file.read_bytes()
    Pipeline.read(path).refresh(**QUIET)
    first = content(Pipeline.read(path))
    table = pq.read_table(file)
    pq.write_table(table.set_column(3, "mag", [np.full(50, 12.0)]), file)
    Pipeline.read(path).refresh(**QUIET)
    assert content(Pipeline.read(path))[side]["mag"].to_pylist() == [12.0] * 50
    file.write_bytes(before)
    Pipeline.read(path).refresh(**QUIET)
    assert content(Pipeline.read(path))[side].equals(first[side])


def test_a_source_that_shrinks_asks(tmp_path):
    path = survey(tmp_path, 50)
    extra = add(tmp_path, "left", 1, 5, np.random.default_rng(1))
    Pipeline.read(path).refresh(**QUIET)
    held = extra.read_bytes()
    extra.unlink()
    record = Pipeline.read(path).refresh(**QUIET)
    assert outcomes(record)["left"] == "failed"
    assert record.exit_status == 1
    assert outcomes(record)["right"] == "nothing to do"
    assert outcomes(record)["pairs"] == "kept back"
    assert "left/1.parquet" in record.steps[0].text
    assert "--allow-removal" in record.steps[0].text
    assert len(Pipeline.read(path).lake["left"]) == 55
    (tmp_path / "left" / "moved.parquet").write_bytes(held)  # the same content at another place is not gone
    assert Pipeline.read(path).refresh(**QUIET).did_nothing
    (tmp_path / "left" / "moved.parquet").unlink()
    assert Pipeline.read(path).refresh(allow_removal=True, **QUIET).exit_status == 0
    assert len(Pipeline.read(path).lake["left"]) == 50


def test_a_step_that_fails_leaves_what_is_behind_it(tmp_path, monkeypatch):
    path = survey(tmp_path, 100)
    Pipeline.read(path).refresh(**QUIET)
    before = {name: Pipeline.read(path).lake.current(name) for name in NAMES}
    add(tmp_path, "right", 1, 3, np.random.default_rng(1))
    with monkeypatch.context() as broken:
        broken.setattr("lcscale.lake.neighbours.Crossmatch.__call__", lambda self, table: 1 / 0)
        record = Pipeline.read(path).refresh(**QUIET)
    told = {step.name: step for step in record.steps}
    assert told["pairs"].outcome == "failed"
    assert told["joined"].outcome == "kept back"
    assert f"{before['joined']} stays as it is" in told["joined"].text
    assert record.exit_status == 1
    lake = Pipeline.read(path).lake
    assert lake.current("pairs") == before["pairs"]
    assert lake.current("joined") == before["joined"]
    assert lake.current("right") != before["right"]
    assert Pipeline.read(path).refresh(**QUIET).exit_status == 0


def test_a_damaged_file_is_set_aside_each_time_and_the_rest_goes_on(tmp_path):
    path = survey(tmp_path, 50)
    Pipeline.read(path).refresh(**QUIET)
    (tmp_path / "left" / "broken.parquet").write_bytes(b"PAR1 but no more")
    for _ in range(2):
        record = Pipeline.read(path).refresh(**QUIET)
        assert outcomes(record)["left"] == "set aside"
        assert record.exit_status == 3
        assert outcomes(record)["pairs"] == "nothing to do"
    (tmp_path / "left" / "broken.parquet").unlink()
    assert Pipeline.read(path).refresh(**QUIET).did_nothing


def test_two_refreshes_of_one_lake_are_kept_apart(tmp_path):
    path = survey(tmp_path, 20)
    pipeline = Pipeline.read(path)
    held = rf"process {os.getpid()} on .* since \d{{4}}-"
    with refreshing(pipeline.lake.root), pytest.raises(ConflictError, match=held):
        pipeline.refresh(**QUIET)
    assert pipeline.refresh(**QUIET).exit_status == 0


def test_the_lock_on_a_store(s3):
    lake = Lake("s3://survey/locked", **s3)
    held = pytest.raises(ConflictError, match=f"process {os.getpid()} on")
    with refreshing(lake.root), held, refreshing(lake.root):
        pass
    lock = lake.root / LOCK
    assert not lock.exists()
    lock.write_text(json.dumps({"pid": 1, "host": "gone", "since": 0.0, "at": 0.0}))  # of one that was killed
    with refreshing(lake.root):
        assert json.loads(lock.read_text())["pid"] == os.getpid()


def test_on_dask_it_is_the_same(tmp_path):
    path = survey(tmp_path, 100)
    with opened("local:1") as engine:
        Pipeline.read(path).refresh(engine=engine, progress=False)
        add(tmp_path, "left", 1, 3, np.random.default_rng(1))
        Pipeline.read(path).refresh(engine=engine, progress=False)
    again = Pipeline.read(path, lake=Lake(tmp_path / "fresh"))
    again.refresh(**QUIET)
    assert content(Pipeline.read(path)) == content(again)
