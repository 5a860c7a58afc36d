"""What is published is whole; less is only what a person accepted, and then it says what is missing."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from skies import put, sky_table

from lcscale.cli import main
from lcscale.engine import Ledger, allowed_failures
from lcscale.errors import InputError
from lcscale.lake import Lake


@dataclass(frozen=True)
class Sick:
    """Fails at some of the objects, each time with another text."""

    ids: frozenset[int]
    columns = ("object_id",)
    rowwise = True
    version = 1

    def schema(self, input_schema):
        return input_schema

    def fingerprint(self):
        return "Sick v1"  # of the same plan, healed or not

    def __call__(self, table):
        found = self.ids.intersection(table.column("object_id").to_pylist())
        if found:
            raise ValueError(f"star {min(found)} is too bright")
        return table


def sick_partitions(sky, numbers):
    """A step that fails in these partitions, and their labels."""
    chosen = [sky.partitions[number] for number in numbers]
    ids = frozenset(leaf.read(["object_id"]).column("object_id")[0].as_py() for leaf in chosen)
    return Sick(ids), [f"sky {leaf.pixel}" for leaf in chosen]


@pytest.mark.parametrize("engine", ["serial", "local:2"])
def test_a_version_that_lost_partitions_does_not_replace_a_whole_one(lake, sky, engine, monkeypatch):
    here = Path(__file__).parent
    monkeypatch.setenv("PYTHONPATH", f"{here}:{here.parent}")
    first = sky.columns("object_id").write("result")
    step, labels = sick_partitions(sky, [3])
    record = sky.map(step).write("result", engine=engine, retries=0)
    assert (record.published, record.exit_status, record.missing) == (False, 3, labels)
    assert "1 of 48 tasks failed; nothing was published" in record.withheld
    assert "run the same command again" in record.withheld
    assert "--max-failed 1" in record.withheld
    assert lake.current("result") == first.version
    assert next(job.state for job in lake.jobs() if job.name == "result") == "current"
    healed = sky.map(Sick(frozenset())).write("result", engine=engine)
    assert (healed.done, healed.skipped, healed.published, healed.missing) == (1, 47, True, [])
    assert lake["result"].source.missing == ()
    assert lake["result"].to_arrow().equals(sky.to_arrow())


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_exactly_what_was_accepted_may_be_missing(tmp_path_factory, data):
    """Brute force over the number of failures and what a person accepts, as a number and as a share."""
    lake = Lake(tmp_path_factory.mktemp("lake"))
    sky = put(lake, "sky", sky_table(60, lightcurves=False), order=0)
    n = len(sky.partitions)
    failing = sorted(data.draw(st.sets(st.integers(0, n - 1), max_size=8)))
    accepted = data.draw(st.one_of(st.integers(0, n), st.integers(0, n).map(lambda k: k / n)))
    most = accepted if isinstance(accepted, int) else round(accepted * n)
    step, labels = sick_partitions(sky, failing)
    record = sky.map(step).write("result", retries=0, max_failed=accepted)
    assert record.published == (len(failing) <= most)
    assert sorted(record.missing) == sorted(labels)
    assert ("result" in lake) == record.published
    if record.published:
        source = lake["result"].source
        assert set(source.missing) == set(labels)
        assert dict(source.properties).get("lcscale_missing_count", "0") == str(len(failing))
        rows = [leaf.read().num_rows for number, leaf in enumerate(sky.partitions) if number not in failing]
        assert (source.rows, len(source.leaves)) == (sum(rows), n - len(failing))
        (job,) = lake.jobs()[-1:]
        assert set(job.missing) == set(labels)


def test_what_is_missing_is_told_of_what_is_made_from_it_and_can_be_made_whole(lake, sky):
    step, labels = sick_partitions(sky, [0, 7])
    first = sky.map(step).write("result", retries=0, max_failed=2)
    made = lake["result"].columns("object_id").write("made")
    assert made.published
    assert lake["made"].source.missing == tuple(labels)
    again = sky.map(step).write("result", retries=0, max_failed=2)
    assert (again.published, again.version, again.exit_status) == (False, first.version, 3)
    assert lake.versions("result") == [first.version]
    healed = sky.map(Sick(frozenset())).write("result")
    assert (healed.done, healed.skipped, healed.published) == (2, 46, True)
    assert lake["result"].to_arrow().equals(sky.to_arrow())
    assert lake["result"].columns("object_id").write("made").published
    assert lake["made"].source.missing == ()


def test_a_job_that_was_accepted_in_part_keeps_what_it_gained_when_it_is_killed(lake, sky, monkeypatch):
    """The work on a version that completes another is not thrown away by the next failure."""
    step, _ = sick_partitions(sky, [0, 7])
    first = sky.map(step).write("result", retries=0, max_failed=2)
    less, labels = sick_partitions(sky, [7])
    record = sky.map(less).write("result", retries=0)
    assert (record.done, record.published, record.missing) == (1, False, labels)
    record = sky.map(less).write("result", retries=0)
    assert (record.done, record.published, lake.current("result")) == (0, False, first.version)
    record = sky.map(less).write("result", retries=0, max_failed=1)
    assert (record.done, record.published, record.missing) == (0, True, labels)
    assert lake["result"].source.missing == tuple(labels)


@pytest.mark.parametrize("engine", ["serial", "local:2", "spark"])
def test_the_same_error_again_and_again_ends_the_job(lake, sky, engine):
    """Every leaf is damaged: the texts of the errors differ, their kind does not."""
    if engine == "spark" and not shutil.which("java"):
        pytest.skip("no Java here, which Spark needs")
    first = sky.columns("object_id").write("result")
    sky.write("copy")  # its ledger tells what its leaves hold
    leaves = [leaf.path for leaf in lake["copy"].partitions]
    whole = {path: Path(path).read_bytes() for path in leaves}
    for path in whole:
        Path(path).write_bytes(whole[path][:100])
    damaged = lake["copy"].columns("object_id", "mean_mag")
    record = damaged.write("result", engine=engine, retries=2, replace=True)
    assert (record.published, record.exit_status, lake.current("result")) == (False, 3, first.version)
    assert len(record.quarantined) == 10
    assert "10 tasks in a row failed alike (LcscaleError: cannot read the leaf" in record.withheld
    tried = list(Ledger(lake.root / "result" / record.version / "ledger").entries())
    assert sum(entry["attempts"] for entry in tried) == 30
    for path, content in whole.items():
        Path(path).write_bytes(content)
    healed = damaged.write("result", engine="serial", replace=True)
    assert (healed.published, healed.version) == (True, record.version)
    assert lake["result"].to_arrow().equals(damaged.to_arrow())


def test_failures_here_and_there_or_accepted_do_not_end_it(lake, sky):
    step, labels = sick_partitions(sky, range(0, 48, 2))
    record = sky.map(step).write("scattered", retries=0)
    assert sorted(record.missing) == sorted(labels)
    assert record.done == 24
    step, labels = sick_partitions(sky, range(20))
    record = sky.map(step).write("neighbours", retries=0, max_failed=0.5)
    assert (record.missing, record.published) == (labels, True)


@pytest.mark.parametrize("wrong", [-1, 1.5, -0.1, float("nan"), True, "3", None])
def test_what_may_fail_is_a_number_or_a_share(lake, sky, wrong):
    with pytest.raises(InputError, match="max_failed"):
        sky.write("copy", max_failed=wrong)
    assert "copy" not in lake
    with pytest.raises(InputError, match="max_failed"):
        allowed_failures(wrong, 10)


def test_the_command_line_says_what_is_missing_and_what_to_do(lake, sky, capsys, monkeypatch):
    from lcscale.features import Extract

    whole = Extract.__call__

    def failing(self, table):
        if {0, 1999} & set(table["object_id"].to_pylist()):
            raise ValueError("cosmic ray")
        return whole(self, table)

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["lcscale", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            main()
        return end.value.code, *capsys.readouterr()

    monkeypatch.setattr(Extract, "__call__", failing)
    quick = ("--only", "mean", "--fmax", "0.1", "--coupling", "free")
    arguments = ("features", "sky", "--lake", lake.root, "--name", "stats", *quick)
    status, out, err = run(*arguments)
    assert (status, "not published" in out) == (3, True)
    assert "2 of 48 tasks failed; nothing was published" in err
    assert "--max-failed 2" in err
    assert "not published: 2 tasks failed" in run("jobs", "--lake", lake.root)[1]
    status, out, err = run(*arguments, "--max-failed", "0.05")
    assert (status, ", published v1-" in out) == (3, True)
    assert "published without what 2 failed tasks would have made" in err
    assert "published without 2 of 48 tasks" in run("jobs", "--lake", lake.root)[1]
    assert "(2 missing)" in run("ls", "--lake", lake.root)[1]
    assert "missing in it: sky Norder=1/Npix=" in run("info", "stats", "--lake", lake.root)[1]
    assert run(*arguments, "--max-failed", "many")[0] == 2
    monkeypatch.setattr(Extract, "__call__", whole)
    assert run("jobs", "retry", "stats", "--lake", lake.root)[0] == 0
    assert lake["stats"].source.rows == 2000
