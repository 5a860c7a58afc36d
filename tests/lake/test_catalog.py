"""Catalogs: lazy, exact, the same rows by every way out."""

from __future__ import annotations

import shutil
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from skies import put, sky_table

import lcscale as lc
from lcscale.errors import ConflictError, InputError
from lcscale.lake import HEALPIX_COLUMN, Lake, write_leaf
from lcscale.periods import PERIOD
from lcscale.steps import Where


@dataclass(frozen=True)
class Brighter:
    """Adds the magnitude minus `by`; raises where `fail_at` is among the ids."""

    by: float
    fail_at: int = -1
    columns = ("mean_mag", "object_id")
    rowwise = True
    version = 1

    def schema(self, input_schema):
        return input_schema.append(pa.field("brighter", pa.float64()))

    def fingerprint(self):
        return f"{self!r} v{self.version}"

    def __call__(self, table):
        if pc.any(pc.equal(table["object_id"], self.fail_at)).as_py():
            raise ValueError("this partition is broken")
        return table.append_column("brighter", pc.subtract(table["mean_mag"], self.by))


def test_every_row_comes_back(lake, sky):
    expected = sky_table(2000)
    table = sky.to_arrow()
    assert table.equals(expected)
    assert sky.schema.field("lightcurve").metadata == {b"bands": b"g,r"}


def test_columns_keep_the_position_and_read_no_more(sky):
    chosen = sky.columns("mean_mag")
    assert chosen.column_names == [HEALPIX_COLUMN, "ra", "dec", "mean_mag"]
    assert chosen.plan().columns == (HEALPIX_COLUMN, "ra", "dec", "mean_mag")
    assert sky.map(Brighter(1.0)).columns("brighter").plan().columns == (
        HEALPIX_COLUMN, "object_id", "ra", "dec", "mean_mag",
    )  # fmt: skip


def test_an_unknown_column_is_named(sky):
    with pytest.raises(InputError, match="'magg'.*mean_mag"):
        sky.columns("magg")


def test_a_step_without_its_column_is_refused_before_anything_runs(sky):
    with pytest.raises(InputError, match="Brighter needs the column mean_mag"):
        sky.columns("object_id").map(Brighter(1.0))


@pytest.mark.parametrize(
    "region",
    [
        lc.Cone(100.0, 20.0, 20 * 3600),
        lc.Cone(0.0, 89.0, 10 * 3600),
        lc.Cone(359.9, -5.0, 15 * 3600),
        lc.Box((350.0, 20.0), (-30.0, 10.0)),
        lc.Box((10.0, 11.0), (-90.0, 90.0)),
    ],
)
def test_a_region_holds_exactly_its_rows(sky, region):
    from astropy import units as u
    from astropy.coordinates import SkyCoord

    table = sky_table(2000)
    ra, dec = table["ra"].to_numpy(), table["dec"].to_numpy()
    if isinstance(region, lc.Cone):
        centre = SkyCoord(region.ra * u.deg, region.dec * u.deg)
        inside = SkyCoord(ra * u.deg, dec * u.deg).separation(centre).arcsec <= region.radius_arcsec
    else:
        (a, b), (low, high) = region.ra, region.dec
        inside = ((ra >= a) & (ra <= b) if a < b else (ra >= a) | (ra <= b)) & (dec >= low) & (dec <= high)
    assert inside.sum() > 3
    assert sky.region(region).to_arrow()["object_id"].to_pylist() == table["object_id"].to_numpy()[inside].tolist()


def test_a_moc_is_a_region(sky):
    from mocpy import MOC

    moc = MOC.from_string("1/3 5 2/100")
    rows = sky.region(moc).to_arrow()
    order1 = rows[HEALPIX_COLUMN].to_numpy() >> 56
    assert rows.num_rows > 20
    assert set(order1) == {3, 5, 25}


def test_head_reads_the_first_rows(sky):
    assert sky.head(3)["object_id"].tolist() == [0, 1, 2]


