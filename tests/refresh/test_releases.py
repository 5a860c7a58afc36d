"""What releases do, one thing after the other: after each a refresh gives what one ingest of all files gives."""

from __future__ import annotations

import shutil

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from ztf_nights import OID, night, stars

from lcscale.lake import Lake
from lcscale.refresh import Pipeline

QUIET = {"engine": "serial", "progress": False}
PIPELINE = """
lake = "lake"
[catalogs.ztf]
ingest = "ztf"
files = "nights/*.parquet"
partition_rows = 10
"""
N = 30


class Release:
    """A folder of nights that grows, and the lake that follows it."""

    def __init__(self, folder):
        self.folder, self.place = folder, stars(N)
        self.path = folder / "pipeline.toml"
        self.path.write_text(PIPELINE)
        self.fresh = 0

    def night(self, number, which=None):
        """A night of all stars, or of some."""
        return night(self.folder / "nights", number, np.arange(N) if which is None else which, self.place, 3)

    def rows(self):
        """The catalog after a refresh, which must be that of one ingest of all files there are."""
        record = Pipeline.read(self.path).refresh(**QUIET)
        assert record.exit_status == 0, [step.text for step in record.steps]
        self.fresh += 1
        again = Pipeline.read(self.path, lake=Lake(self.folder / f"fresh{self.fresh}"))
        again.refresh(**QUIET)
        found, expected = (
            each.lake["ztf"].to_arrow().sort_by("object_id").combine_chunks()
            for each in (Pipeline.read(self.path), again)
        )
        assert found.equals(expected)
        return found


@pytest.fixture
def release(tmp_path):
    release = Release(tmp_path)
    release.night(0)
    release.night(2)
    assert release.rows().num_rows == N
    return release


def edited(path, **columns):
    """Write the file at `path` anew with other columns."""
    table = pq.read_table(path)
    for name, values in columns.items():
        table = table.set_column(table.column_names.index(name), name, values)
    pq.write_table(table, path)


def observations(rows):
    return pc.sum(pc.list_value_length(rows["lightcurve"].combine_chunks().field(0))).as_py()


def test_late_files_the_same_file_and_a_night_that_straddles_two_dates(release):
    release.night(1)  # an old night, late
    assert observations(release.rows()) == 9 * N
    shutil.copy(release.folder / "nights" / "night0001.parquet", release.folder / "nights" / "again.parquet")
    assert observations(release.rows()) == 9 * N
    whole = pq.read_table(release.night(3))  # of which the file of each date has a part
    (release.folder / "nights" / "night0003.parquet").unlink()
    for date, rows in (("a", slice(0, 1)), ("b", slice(1, 3))):
        lists = {
            name: pa.array([each[rows] for each in whole[name].to_pylist()], whole[name].type)
            for name in ("hmjd", "mag", "magerr", "catflags")
        }
        part = whole
        for name, values in lists.items():
            part = part.set_column(part.column_names.index(name), name, values)
        pq.write_table(part, release.folder / "nights" / f"date_{date}.parquet")
        found = release.rows()
    assert observations(found) == 12 * N


def test_reprocessed_observations(release):
    path = release.folder / "nights" / "night0002.parquet"
    lists = pq.read_table(path)["mag"]
    brighter = pa.array([[each - 1 for each in row] for row in lists.to_pylist()], lists.type)
    edited(path, mag=brighter)
    assert observations(release.rows()) == 6 * N


def test_objects_merged_split_and_re_associated(release):
    path = release.folder / "nights" / "night0002.parquet"
    table = pq.read_table(path)
    names, ra, dec = (table[name].to_numpy().copy() for name in ("objectid", "objra", "objdec"))
    names[3] = OID + 5  # its observations belong to the sixth star now
    ra[3], dec[3] = ra[5], dec[5]
    edited(path, objectid=[names], objra=[ra], objdec=[dec])
    found = release.rows()
    counts = dict(
        zip(found["object_id"].to_pylist(), map(len, found["lightcurve"].combine_chunks().field(0)), strict=True)
    )
    assert (counts[OID + 3], counts[OID + 5]) == (3, 9)
    names[7], dec[7] = OID + 1000, dec[7] + 5 / 3600  # part of the eighth star is a star of its own
    edited(path, objectid=[names], objra=[ra], objdec=[dec])
    assert release.rows().num_rows == N + 1
    names[7], dec[7] = OID - 1, dec[7] - 4 / 3600  # which is one with it after all, and gives it its name
    edited(path, objectid=[names], objra=[ra], objdec=[dec])
    found = release.rows()
    assert found.num_rows == N
    assert {OID - 1} == set(found["object_id"].to_pylist()) - set(range(OID, OID + N))


def test_an_object_moves_to_another_partition(release):
    for number in (0, 2):
        path = release.folder / "nights" / f"night000{number}.parquet"
        dec = pq.read_table(path)["objdec"].to_numpy().copy()
        dec[4] = -dec[4]
        edited(path, objdec=[dec])
    found = release.rows()
    assert found.num_rows == N
    assert found["dec"][found["object_id"].to_pylist().index(OID + 4)].as_py() == pytest.approx(-release.place[1][4])
