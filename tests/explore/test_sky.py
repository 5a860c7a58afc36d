"""The map's projection against matplotlib's and astropy's."""

from __future__ import annotations

import numpy as np
import pytest
from hats.pixel_math.spatial_index import compute_spatial_index
from skies import put, sky_table

from lcscale.explore import sky
from lcscale.lake import HEALPIX_COLUMN, Leaf
from lcscale.lake.leaf import cells_of


@pytest.mark.parametrize(("ra", "dec"), [(0.0, 0.0), (359.9, 10.0), (80.0, -69.0), (200.0, 89.5)])
def test_a_field_is_found_wherever_it_is(ra, dec):
    rng = np.random.default_rng(2)
    lon = ra + rng.normal(0, 1.0, 2000) / np.cos(np.radians(dec))
    index = compute_spatial_index(lon % 360, np.clip(dec + rng.normal(0, 1.0, 2000), -90, 90))
    place = sky.Places("field", *cells_of(index))
    assert place.rows == 2000
    centre_ra, centre_dec, radius = sky.centre_of([place])
    if dec < 89:
        assert abs((centre_ra - ra + 180) % 360 - 180) * np.cos(np.radians(dec)) < 0.2
    assert abs(centre_dec - dec) < 0.7
    assert 2.0 < radius < 4.5
    assert sky.sky_maps([place], "field").startswith("<svg")


def test_maps_count_the_rows_and_open_no_leaf(lake, monkeypatch):
    catalog = put(lake, "sky", sky_table(1000, lightcurves=False), order=1)
    index = catalog.to_arrow()[HEALPIX_COLUMN].to_numpy()
    counted = sky.places_of(catalog.where("dec > -91"))  # steps: the rows themselves are counted
    monkeypatch.setattr(Leaf, "batches", None)
    places = sky.places_of(catalog)
    for order in (8, 6, 3):
        found = places.at(order)
        expected = np.bincount(index >> 2 * (29 - order), minlength=12 << 2 * order)
        np.testing.assert_array_equal(np.bincount(found.cells, found.counts, 12 << 2 * order), expected)
    np.testing.assert_array_equal(counted.cells, places.cells)
    np.testing.assert_array_equal(counted.counts, places.counts)
    assert sky.sky_maps([places], "sky").startswith("<svg")