def test_dask_frame_has_the_same_rows_and_known_divisions(sky):
    frame = sky.map(Brighter(0.5)).to_dask()
    assert frame.npartitions == 48
    assert frame.known_divisions
    computed = frame.compute(scheduler="synchronous")
    expected = sky.map(Brighter(0.5)).to_arrow()
    assert computed["brighter"].tolist() == expected["brighter"].to_pylist()
    assert str(computed["brighter"].dtype) == "double[pyarrow]"
    assert computed.index.tolist() == expected[HEALPIX_COLUMN].to_pylist()


def test_lsdb_opens_the_entry_and_the_steps(lake, sky):
    import dask
    import lsdb

    with dask.config.set(scheduler="synchronous"):
        opened = lsdb.open_catalog(lake.root / "sky").compute()
        assert len(opened) == 2000
        assert opened["lightcurve"].nest.columns == ["time", "mag", "mag_err", "band"]
        cone = lc.Cone(100.0, 20.0, 20 * 3600)
        stepped = sky.region(cone).map(Brighter(1.0)).to_lsdb().compute()
        assert sorted(stepped["object_id"]) == sorted(sky.region(cone).to_arrow()["object_id"].to_pylist())
        assert np.allclose(stepped["brighter"], stepped["mean_mag"] - 1.0)


def test_write_publishes_a_valid_catalog(lake, sky):
    from hats.io.validation import is_valid_catalog

    record = sky.map(Brighter(1.0)).without("lightcurve").write("bright")
    assert (record.done, record.rows, record.published, record.exit_status) == (48, 2000, True, 0)
    assert is_valid_catalog(lake.root / "bright" / lake.current("bright"), strict=True)
    assert lake["bright"].to_arrow().equals(sky.map(Brighter(1.0)).without("lightcurve").to_arrow())


def test_the_same_plan_is_a_no_op_and_another_a_new_version(lake, sky):
    first = sky.map(Brighter(1.0)).write("bright")
    again = sky.map(Brighter(1.0)).write("bright")
    other = sky.map(Brighter(2.0)).write("bright")
    assert (again.done, again.skipped, again.published, again.version) == (0, 48, False, first.version)
    assert other.version != first.version
    assert lake.versions("bright") == [first.version, other.version]
    assert lake.current("bright") == other.version


def test_an_interrupted_job_goes_on_where_it_stopped(lake, sky, monkeypatch):
    from lcscale.lake import job

    seen = []
    original = job.write_partition

    def stop_in_the_middle(leaf, *given):
        seen.append(leaf.pixel)
        if len(seen) == 20:
            raise KeyboardInterrupt
        return original(leaf, *given)

    monkeypatch.setattr(job, "write_partition", stop_in_the_middle)
    with pytest.raises(KeyboardInterrupt):
        sky.map(Brighter(1.0)).write("bright")
    assert "bright" not in lake
    monkeypatch.setattr(job, "write_partition", original)
    record = sky.map(Brighter(1.0)).write("bright")
    assert (record.skipped, record.done) == (19, 29)
    assert lake["bright"].to_arrow().equals(sky.map(Brighter(1.0)).to_arrow())


def test_a_broken_partition_is_set_aside_and_a_rerun_completes_it(lake, sky, monkeypatch):
    broken = Brighter(1.0, fail_at=1000)
    record = sky.map(broken).write("bright", retries=1, max_failed=1)
    assert record.exit_status == 3
    assert "Npix" in record.quarantined[0]["label"]
    before = lake.current("bright")
    assert 1900 < lake["bright"].to_arrow().num_rows < 2000
    monkeypatch.setattr(
        Brighter, "__call__", lambda self, t: t.append_column("brighter", pc.subtract(t["mean_mag"], 1.0))
    )
    record = sky.map(broken).write("bright")
    assert (record.done, record.skipped, record.exit_status) == (1, 47, 0)
    assert lake.current("bright") != before
    assert lake["bright"].to_arrow().num_rows == 2000


