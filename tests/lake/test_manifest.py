"""The manifest of a version: what is opened, planned, drawn and published without a look at the leaves."""

from __future__ import annotations

import shutil

import numpy as np
import pyarrow as pa
import pytest
from hats.catalog import TableProperties
from hats.io.file_io.file_io import read_fits_image
from hats.io.validation import is_valid_catalog
from hypothesis import given, settings
from hypothesis import strategies as st
from skies import put, sky_table

import lcscale as lc
from lcscale.ingest import Partitioning, ingest
from lcscale.lake import HEALPIX_COLUMN, Lake, Leaf, Pixel, write_leaf
from lcscale.lake.leaf_record import LeafRecord
from lcscale.lake.manifest import MANIFEST_FILE, Manifest
from lcscale.lake.properties import own_properties


def ragged(folder, seed=0):
    """A catalog with deep leaves at a cluster, and one tight clump in a coarse leaf."""
    rng = np.random.default_rng(seed)
    cluster, clump = rng.normal(0, 0.3, (2, 6000)), rng.normal(0, 0.05, (2, 400))
    field = np.stack([rng.uniform(-5, 5, 40), rng.uniform(-5, 5, 40)])
    ra = np.concatenate([100 + cluster[0], 200 + clump[0], 200 + field[0]])
    dec = np.concatenate([cluster[1], clump[1], field[1]])
    folder.mkdir(parents=True, exist_ok=True)
    table = pa.table({"id": np.arange(ra.size), "ra": ra % 360, "dec": dec})
    pa.parquet.write_table(table, folder / "ragged.parquet")
    lake = Lake(folder / "lake")
    options = {"id": "id", "partitioning": Partitioning(rows=500), "engine": "serial", "progress": False}
    ingest("table", folder / "ragged.parquet", lake, "ragged", **options)
    return lake


def sky_map(source):
    return np.asarray(read_fits_image(source.folder / "skymap.fits")).astype(np.int64)


def counted(catalog, order):
    index = catalog.to_arrow().column(HEALPIX_COLUMN).to_numpy()
    return np.bincount(index >> 2 * (29 - order), minlength=12 << 2 * order)


def test_the_sky_map_counts_the_rows(tmp_path):
    catalog = ragged(tmp_path)["ragged"]
    orders = {leaf.pixel.order for leaf in catalog.source.leaves}
    assert len(orders) > 2
    order = int(dict(catalog.source.properties)["skymap_order"])
    np.testing.assert_array_equal(sky_map(catalog.source), counted(catalog, order))
    assert is_valid_catalog(catalog.source.folder, strict=True)
    assert is_valid_catalog(catalog.source.folder.parent, strict=True)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 1000), st.integers(1, 60), st.sets(st.integers(0, 11), max_size=3))
def test_counts_are_those_of_the_rows_whatever_the_tiling(tmp_path_factory, seed, n, split):
    table = sky_table(n, seed, lightcurves=False)
    index = table.column(HEALPIX_COLUMN).to_numpy()
    rng = np.random.default_rng(seed)
    folder = Lake(tmp_path_factory.mktemp("lake")).root / "version"
    pixels = []
    for base in range(12):
        deep = int(rng.integers(1, 12)) if base in split else 0
        pixels += [Pixel(deep, int(p)) for p in np.unique(index[index >> 58 == base] >> 2 * (29 - deep))]
    records = []
    for pixel in pixels:
        first, behind = pixel.span
        rows = table.filter(pa.array((index >= first) & (index < behind)))
        records.append(write_leaf(folder, pixel, rows))
    found = Manifest.of(records, folder)
    found.write(folder)
    found = Manifest.read(folder)
    assert found.rows == n
    assert list(found.pixels) == sorted(pixels, key=lambda pixel: pixel.span)
    assert sorted(found.records().values(), key=str) == sorted(records, key=str)
    for order in range(9):
        np.testing.assert_array_equal(
            found.counts(order), np.bincount(index >> 2 * (29 - order), minlength=12 << 2 * order)
        )
    old = [LeafRecord(each.pixel, each.rows, each.bytes, each.digest, None, None) for each in records]
    assert Manifest.of(old, folder).table.equals(found.table)


def test_opening_and_planning_touch_no_leaf(tmp_path, monkeypatch):
    lake = Lake(tmp_path)
    put(lake, "sky", sky_table(300))
    expected = lake["sky"].to_arrow()

    def refuse(self):
        raise AssertionError(f"opened {self.path}")

    with monkeypatch.context() as patched:
        patched.setattr(Leaf, "_open", refuse)
        catalog = lake["sky"]
        assert len(catalog) == 300
        catalog.fingerprint()
        catalog.region(lc.Cone(10.0, 10.0, 3600.0)).plan()
    assert catalog.to_arrow().equals(expected)


def test_lakes_without_manifests_open_as_before_and_are_appended_to(tmp_path):
    lake = ragged(tmp_path)
    source = lake["ragged"].source
    with_manifest = lake["ragged"].to_arrow()
    digests, records = source.digests(), source.records()
    (source.folder / MANIFEST_FILE).unlink()
    old = lake["ragged"]
    assert old.source.manifest is None
    assert old.to_arrow().equals(with_manifest)
    assert old.source.digests() == digests
    assert old.source.records() == records
    more = pa.table({"id": [7_000_000], "ra": [10.0], "dec": [10.0]})
    pa.parquet.write_table(more, tmp_path / "more.parquet")
    ingest("table", tmp_path / "more.parquet", lake, "ragged", id="id", append=True, engine="serial", progress=False)
    assert len(lake["ragged"]) == len(with_manifest) + 1
    assert lake["ragged"].source.manifest is not None


def test_catalogs_of_others_need_no_manifest(tmp_path):
    lake = Lake(tmp_path / "ours")
    put(lake, "sky", sky_table(100))
    theirs = tmp_path / "theirs"
    shutil.copytree(lake["sky"].source.url, theirs)
    (theirs / MANIFEST_FILE).unlink()
    assert lc.open_catalog(str(theirs)).to_arrow().equals(lake["sky"].to_arrow())
    assert len(lc.open_catalog(str(theirs))) == 100


def test_what_is_not_there_is_named(tmp_path):
    with pytest.raises(lc.errors.InputError, match="no HATS catalog or collection at"):
        lc.open_catalog(str(tmp_path / "nothing"))


def test_properties_are_read_as_hats_reads_them(lake):
    """Ours are read without the library, whose import takes seconds: names and values stay those it gives."""
    catalog = put(lake, "sky", sky_table(40), order=1)
    folder = catalog.source.folder
    read = TableProperties.read_from_dir(folder)
    told = {str(key): str(value) for key, value in (read.explicit_dict() | read.extra_dict()).items()}
    assert own_properties(folder) == told == dict(catalog.source.properties)
    assert told["total_rows"] == "40"
