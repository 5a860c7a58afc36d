"""Labels of one survey put onto the light curves of another."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hats.pixel_math.spatial_index import compute_spatial_index
from skies import put, sky_table

from lcscale.errors import InputError
from lcscale.lake import HEALPIX_COLUMN
from lcscale.products import transfer_labels

N = 400


def labelled_table(sky, offset_arcsec):
    """Labels for every second star of `sky`, north of it by `offset_arcsec`; one position has two labelled stars."""
    every = np.arange(0, N, 2)
    ra, dec = (sky.column(name).to_numpy()[every] for name in ("ra", "dec"))
    ra, dec = np.append(ra, ra[0]), np.append(dec + offset_arcsec / 3600, dec[0] - 0.9 / 3600)
    ids = np.append(sky.column("object_id").to_numpy()[every], -1)
    magnitude = np.append(sky.column("mean_mag").to_numpy()[every] + 0.5 * (every % 3 == 0), 15.0)
    index = compute_spatial_index(ra, dec)
    columns = {HEALPIX_COLUMN: index, "ra": ra, "dec": dec, "v_mag": magnitude, "star": ids}
    table = pa.table(columns | {"label": [None if i % 10 == 0 else f"class {i % 3}" for i in ids]})
    return table.take(pa.array(np.argsort(index)))


@pytest.fixture
def two_surveys(lake):
    sky = sky_table(N)
    return put(lake, "sky", sky, order=1), put(lake, "labels", labelled_table(sky, 0.3), order=0)


def counts(catalog, band=None):
    """Observations of each object, counted by hand."""
    rows = catalog.to_arrow().select(["object_id", "lightcurve"]).to_pylist()
    return {row["object_id"]: sum(band in (None, each) for each in row["lightcurve"]["band"]) for row in rows}


def test_stars_with_enough_observations_get_the_label_of_their_position(two_surveys):
    sky, labels = two_surveys
    found = transfer_labels(sky, labels, min_observations=10).to_arrow()
    enough = counts(sky)
    wanted = {i for i in range(0, N, 2) if i % 10 and enough[i] >= 10}
    ids = found.column("object_id").to_pylist()
    assert set(ids) == wanted
    assert found.column("label").to_pylist() == [f"class {i % 3}" for i in ids]
    np.testing.assert_allclose(found.column("separation_arcsec"), 0.3, rtol=1e-6)
    assert found.column("n_observations").to_pylist() == [enough[i] for i in ids]


def test_every_band_asked_for_needs_its_observations(two_surveys):
    sky, labels = two_surveys
    found = transfer_labels(sky, labels, min_observations=8, bands=("g", "r")).to_arrow()
    green, red = counts(sky, "g"), counts(sky, "r")
    ids = set(found.column("object_id").to_pylist())
    assert ids == {i for i in range(0, N, 2) if i % 10 and green[i] >= 8 and red[i] >= 8}


def test_brightness_decides_too(two_surveys):
    sky, labels = two_surveys
    gate = {"max_mag_difference": 0.2, "left_mag": "mean_mag", "right_mag": "v_mag"}
    found = transfer_labels(sky, labels, min_observations=1, **gate)
    assert all(i % 3 for i in found.to_arrow().column("object_id").to_pylist())


def test_the_label_may_have_any_name(two_surveys, lake):
    sky, labels = two_surveys
    table = labels.to_arrow()
    other = table.rename_columns(["class" if name == "label" else name for name in table.column_names])
    found = transfer_labels(sky, put(lake, "other", other, order=0), label="class", min_observations=10).to_arrow()
    assert found.column("class").equals(transfer_labels(sky, labels, min_observations=10).to_arrow().column("label"))


def test_what_does_not_fit_is_named(two_surveys):
    sky, labels = two_surveys
    with pytest.raises(InputError, match="sky has no band z; it has g, r"):
        transfer_labels(sky, labels, bands=("z",))
    with pytest.raises(InputError, match="labels: no column 'kind'"):
        transfer_labels(sky, labels, label="kind")
    with pytest.raises(InputError, match="sky has a column 'mean_mag' of its own"):
        transfer_labels(sky, labels, label="mean_mag")
