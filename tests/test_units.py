"""Units that columns of catalogs and options of surveys state are honoured or refused where they are used."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from astropy import units as u

from lcscale import surveys
from lcscale.errors import InputError
from lcscale.lake.region import Box, Cone
from lcscale.models.labels.curves import numbers_of
from lcscale.products.yso.photometry import Photometry
from lcscale.units import column_in, stated_unit


def table_of(**columns):
    """A table of columns given as values and unit."""
    fields = [
        pa.field(name, pa.array(values).type, metadata={"unit": unit}) for name, (values, unit) in columns.items()
    ]
    return pa.Table.from_arrays([pa.array(values) for values, _ in columns.values()], schema=pa.schema(fields))


def test_a_column_comes_in_the_unit_wanted():
    table = table_of(a=([1.0, None], "h"))
    assert column_in(table, "a", "d").to_pylist() == [1 / 24, None]
    whole = table_of(b=([1, 2], "d"))
    assert column_in(whole, "b", "d").type == pa.int64()
    assert stated_unit(pa.field("c", pa.float64(), metadata={"unit": "---"})) is None
    with pytest.raises(InputError, match=r"column 'a' is stated in 'h', which cannot be converted to mag"):
        column_in(table, "a", "mag")


def test_regions_read_the_unit_of_positions():
    table = table_of(ra=([12.0, 0.5], "h"), dec=([0.0, 60.0], "arcmin"))
    assert Cone(180.0, 0.0, 10.0).contains(table, "ra", "dec").tolist() == [True, False]
    assert Box((7.0, 8.0), (0.5, 1.5)).contains(table, "ra", "dec").tolist() == [False, True]


def test_photometry_is_read_in_magnitudes():
    columns = {"j_m": ([14000.0], "mmag"), "h_m": ([13.5], "mag"), "parallax": ([0.002], "arcsec")}
    table = table_of(**columns)
    checked = Photometry.of(table.schema)(table)
    assert checked.column("j").to_pylist() == [14.0]
    assert checked.column("parallax").to_pylist() == pytest.approx([2.0])
    flux = table_of(**columns | {"h_m": ([0.3], "Jy")})
    with pytest.raises(InputError, match="'h_m' is stated in 'Jy'"):
        Photometry.of(flux.schema)(flux)


def test_periods_of_a_catalog_are_read_in_days():
    table = table_of(my_period=([12.0], "h"))
    np.testing.assert_array_equal(numbers_of(table, ["my_period"], "d")["my_period"], [0.5])
    np.testing.assert_array_equal(numbers_of(table, ["my_period"])["my_period"], [12.0])


def test_options_of_surveys_take_quantities():
    assert surveys.get("ztf", join_arcsec=0.02 * u.arcmin).join_arcsec == pytest.approx(1.2)
    with pytest.raises(InputError, match="join_arcsec is stated in 'kg'"):
        surveys.get("ztf", join_arcsec=1 * u.kg)