@dataclass(frozen=True)
class OutOfMemory:
    """Fails like a device whose memory holds `most` rows."""

    most: int
    columns = ()
    rowwise = True
    version = 1

    def schema(self, input_schema):
        return input_schema

    def fingerprint(self):
        return f"{self!r} v{self.version}"

    def __call__(self, table):
        if table.num_rows > self.most:
            raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return table


def test_a_device_out_of_memory_gets_smaller_batches(lake, sky):
    assert sky.map(OutOfMemory(5)).write("small", retries=0).exit_status == 0
    assert lake["small"].to_arrow().equals(sky.to_arrow())
    record = sky.map(OutOfMemory(0)).write("none", retries=0)
    assert len(record.quarantined) == 10
    assert "out of memory" in record.quarantined[0]["error"]
    assert "none" not in lake


def test_spark_writes_the_same_catalog(lake, sky):
    pytest.importorskip("pyspark")
    if shutil.which("java") is None:
        pytest.skip("no Java here, which Spark needs")
    record = sky.columns("object_id", "lightcurve").write("by_spark", engine="spark")
    assert record.engine.startswith("spark local")
    assert lake["by_spark"].to_arrow().equals(sky.columns("object_id", "lightcurve").to_arrow())


def test_two_writers_of_one_version_are_told_apart(lake, sky):
    with (
        lake.draft("twice", "plan"),
        pytest.raises(ConflictError, match="another process"),
        lake.draft("twice", "plan"),
    ):
        pass


def test_a_version_published_meanwhile_is_not_overwritten(lake, sky):
    with lake.draft("sky", "slow plan") as slow:
        put(lake, "sky", sky_table(10), plan="quick plan")
        pixel = sky.partitions[0].pixel
        written = write_leaf(slow.folder, pixel, sky.partitions[0].read())
        with pytest.raises(ConflictError, match="was published while"):
            slow.publish([written], sky.schema, ra="ra", dec="dec")


def test_an_empty_result_is_a_catalog_too(lake, sky):
    far = put(lake, "far", sky_table(3, seed=5, lightcurves=False))
    record = sky.crossmatch(far, radius_arcsec=0.01).write("nothing")
    assert record.rows == 0
    assert lake["nothing"].to_arrow().num_rows == 0
    assert "separation_arcsec" in lake["nothing"].column_names


def test_unknown_names_list_the_known(lake, sky):
    with pytest.raises(InputError, match="no catalog 'skye'.*sky"):
        lake["skye"]
    with pytest.raises(InputError, match="no HATS catalog"):
        lc.open_catalog(str(lake.root / "nowhere"))
    with pytest.raises(InputError, match="cannot be a name"):
        sky.write("a/b")


@pytest.mark.parametrize(("radius", "n"), [(600.0, 1), (36000.0, 3), (30000.0, None)])
def test_crossmatch_equals_the_match_of_whole_tables(lake, radius, n):
    """Left and right tiled at different orders, neighbours across every border and the poles."""
    from lcscale.crossmatch import match

    left_rows, right_rows = sky_table(800, 1, lightcurves=False), sky_table(900, 2, lightcurves=False)
    left, right = put(lake, "left", left_rows, order=0), put(lake, "right", right_rows, order=2)
    found = left.crossmatch(right, radius_arcsec=radius, n_neighbors=n).to_arrow()
    positions = [rows[name].to_numpy() for rows in (left_rows, right_rows) for name in ("ra", "dec")]
    i, j, separation = match(*positions, radius, n)
    assert len(i) > 0
    assert found["object_id"].to_pylist() == left_rows["object_id"].take(pa.array(i)).to_pylist()
    assert found["object_id_2"].to_pylist() == right_rows["object_id"].take(pa.array(j)).to_pylist()
    assert np.array_equal(found["separation_arcsec"].to_numpy(), separation)


