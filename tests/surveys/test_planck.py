"""Maps sampled at positions: as cdshealpix and healpy find it, frames converted, holes as nulls."""

from __future__ import annotations

import cdshealpix
import numpy as np
import pyarrow as pa
import pytest
from astropy import units
from astropy.coordinates import SkyCoord

import lcscale as lc
from lcscale.errors import InputError
from lcscale.ingest import ingest
from lcscale.surveys.planck import SampleMap

healpy = pytest.importorskip("healpy")

NSIDE = 64
UNSEEN = healpy.UNSEEN


def positions(n=2000, seed=1):
    rng = np.random.default_rng(seed)
    return pa.table({"ra": rng.uniform(0, 360, n), "dec": np.degrees(np.arcsin(rng.uniform(-1, 1, n)))})


def write(path, values, **options):
    options = {"coord": "G", "column_names": ["DUST"], "column_units": "uK_RJ", "dtype": np.float32, **options}
    healpy.write_map(path, values, overwrite=True, **options)
    return str(path)


@pytest.fixture
def values():
    return np.random.default_rng(2).normal(0, 1, 12 * NSIDE**2).astype(np.float32)


@pytest.mark.parametrize("nest", [True, False])
@pytest.mark.parametrize("coord", ["G", "C", "E"])
def test_the_pixel_a_position_lies_in(tmp_path, values, nest, coord):
    path = write(tmp_path / "map.fits", values, nest=nest, coord=coord)
    rows = positions()
    step = SampleMap(path, column="dust")
    result = step(rows)
    assert result.schema == step.schema(rows.schema)
    assert result.schema.field("dust").metadata[b"unit"] == b"uK_RJ"
    place = SkyCoord(rows["ra"], rows["dec"], unit=units.deg)
    frame = {"G": place.galactic, "C": place.icrs, "E": place.barycentricmeanecliptic}[coord].spherical
    pixel = cdshealpix.lonlat_to_healpix(frame.lon, frame.lat, 6).astype(np.int64)
    pixel = pixel if nest else healpy.nest2ring(NSIDE, pixel)
    np.testing.assert_array_equal(result["dust"].to_numpy(), values[pixel])


@pytest.mark.parametrize("nest", [True, False])
def test_interpolated_as_healpy_does(tmp_path, values, nest):
    path = write(tmp_path / "map.fits", values, nest=nest)
    rows = positions()
    found = SampleMap(path, column="dust", interpolate=True)(rows)["dust"].to_numpy()
    place = SkyCoord(rows["ra"], rows["dec"], unit=units.deg).galactic
    expected = healpy.get_interp_val(values.astype(float), place.l.deg, place.b.deg, nest=nest, lonlat=True)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


def test_known_places(tmp_path):
    """The Galactic centre and pole, from their published ICRS positions."""
    latitude = healpy.pix2ang(NSIDE, np.arange(12 * NSIDE**2), lonlat=True)[1]
    path = write(tmp_path / "map.fits", latitude.astype(np.float32))
    rows = pa.table({"ra": [266.40510, 192.85948], "dec": [-28.93617, 27.12825]})
    found = SampleMap(path, column="b")(rows)["b"].to_numpy()
    np.testing.assert_allclose(found, [0.0, 90.0], atol=0.8)


@pytest.mark.parametrize("interpolate", [False, True])
def test_holes_and_rows_without_a_position_are_nulls(tmp_path, values, interpolate):
    values[:20_000] = UNSEEN
    values[20_000:30_000] = np.nan
    path = write(tmp_path / "map.fits", values, nest=False, coord="C")
    rows = positions()
    rows = rows.set_column(0, "ra", pa.array([None, np.nan, *rows["ra"].to_pylist()[2:]], pa.float64()))
    found = SampleMap(path, column="dust", interpolate=interpolate)(rows)["dust"]
    pixel = healpy.ang2pix(NSIDE, np.nan_to_num(rows["ra"].to_numpy()), rows["dec"].to_numpy(), lonlat=True)
    assert found[:2].to_pylist() == [None, None]
    assert np.all(found.is_null().to_numpy()[2:] >= (pixel[2:] < 30_000))
    assert 0 < found.null_count < 2000
    assert np.abs(found.drop_null().to_numpy()).max() < 10


def test_several_fields_by_number_and_name(tmp_path, values):
    path = write(
        tmp_path / "maps.fits", [values, -values], column_names=["I", "Q"], column_units=["K", "mK"], nest=True
    )
    rows = positions()
    first, second = (SampleMap(path, column="x", field=field)(rows) for field in ("I", 1))
    np.testing.assert_array_equal(first["x"].to_numpy(), -second["x"].to_numpy())
    assert second.schema.field("x").metadata[b"unit"] == b"mK"


def test_fingerprint_is_the_maps_content(tmp_path, values):
    one = SampleMap(write(tmp_path / "a.fits", values), column="x").fingerprint()
    (tmp_path / "b.fits").write_bytes((tmp_path / "a.fits").read_bytes())
    assert SampleMap(str(tmp_path / "b.fits"), column="x").fingerprint() == one
    assert SampleMap(str(tmp_path / "b.fits"), column="x", interpolate=True).fingerprint() != one
    assert SampleMap(write(tmp_path / "a.fits", values + 1), column="x").fingerprint() != one


def test_what_cannot_be_read_is_named(tmp_path, values):
    rows = positions()
    path = write(tmp_path / "a.fits", values, coord=None)
    with pytest.raises(InputError, match="give frame='G'"):
        SampleMap(path)(rows)
    assert SampleMap(path, frame="G")(rows).num_rows == 2000
    with pytest.raises(InputError, match="it has DUST"):
        SampleMap(path, field="GAS", frame="G")(rows)
    with pytest.raises(InputError, match="no table of maps in extension 3"):
        SampleMap(path, hdu=3)(rows)
    with pytest.raises(InputError, match=r"cannot open the map .*none\.fits"):
        SampleMap(str(tmp_path / "none.fits")).fingerprint()
    with pytest.raises(InputError, match="already"):
        SampleMap(path, column="ra", frame="G").schema(rows.schema)
    (tmp_path / "text.fits").write_text("no FITS")
    with pytest.raises(InputError, match=r"text\.fits"):
        SampleMap(str(tmp_path / "text.fits"))(rows)


def test_mapped_over_a_catalog(tmp_path, values):
    import pyarrow.parquet as pq

    pq.write_table(positions(), tmp_path / "sky.parquet")
    ingest("table", tmp_path / "sky.parquet", tmp_path / "lake", "sky")
    step = SampleMap(write(tmp_path / "map.fits", values), column="dust")
    lake = lc.Lake(tmp_path / "lake")
    lake["sky"].map(step).write("dusty", engine="serial")
    found = lake["dusty"].to_arrow()
    np.testing.assert_array_equal(found["dust"].to_numpy(), step(found.drop_columns(["dust"]))["dust"].to_numpy())
