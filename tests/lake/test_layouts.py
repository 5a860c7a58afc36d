"""Catalogs of others: whatever their files look like, the same rows come back, by every way of choosing them."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hats.pixel_math.spatial_index import compute_spatial_index
from others import copied, into_folders, leaves_of, rewrite, state
from skies import put, sky_table
from upath import UPath

import lcscale as lc
from lcscale.errors import InputError, LcscaleError
from lcscale.lake import HEALPIX_COLUMN, Leaf, Pixel

ROWS = sky_table(600, 5, lightcurves=False)
RNG = np.random.default_rng(3)
CONES = [lc.Cone(*position, 40_000) for position in RNG.uniform([0, -80], [360, 80], (4, 2)).tolist()]


def at_order(table, order, name):
    index = pc.shift_right(table.column(HEALPIX_COLUMN), 2 * (29 - order))
    return table.drop_columns([HEALPIX_COLUMN]).append_column(name, index)


def renamed(folder):
    rewrite(folder, lambda table, n: at_order(table, 29, "healpix29"), row_group_size=5)
    state(folder, hats_col_healpix="healpix29", hats_col_healpix_order="29")


def renamed_without_order(folder):
    rewrite(folder, lambda table, n: at_order(table, 29, "hpx"), row_group_size=5)
    state(folder, hats_col_healpix="hpx", hats_col_healpix_order=None)


def order_19(folder):
    rewrite(folder, lambda table, n: at_order(table, 19, "_healpix_19"), row_group_size=5)
    state(folder, hats_col_healpix="_healpix_19", hats_col_healpix_order="19")


def order_6_by_its_name(folder):
    rewrite(folder, lambda table, n: at_order(table, 6, "_healpix_6"), row_group_size=5)
    state(folder, hats_col_healpix="_healpix_6", hats_col_healpix_order=None)


def wrong_order(folder):
    rewrite(folder, lambda table, n: at_order(table, 19, "_healpix_19"), row_group_size=5)
    state(folder, hats_col_healpix="_healpix_19", hats_col_healpix_order="29")


def unsigned(folder):
    def change(table, n):
        return table.set_column(0, HEALPIX_COLUMN, table.column(HEALPIX_COLUMN).cast(pa.uint64()))

    rewrite(folder, change, row_group_size=5)


def no_index(folder):
    rewrite(folder, lambda table, n: table.drop_columns([HEALPIX_COLUMN]), row_group_size=5)
    state(folder, hats_col_healpix=None, hats_col_healpix_order=None)


def an_index_of_something_else(folder):
    def change(table, n):
        numbers = pa.array(RNG.integers(0, 12 << 58, table.num_rows))
        return table.drop_columns([HEALPIX_COLUMN]).append_column("ipix", numbers)

    rewrite(folder, change, row_group_size=5)
    state(folder, hats_col_healpix="ipix", hats_col_healpix_order="29")


def unsorted(folder):
    rewrite(folder, lambda table, n: table.take(pa.array(RNG.permutation(len(table)))), row_group_size=3)


def unsorted_within_row_groups(folder):
    def change(table, n):
        order = [np.arange(a, min(a + 4, len(table)))[::-1] for a in range(0, len(table), 4)]
        return table.take(pa.array(np.concatenate(order)))

    rewrite(folder, change, row_group_size=4)


def no_statistics(folder):
    rewrite(folder, lambda table, n: table, row_group_size=5, write_statistics=False)


def unsorted_without_statistics(folder):
    def change(table, n):
        return table.take(pa.array(RNG.permutation(len(table))))

    rewrite(folder, change, row_group_size=3, write_statistics=False)


def files_one_after_the_other(folder):
    into_folders(folder, 3, lambda table, n, parts: table.slice(n * len(table) // parts, len(table) // parts + 1)
                 .slice(0, (n + 1) * len(table) // parts - n * len(table) // parts))  # fmt: skip


def files_interleaved(folder):
    into_folders(folder, 2, lambda table, n, parts: table.take(pa.array(np.arange(n, len(table), parts))))


def an_empty_file(folder):
    into_folders(folder, 2, lambda table, n, parts: table.slice(0, len(table) * n))


def hive_columns(folder):
    def change(table, n):
        for name in ("Norder", "Dir", "Npix"):
            table = table.append_column(name, pa.array(np.full(len(table), n, np.int64)))
        return table

    rewrite(folder, change)


def hive_columns_in_the_schema_only(folder):
    schema = pa.schema([*ROWS.schema, *(pa.field(name, pa.int64()) for name in ("Norder", "Dir", "Npix"))])
    pa.parquet.write_metadata(schema, folder / "dataset" / "_common_metadata")


def no_common_metadata(folder):
    (folder / "dataset" / "_common_metadata").unlink()


def no_metadata_at_all(folder):
    for name in ("_common_metadata", "_metadata"):
        (folder / "dataset" / name).unlink()


def one_properties_file(folder):
    (folder / "hats.properties").unlink()


def no_partition_info(folder):
    (folder / "partition_info.csv").unlink()


LAYOUTS = [
    renamed, renamed_without_order, order_19, order_6_by_its_name, wrong_order, unsigned, no_index,
    an_index_of_something_else, unsorted, unsorted_within_row_groups, no_statistics, unsorted_without_statistics,
    files_one_after_the_other, files_interleaved, an_empty_file, hive_columns, hive_columns_in_the_schema_only,
    no_common_metadata, no_metadata_at_all, one_properties_file, no_partition_info,
]  # fmt: skip
READ_BY_LSDB = {"renamed", "order_19", "files_interleaved", "unsorted", "hive_columns", "one_properties_file"}


@pytest.fixture(scope="module")
def ours(tmp_path_factory):
    return put(lc.Lake(tmp_path_factory.mktemp("lake")), "sky", ROWS)


@pytest.mark.filterwarnings("ignore:Computing partitions")
@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.__name__)
def test_the_same_rows_in_the_same_order(layout, ours, tmp_path):
    folder = copied(ours, tmp_path / "theirs")
    layout(folder)
    theirs = lc.open_catalog(str(folder))
    found = theirs.columns("object_id", "mean_mag").to_arrow()
    assert found.select(["object_id", "mean_mag"]).equals(ROWS.select(["object_id", "mean_mag"]))
    index = found.column(HEALPIX_COLUMN).to_numpy()
    assert (np.diff(index) >= 0).all()
    np.testing.assert_array_equal(index, compute_spatial_index(ROWS["ra"].to_numpy(), ROWS["dec"].to_numpy()))
    for cone in CONES:
        expected = ours.region(cone).to_arrow().column("object_id")
        assert theirs.region(cone).to_arrow().column("object_id").equals(expected)
    at = index[::37]
    near = theirs.rows_within(np.column_stack([at, at + 1]))
    assert near.column("object_id").to_pylist() == ROWS.column("object_id").to_pylist()[::37]
    if layout.__name__ in READ_BY_LSDB:
        lsdb = pytest.importorskip("lsdb")
        frame = lsdb.open_catalog(folder).compute(progress_bar=False)
        assert sorted(frame["object_id"]) == sorted(found.column("object_id").to_pylist())


@pytest.mark.parametrize("layout", [order_19, no_index, files_interleaved, unsorted], ids=lambda each: each.__name__)
def test_crossmatches_joins_and_jobs_lose_nothing(layout, ours, lake, tmp_path):
    folder = copied(ours, tmp_path / "theirs")
    layout(folder)
    theirs = lc.open_catalog(str(folder))
    for left, right in ((ours, theirs), (theirs, ours)):
        pairs = left.crossmatch(right, radius_arcsec=1.0).to_arrow()
        assert pairs.column("object_id").equals(pairs.column("object_id_2"))
        assert pairs.column("object_id").equals(ROWS.column("object_id"))
    made = theirs.columns("object_id").map(lc.steps.Where("object_id >= 0"))
    assert made.write("copy", lake=lake).rows == len(ROWS)
    assert lake["copy"].to_arrow().column("object_id").equals(ROWS.column("object_id"))
    joined = theirs.join(ours.columns("object_id", "mean_mag")).to_arrow()
    assert joined.column("mean_mag").equals(ROWS.column("mean_mag"))
    frame = theirs.to_dask()
    assert frame.compute().index.is_monotonic_increasing


def test_row_groups_out_of_reach_are_not_read(ours, tmp_path, monkeypatch):
    counts = {}
    for layout in (order_19, no_index):
        folder = copied(ours, tmp_path / layout.__name__)
        layout(folder)
        theirs, read = lc.open_catalog(str(folder)), []
        plain = pa.parquet.ParquetFile.read_row_groups

        def counted(file, groups, read=read, plain=plain, **options):
            read.extend(groups)
            return plain(file, groups, **options)

        monkeypatch.setattr(pa.parquet.ParquetFile, "read_row_groups", counted)
        at = ROWS.column(HEALPIX_COLUMN)[0].as_py()
        assert theirs.rows_within(np.array([[at, at + 1]])).num_rows == 1
        counts[layout] = len(read)
        monkeypatch.undo()
    assert counts[order_19] == 1 < counts[no_index]


def test_a_row_without_a_position_is_kept(ours, tmp_path):
    folder = copied(ours, tmp_path / "theirs")

    def change(table, n):
        ra = pa.array([None if n == 3 and i == 2 else value for i, value in enumerate(table.column("ra").to_pylist())])
        return table.drop_columns([HEALPIX_COLUMN, "ra"]).append_column("ra", ra)

    rewrite(folder, change)
    found = lc.open_catalog(str(folder)).to_arrow()
    assert sorted(found.column("object_id").to_pylist()) == sorted(ROWS.column("object_id").to_pylist())


def test_leaves_that_lack_or_add_a_column(ours, tmp_path):
    folder = copied(ours, tmp_path / "theirs")

    def change(table, n):
        if n % 3 == 1:
            return table.drop_columns(["mean_mag"])
        return table.append_column("extra", pa.array(["x"] * len(table))) if n % 3 == 2 else table

    rewrite(folder, change)
    lacking = sum(pa.parquet.read_metadata(leaf).num_rows for leaf in leaves_of(folder)[1::3])
    theirs = lc.open_catalog(str(folder))
    assert "extra" not in theirs.column_names
    found = theirs.to_arrow()
    assert found.column("object_id").equals(ROWS.column("object_id"))
    assert found.column("mean_mag").null_count == lacking > 0
    assert theirs.where("mean_mag > 0").columns("object_id").to_arrow().num_rows == len(ROWS) - lacking


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (pa.float32(), pc.cast(ROWS["mean_mag"], pa.float32())),
        (pa.int32(), pc.cast(pc.round(ROWS["mean_mag"]), pa.int32())),
        (pa.string(), pc.cast(ROWS["mean_mag"], pa.string())),
        (pa.dictionary(pa.int32(), pa.float64()), ROWS["mean_mag"].dictionary_encode()),
    ],
)
def test_leaves_of_another_type_are_cast(ours, tmp_path, kind, values):
    folder = copied(ours, tmp_path / "theirs")
    by_id = dict(zip(ROWS["object_id"].to_pylist(), values.to_pylist(), strict=True))

    def change(table, n):
        column = pa.array([by_id[each] for each in table["object_id"].to_pylist()])
        column = column.dictionary_encode() if pa.types.is_dictionary(kind) else column.cast(kind)
        return table.set_column(4, "mean_mag", column) if n % 2 else table

    rewrite(folder, change)
    found = lc.open_catalog(str(folder)).to_arrow()
    assert found.schema.field("mean_mag").type == pa.float64()
    np.testing.assert_allclose(found["mean_mag"].to_numpy(), ROWS["mean_mag"].to_numpy(), atol=0.51)


def test_a_type_that_does_not_fit_names_leaf_column_and_types(ours, tmp_path):
    folder = copied(ours, tmp_path / "theirs")

    def change(table, n):
        return table.set_column(4, "mean_mag", pa.array(["faint"] * len(table))) if n == 1 else table

    rewrite(folder, change)
    with pytest.raises(LcscaleError, match=r"Npix=.*'mean_mag', string for double"):
        lc.open_catalog(str(folder)).to_arrow()


@pytest.mark.parametrize("kind", [pa.dictionary(pa.int8(), pa.string()), pa.string_view(), pa.large_string()])
def test_encoded_and_viewed_texts_are_texts_to_every_step(ours, lake, tmp_path, kind):
    folder = copied(ours, tmp_path / "theirs")

    def change(table, n):
        names = [f"{'even' if each % 2 == 0 else 'odd'}" for each in table["object_id"].to_pylist()]
        names = names if n % 4 else ["none"] * len(names)  # another dictionary
        column = pa.array(names).dictionary_encode() if pa.types.is_dictionary(kind) else pa.array(names, kind)
        return table.append_column("label", column)

    rewrite(folder, change)
    theirs = lc.open_catalog(str(folder))
    table = theirs.to_arrow()
    chosen = theirs.where("label == 'even'")
    n = pc.sum(pc.equal(table["label"], "even")).as_py()
    assert 0 < n == chosen.to_arrow().num_rows == chosen.write("even", lake=lake).rows
    assert set(theirs.crossmatch(ours).to_arrow()["label"].to_pylist()) == {"even", "odd", "none"}


def test_no_schema_and_no_position_say_so(ours, tmp_path):
    folder = copied(ours, tmp_path / "empty")
    no_metadata_at_all(folder)
    (folder / "partition_info.csv").write_text("Norder,Npix\n")
    with pytest.raises(InputError, match="no schema: neither dataset/_common_metadata nor any leaf"):
        lc.open_catalog(str(folder))
    folder = copied(ours, tmp_path / "elsewhere")
    state(folder, hats_col_ra="RAJ2000")
    with pytest.raises(InputError, match="no column RAJ2000 of the position; there are .*ra"):
        lc.open_catalog(str(folder))


def test_the_schema_of_a_wide_leaf_is_made_a_few_times_not_once_a_column(tmp_path, monkeypatch):
    """PyArrow makes it anew whenever it is asked: with 250 columns that was nearly all the time of a task."""
    names = [HEALPIX_COLUMN, *(f"c{i}" for i in range(50))]
    pq.write_table(pa.table({name: pa.array([5, 6], pa.int64()) for name in names}), tmp_path / "Npix=0.parquet")
    made, schema = [], pq.ParquetFile.schema_arrow.fget
    monkeypatch.setattr(pq.ParquetFile, "schema_arrow", property(lambda file: made.append(file) or schema(file)))
    table = Leaf(Pixel(0, 0), UPath(tmp_path / "Npix=0.parquet")).read(names)
    assert table.column_names == names
    assert len(made) <= 3
