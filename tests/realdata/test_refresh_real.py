"""Real releases that grow: ZTF night by night, Gaia's alerts month by month, CRTS in two halves of its time."""

from __future__ import annotations

import gzip

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as csv
import pyarrow.parquet as pq
import pytest

from lcscale.ingest import Partitioning, ingest
from lcscale.lake import Lake
from lcscale.refresh import Pipeline

pytestmark = pytest.mark.realdata
QUIET = {"engine": "serial", "progress": False}


def rows(lake, name, by="object_id"):
    return lake[name].to_arrow().sort_by(by).combine_chunks()


@pytest.mark.parametrize("n_nights", [6, pytest.param(34, marks=pytest.mark.slow)])
def test_ztf_night_by_night_is_one_ingest_of_all(real_data, tmp_path, n_nights):
    """300 oids of the bulk file of DR5, whose lists are cut by night; the last of its 35 nights come one by one."""
    (file,) = (real_data / "ztf_dr5").glob("*.parquet")
    table = pq.read_table(file).slice(0, 300).combine_chunks()
    times = table["hmjd"].combine_chunks()
    owner = np.repeat(np.arange(len(table)), pc.list_value_length(times).to_numpy())
    night = np.floor(times.flatten().to_numpy()).astype(int)
    last = np.unique(night)[-n_nights:]
    folder = tmp_path / "nights"
    folder.mkdir()
    parts = [night < last[0], *(night == each for each in last)]
    lake, limits = Lake(tmp_path / "lake"), Partitioning(rows=60)
    for number, chosen in enumerate(parts):
        seen = np.unique(owner[chosen])
        part = table.take(pa.array(seen))
        offsets = pa.array(np.append(0, np.cumsum(np.bincount(owner[chosen], minlength=len(table))[seen])), pa.int32())
        for name in (each for each in table.column_names if pa.types.is_list(table.schema.field(each).type)):
            values = table[name].combine_chunks().flatten().filter(pa.array(chosen))
            part = part.set_column(part.column_names.index(name), name, pa.ListArray.from_arrays(offsets, values))
        pq.write_table(part, folder / f"{number:04d}.parquet")
        ingest("ztf", str(folder / "*.parquet"), lake, "ztf", append=bool(number), partitioning=limits, **QUIET)
    ingest("ztf", str(file), lake, "whole_file", **QUIET)
    ingest("ztf", str(folder / "*.parquet"), lake, "at_once", partitioning=limits, **QUIET)
    assert len(lake.versions("ztf")) == len(parts)
    assert rows(lake, "ztf").equals(rows(lake, "at_once"))
    whole = rows(lake, "whole_file")
    assert set(rows(lake, "ztf")["object_id"].to_pylist()) <= set(whole["object_id"].to_pylist())


PIPELINE = """
lake = "lake"
[catalogs.alerts]
ingest = "gaia_alerts"
files = "listings/*.csv"
[catalogs.spicy]
ingest = "table"
files = "SPICY"
ra = "RAdeg"
dec = "DEdeg"
[tables.statistics]
alerts = "alerts"
by = ["year", "month", "night"]
definitions = { spicy = "spicy" }
"""


@pytest.mark.parametrize("n_months", [3, pytest.param(40, marks=pytest.mark.slow)])
def test_alerts_month_by_month_are_one_ingest_of_all(real_data, tmp_path, n_months):
    """Of each month a listing; the statistics follow, and say as of which listing each value is."""
    with gzip.open(real_data / "gaia_alerts" / "alerts.csv.gz", "rt", newline="") as stream:
        head, *lines = stream.read().split("\nGaia")  # comments may go over lines; names begin so
    lines = [f"Gaia{line}" for line in lines]
    months = np.array([line.split(",")[1].strip()[:7] for line in lines])
    last = np.unique(months)[-n_months:]
    (tmp_path / "listings").mkdir()
    path = tmp_path / "pipeline.toml"
    path.write_text(PIPELINE.replace("SPICY", str(real_data / "yso" / "spicy.parquet")))
    versions, seen = [], 0
    for number, chosen in enumerate([months < last[0], *(months == each for each in last)]):
        part = [line for line, yes in zip(lines, chosen, strict=True) if yes]
        (tmp_path / "listings" / f"{number:03d}.csv").write_text("\n".join([head, *part]) + "\n")
        assert Pipeline.read(path).refresh(**QUIET).exit_status == 0
        lake = Pipeline.read(path).lake
        seen += np.count_nonzero(chosen)
        assert len(lake["alerts"]) == seen
        table = lake.table("statistics")
        assert set(table["alerts_version"].to_pylist()) == {f"alerts {lake.current('alerts')}"}
        versions.append(lake.current("alerts"))
    assert len(set(versions)) == n_months + 1
    ingest("gaia_alerts", real_data / "gaia_alerts" / "alerts.csv.gz", lake, "at_once", **QUIET)
    by = lake["at_once"].id_column
    assert rows(lake, "alerts", by).equals(rows(lake, "at_once", by))
    (tmp_path / "listings" / "000.csv").write_text("\n".join([head, lines[0]]) + "\n")  # a shorter listing
    assert Pipeline.read(path).refresh(**QUIET).exit_status == 0
    assert len(Pipeline.read(path).lake["alerts"]) == len(lines)


CRTS = """
lake = "lake"
[catalogs.crts]
ingest = "crts"
files = "release"
partition_rows = 20
[catalogs.features]
features = "crts"
only = ["amplitude"]
baseline = 3000.0
fmax = 0.5
"""


def test_crts_in_two_halves_by_time(real_data, tmp_path):
    (tmp_path / "release").mkdir()
    stars = csv.read_csv(real_data / "crts_north" / "objects.csv").slice(0, 60)
    csv.write_csv(stars, tmp_path / "release" / "objects.csv")
    points = pq.read_table(real_data / "crts_north" / "photometry.parquet")
    points = points.filter(pc.is_in(points["id"], stars["id"].combine_chunks()))
    middle = pc.approximate_median(points["mjd"])
    path = tmp_path / "pipeline.toml"
    path.write_text(CRTS)
    for number, half in enumerate((pc.less(points["mjd"], middle), pc.greater_equal(points["mjd"], middle)), 1):
        pq.write_table(points.filter(half), tmp_path / "release" / f"photometry_{number}.parquet")
        assert Pipeline.read(path).refresh(**QUIET).exit_status == 0
    again = Pipeline.read(path, lake=Lake(tmp_path / "fresh"))
    again.refresh(**QUIET)
    for name in ("crts", "features"):
        found, fresh = rows(Pipeline.read(path).lake, name), rows(again.lake, name)
        assert found.schema.equals(fresh.schema)
        unlike = [each for each in fresh.column_names if not found[each].equals(fresh[each])]
        values = {
            each: [pair for pair in zip(*(t[each].to_pylist() for t in (found, fresh)), strict=True)] for each in unlike
        }
        told = {each: [(a, b) for a, b in pairs if a != b][:5] for each, pairs in values.items()}
        assert told == {}, name
