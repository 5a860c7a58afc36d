"""Objects that were withdrawn are gone from the next version on, whatever files come, until an older one is used."""

from __future__ import annotations

import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from growing import add, survey
from ztf_bulk import write_bulk
from ztf_nights import OID, night, stars

from lcscale import cli
from lcscale.errors import InputError
from lcscale.ingest import Partitioning, changes, ingest, withdraw
from lcscale.lake import Lake
from lcscale.refresh import Pipeline
from lcscale.refresh.versions import versions_of

QUIET = {"engine": "serial", "progress": False}
LIMITS = Partitioning(rows=20)


def read_in(folder, lake, files, **options):
    ingest(
        "ztf", [str(folder / "nights" / file) for file in files], lake, "ztf", partitioning=LIMITS, **QUIET, **options
    )


def names(lake):
    return set(lake["ztf"].to_arrow()["object_id"].to_pylist())


@pytest.fixture
def nights(tmp_path):
    """Files of three nights of 60 stars."""
    place = stars(60)
    night(tmp_path / "nights", 0, np.arange(60), place, 3)
    night(tmp_path / "nights", 1, np.arange(0, 60, 2), place, 2)
    night(tmp_path / "nights", 2, np.arange(60), place, 2)
    return tmp_path


def test_a_withdrawn_object_does_not_come_back_from_old_files_or_new_ones(nights):
    lake = Lake(nights / "lake")
    read_in(nights, lake, ["night0000.parquet"])
    everything, first = names(lake), lake.current("ztf")
    gone = {OID + 4, OID + 7, OID + 8}
    record = withdraw(lake, "ztf", [*gone, 5], **QUIET)
    assert record.published
    assert record.notes == ["3 objects withdrawn", "1 ids are not in ztf"]
    assert names(lake) == everything - gone
    paths = [str(nights / "nights" / f"night000{k}.parquet") for k in range(2)]
    assert not changes("ztf", paths[:1], lake, "ztf", LIMITS)  # the file is known still
    read_in(nights, lake, ["night0000.parquet", "night0001.parquet"], append=True)  # the old one and a new one
    assert names(lake) == everything - gone
    withdraw(lake, "ztf", np.array([OID + 10]), **QUIET)
    read_in(nights, lake, ["night0000.parquet", "night0001.parquet", "night0002.parquet"], replace=True)
    assert names(lake) == everything - gone - {OID + 10}
    read_in(nights, lake, ["night0002.parquet"], append=True)
    alone = Lake(nights / "alone")
    read_in(nights, alone, ["night0000.parquet", "night0001.parquet", "night0002.parquet"])
    left = alone["ztf"].to_arrow().sort_by("object_id")
    kept = [each not in gone | {OID + 10} for each in left["object_id"].to_pylist()]
    assert lake["ztf"].to_arrow().sort_by("object_id").equals(left.filter(pa.array(kept)))
    lake.use("ztf", str(first))
    assert names(lake) == everything
    read_in(nights, lake, ["night0002.parquet"], append=True)
    assert names(lake) == everything


def test_leaves_without_any_of_them_are_linked_and_empty_ones_go(nights):
    lake = Lake(nights / "lake")
    read_in(nights, lake, ["night0000.parquet"])
    before = lake["ztf"].source
    leaf = before.leaves[0]
    record = withdraw(lake, "ztf", leaf.read(["object_id"])["object_id"], **QUIET)
    after = lake["ztf"].source
    assert record.rows == len(lake["ztf"]) == before.rows - before.records()[leaf.pixel].rows
    assert {each.pixel for each in after.leaves} == {each.pixel for each in before.leaves[1:]}
    inodes = {each.pixel: each.upath.stat().st_ino for each in before.leaves}
    assert all(each.upath.stat().st_ino == inodes[each.pixel] for each in after.leaves)
    withdraw(lake, "ztf", lake["ztf"].to_arrow()["object_id"], **QUIET)
    assert len(lake["ztf"]) == 0


def test_an_object_of_several_oids_goes_with_all_of_them(tmp_path):
    """Its pieces in other files would be an object of another name, were they read again."""
    rng = np.random.default_rng(0)
    ra, dec = rng.uniform(0, 360, 40), rng.uniform(-60, 60, 40)
    paths, star_of = write_bulk(tmp_path / "files", rng, ra, dec)
    lake = Lake(tmp_path / "lake")
    ingest("ztf", [str(path) for path in paths[:2]], lake, "ztf", partitioning=LIMITS, **QUIET)
    rows = lake["ztf"].to_arrow().to_pylist()
    row = next(row for row in rows if len(row["members"]["oid"]) == 2)
    withdraw(lake, "ztf", [row["object_id"]], **QUIET)
    ingest("ztf", [str(path) for path in paths[:2]], lake, "ztf", partitioning=LIMITS, replace=True, **QUIET)
    left = {oid for each in lake["ztf"].to_arrow().to_pylist() for oid in each["members"]["oid"]}
    assert left.isdisjoint(row["members"]["oid"])
    assert len(lake["ztf"]) == len(rows) - 1


def test_a_refresh_keeps_them_out_and_what_is_made_from_them_follows(tmp_path, monkeypatch, capsys):
    path = survey(tmp_path, 60)
    Pipeline.read(path).refresh(**QUIET)
    bright = Pipeline.read(path).lake["bright"].to_arrow()["object_id"].to_pylist()
    (tmp_path / "gone.txt").write_text("\n".join(bright[:3]) + "\nno-such-star\n")
    said = ["remove", "left", "--ids", tmp_path / "gone.txt", "--lake", tmp_path / "lake"]
    monkeypatch.setattr(sys, "argv", ["lcscale", *map(str, said)])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    assert not stop.value.code
    assert "3 objects withdrawn" in capsys.readouterr().out
    assert versions_of(Lake(tmp_path / "lake"), "left")[-1].cause == "3 names withdrawn"
    assert Pipeline.read(path).refresh(**QUIET).exit_status == 0
    assert Pipeline.read(path).lake["bright"].to_arrow()["object_id"].to_pylist() == bright[3:]
    add(tmp_path, "left", 1, 5, np.random.default_rng(1))
    table = pq.read_table(tmp_path / "left" / "0.parquet")  # the same rows at other brightness: a changed file
    pq.write_table(table.set_column(3, "mag", [table["mag"].to_numpy() + 0.001]), tmp_path / "left" / "0.parquet")
    Pipeline.read(path).refresh(**QUIET)
    left = Pipeline.read(path).lake["left"].to_arrow()["object_id"].to_pylist()
    assert len(left) == 62
    assert set(left).isdisjoint(bright[:3])
    assert Pipeline.read(path).refresh(**QUIET).did_nothing


def test_what_cannot_be_withdrawn_is_told(tmp_path):
    path = survey(tmp_path, 20)
    Pipeline.read(path).refresh(**QUIET)
    lake = Pipeline.read(path).lake
    with pytest.raises(InputError, match="left has none of the 2 objects"):
        withdraw(lake, "left", ["x", "y"], **QUIET)
    assert len(lake.versions("left")) == 1
    with pytest.raises(InputError, match="bright is made from left: remove the objects there"):
        withdraw(lake, "bright", ["left0-1"], **QUIET)