def test_mutual_neighbours_compete_across_borders(lake):
    """One-to-one: left rows of other partitions take part, whichever leaf a right row is near."""
    from lcscale.crossmatch import match

    left_rows, right_rows = sky_table(800, 1, lightcurves=False), sky_table(300, 2, lightcurves=False)
    left, right = put(lake, "left", left_rows, order=2), put(lake, "right", right_rows, order=1)
    found = left.crossmatch(right, radius_arcsec=36000.0, mutual=True).to_arrow()
    positions = [rows[name].to_numpy() for rows in (left_rows, right_rows) for name in ("ra", "dec")]
    i, j, _ = match(*positions, 36000.0, mutual=True)
    assert len(i) > 100
    assert found["object_id"].to_pylist() == left_rows["object_id"].take(pa.array(i)).to_pylist()
    assert found["object_id_2"].to_pylist() == right_rows["object_id"].take(pa.array(j)).to_pylist()
    assert len(set(j.tolist())) == len(j)


def test_columns_of_gates_are_read_though_they_are_not_kept(lake):
    rows = sky_table(300, 1, lightcurves=False)
    left, right = put(lake, "left", rows), put(lake, "right", rows.rename_columns([*rows.column_names[:-1], "mag"]))
    gated = left.crossmatch(
        right, radius_arcsec=1.0, max_mag_difference=0.1, left_mag="mean_mag", right_mag="mag", where="mag < 15"
    )
    kept = gated.columns("object_id").to_arrow()["object_id"].to_pylist()
    assert kept == rows.filter(pc.less(rows["mean_mag"], 15))["object_id"].to_pylist()


def test_join_puts_derived_columns_beside_their_rows(lake, sky):
    sky.map(Brighter(1.0)).columns("object_id", "brighter").write("derived", lake=lake)
    some = sky.region(lc.Cone(100.0, 20.0, 60 * 3600)).map(Brighter(1.0)).columns("object_id", "brighter")
    some.write("part", lake=lake)
    joined = sky.join(lake["derived"]).to_arrow()
    assert joined.drop_columns("brighter").equals(sky.to_arrow())
    assert pc.all(pc.equal(joined["brighter"], pc.subtract(joined["mean_mag"], 1.0))).as_py()
    partly = sky.join(lake["part"]).to_arrow()
    inside = partly.filter(pc.is_valid(partly["brighter"]))
    assert inside["object_id"].to_pylist() == some.to_arrow()["object_id"].to_pylist()
    inner = sky.join(lake["part"], how="inner")
    assert inner.to_arrow().equals(inside)
    assert inner.columns("object_id").to_arrow()["object_id"].to_pylist() == inside["object_id"].to_pylist()
    assert inner.fingerprint() != sky.join(lake["part"]).fingerprint()
    with pytest.raises(InputError, match="how must be left or inner"):
        sky.join(lake["part"], how="outer")
    with pytest.raises(InputError, match="no column 'id'"):
        sky.join(lake["part"], on="id")


def test_names_of_columns_may_come_as_lists(sky):
    some = sky.columns(["mean_mag", "object_id"])
    assert some.column_names == sky.columns("mean_mag", "object_id").column_names
    assert sky.columns("mean_mag", ("object_id",)).column_names == some.column_names
    assert sky.without(["mean_mag", "lightcurve"]).column_names == sky.without("mean_mag", "lightcurve").column_names
    with pytest.raises(InputError, match="no column 'no_such'"):
        sky.columns(["no_such"])


def test_join_takes_what_a_step_made_for_a_column_of_the_same_name(lake):
    """A survey's own period beside the one that was searched in the features; other columns of both are copies."""
    rows = sky_table(60, 1, lightcurves=False)
    own, found = (pa.array(np.arange(60) + half) for half in (0.5, 0.25))
    left = put(lake, "left", rows.append_column("period", own).append_column("note", pa.array(["renewed"] * 60)))
    made = rows.append_column(PERIOD.field, found)
    right = put(lake, "right", made.append_column("note", pa.array(["old"] * 60)).slice(0, 40))
    joined = left.join(right)
    table = joined.to_arrow()
    assert joined.schema.names == table.column_names
    assert table["period"].to_pylist() == [*found.to_pylist()[:40], *[None] * 20]
    assert set(table["note"].to_pylist()) == {"renewed"}
    again = put(lake, "again", made.set_column(made.num_columns - 1, made.schema.field("period"), own))
    assert again.join(right).to_arrow()["period"].to_pylist() == table["period"].to_pylist()


def test_join_takes_position_and_name_together(lake):
    """The same name elsewhere on the sky is another object, and rows without a name are nobody's."""
    rows = sky_table(100, 1, lightcurves=False)
    names = pa.array([None if i % 10 == 0 else f"star {i % 50}" for i in range(100)])
    left = put(lake, "left", rows.set_column(1, "object_id", names))
    derived = rows.set_column(1, "object_id", names).rename_columns([*rows.column_names[:-1], "derived"])
    joined = left.join(put(lake, "derived", derived)).to_arrow()
    expected = pc.if_else(names.is_valid(), rows["mean_mag"].combine_chunks(), None).to_pylist()
    assert joined["derived"].to_pylist() == expected
    elsewhere = sky_table(100, 2, lightcurves=False).set_column(1, "object_id", names)
    elsewhere = elsewhere.rename_columns([*rows.column_names[:-1], "derived"])
    assert left.join(put(lake, "elsewhere", elsewhere)).to_arrow()["derived"].null_count == 100


def test_plain_tables_are_published_by_content(lake):
    table = pa.table({"year": [2019], "n_alerts": [3553]})
    first = lake.write_table("alert_statistics", table)
    assert lake.write_table("alert_statistics", table) == first
    assert lake.table("alert_statistics").equals(table)
    assert lake.table_names() == ["alert_statistics"]
    assert lake.write_table("alert_statistics", pa.table({"year": [2020], "n_alerts": [1]})) != first
    with pytest.raises(InputError, match="no table 'x'"):
        lake.table("x")


def test_a_read_only_lake_says_so(tmp_path, sky):
    (tmp_path / "file").write_text("not a folder")
    from lcscale.errors import LcscaleError

    with pytest.raises(LcscaleError, match="cannot write to the lake"):
        sky.write("x", lake=Lake(tmp_path / "file"))


def test_where_keeps_the_rows_for_which_the_condition_holds(lake):
    sky = put(lake, "sky", sky_table(300))
    table = sky.to_arrow()
    magnitude = table.column("mean_mag").to_numpy()
    found = sky.where("mean_mag < 15 or mean_mag > 16").to_arrow()
    assert found.equals(table.filter(pa.array((magnitude < 15) | (magnitude > 16))))
    narrow = sky.where("mean_mag < 15").columns("object_id")
    assert "lightcurve" not in narrow.plan().columns
    assert narrow.to_arrow().num_rows == (magnitude < 15).sum()
    for condition, named in (("no_such < 1", "no_such"), ("mean_mag <", "no expression"), ("mean_mag + 1", "mean_mag")):
        with pytest.raises(InputError, match=named):
            sky.where(condition)


def test_any_name_can_stand_in_a_condition():
    table = pa.table({"class": ["YSO", "class", "YSO"], "B-V": [2.0, 2.0, 0.5], "in": [1, 1, 1]})
    assert Where("class == 'YSO' and `B-V` > 1 and in == 1")(table).num_rows == 1
    assert Where("class == 'class'")(table).column("B-V").to_pylist() == [2.0]


def test_partitions_collected_at_once_leave_thread_pools_as_they_were(lake):
    from threadpoolctl import threadpool_info, threadpool_limits

    def threads():
        return [pool["num_threads"] for pool in threadpool_info()]

    sky = put(lake, "sky", sky_table(300), order=1)
    with threadpool_limits(2):
        before = threads()
        assert sum(table.num_rows for table in sky.map(lc.periods.Search()).to_batches()) == 300
        assert threads() == before
