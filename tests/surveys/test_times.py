"""Times become MJD: told from unit, name and range, refused where nothing tells; astropy has the right values."""

from __future__ import annotations

import datetime

import numpy as np
import pyarrow as pa
import pytest
from astropy.time import Time
from hypothesis import given, settings
from hypothesis import strategies as st

from lcscale.errors import InputError
from lcscale.surveys.release import ReleaseFileError
from lcscale.surveys.times import parse_format, time_format, to_mjd


def read(values, name="time", told=None, **metadata):
    """Origin, scale and MJD of a column."""
    values = pa.array(values)
    table = pa.table([values], schema=pa.schema([pa.field(name, values.type, metadata=metadata or None)]))
    how = time_format(table, name, "the file", told)
    return how.origin, how.scale, to_mjd(table[name], how, name, "the file").tolist()


@pytest.mark.parametrize(
    ("values", "name", "metadata", "origin", "scale", "mjd"),
    [
        ([58000.25], "mjd", {}, "MJD", "UTC", 58000.25),
        ([58000.25], "time", {}, "MJD", "", 58000.25),
        ([58227.642], "mjd", {"unit": "mjdate"}, "MJD", "UTC", 58227.642),
        ([60000.5], "midPointMjdTai", {}, "MJD", "TAI", 60000.5),
        ([58000.25], "hmjd", {}, "HJD - 2400000.5", "UTC", 58000.25),
        ([2457420.65312], "HJD", {}, "HJD - 2400000.5", "UTC", 57420.15312),
        ([2457420.65312], "jd", {}, "MJD", "UTC", 57420.15312),
        ([2457420.65312], "time", {}, "MJD", "", 57420.15312),
        ([2457420.65312], "mjd", {}, "MJD", "UTC", 57420.15312),  # the label is wrong, the range is plain
        ([2457420.65312], "bjd_tdb", {}, "BJD - 2400000.5", "TDB", 57420.15312),
        ([5262.5], "HJD-2450000", {}, "HJD - 2400000.5", "UTC", 55262.0),
        ([5262.5], "hjd_2450000", {}, "HJD - 2400000.5", "UTC", 55262.0),
        ([1325.25], "TIME", {"unit": "BJD - 2457000, days"}, "BJD - 2400000.5", "TDB", 58324.75),
        ([131.5], "TIME", {"unit": "BJD - 2454833"}, "BJD - 2400000.5", "TDB", 54964.0),
        ([1325.25], "BTJD", {}, "BJD - 2400000.5", "TDB", 58324.75),
        ([1709.5], "t", {"unit": "Barycentric JD in TCB - 2455197.5 (day)"}, "BJD - 2400000.5", "TCB", 56906.5),
        ([1709.5], "t", {"time_origin": "2455197.5", "time_scale": "TCB"}, "MJD", "TCB", 56906.5),
        ([1.5e9], "t", {"unit": "s"}, "MJD", "UTC", Time(1.5e9, format="unix").mjd),
        (["2016-02-02T03:36:21.6Z"], "date", {}, "MJD", "UTC", Time("2016-02-02T03:36:21.6").mjd),
        (["2016-02-02 03:36"], "date", {}, "MJD", "UTC", Time("2016-02-02T03:36:00").mjd),
        (["2016-02-02.1500246"], "UT Date", {}, "MJD", "UTC", Time("2016-02-02").mjd + 0.1500246),
        ([datetime.datetime(2016, 2, 2, 12)], "when", {}, "MJD", "UTC", 57420.5),
        ([datetime.date(2016, 2, 2)], "when", {}, "MJD", "UTC", 57420.0),
        (["58000.5", "58001.5"], "mjd", {}, "MJD", "UTC", 58000.5),
        ([58000.5], "RJD", {}, "MJD", "UTC", 58000.0),
        ([18000.5], "TJD", {}, "MJD", "UTC", 58000.5),
        ([2015.5], "decimal_year", {}, "MJD", "", Time(2015.5, format="jyear").mjd),
        ([2457420.65312], "year", {}, "MJD", "", 57420.15312),
        ([1_500_000_000], "timestamp", {}, "MJD", "UTC", Time(1.5e9, format="unix").mjd),
        ([58000.25], "timestamp", {}, "MJD", "UTC", 58000.25),
    ],
)  # fmt: skip
def test_what_a_column_of_time_holds(values, name, metadata, origin, scale, mjd):
    found = read(values, name, **metadata)
    assert found[:2] == (origin, scale)
    assert found[2][0] == pytest.approx(mjd, abs=1e-9)


@pytest.mark.parametrize(
    ("values", "name"),
    [([5262.5], "hjd"), ([5262.5], "mjd"), ([1e9], "time"), ([58000.5], "jd"), ([200_000.0], "time"), ([120.0], "bjd")],
)
def test_a_range_that_fits_no_reading_is_refused_with_the_option_that_settles_it(values, name):
    with pytest.raises(ReleaseFileError, match=rf"column '{name}' holds .* --time-format .*jd-2450000"):
        read(values, name)


@pytest.mark.parametrize(
    ("values", "name", "unit", "mjd"),
    [
        ([58000.25 * 24], "time", "h", 58000.25),
        ([58000.25 * 1440], "mjd", "min", 58000.25),
        ([2457420.65312 * 24], "jd", "hours", 57420.15312),
        ([58000.25 * 86400], "mjd", "s", 58000.25),
        ([1.5e12], "time", "ms", Time(1.5e9, format="unix").mjd),
        ([2015.5], "epoch", "yr", Time(2015.5, format="jyear").mjd),
    ],
)
def test_a_unit_that_is_no_day_is_converted(values, name, unit, mjd):
    assert read(values, name, unit=unit)[2] == [pytest.approx(mjd, abs=1e-6)]


@pytest.mark.parametrize("unit", ["h", "yr"])
def test_times_in_another_unit_that_fit_no_reading_are_refused(unit):
    with pytest.raises(ReleaseFileError, match=r"holds 3.5, which fits no reading as a time; .*--time-format"):
        read([3.5], unit=unit)


def test_days_of_no_stated_origin_are_refused_unless_a_person_keeps_them():
    with pytest.raises(
        ReleaseFileError, match=r"holds 100.5 to 350, which fits no reading as a time; .*or days, which"
    ):
        read([100.5, 350.0])
    assert read([100.5, 350.0], told="days") == ("not stated", "", [100.5, 350.0])


@pytest.mark.parametrize(
    ("values", "told", "origin", "mjd"),
    [
        ([5262.5], "hjd-2450000", "HJD - 2400000.5", 55262.0),
        ([1709.5], "bjd-2455197.5/tcb", "BJD - 2400000.5", 56906.5),
        ([5262.5], "mjd-50000", "MJD", 55262.5),
        ([12.5], "mjd", "MJD", 12.5),
        ([12.5], "btjd", "BJD - 2400000.5", 57012.0),
        ([86400.0], "unix", "MJD", 40588.0),
    ],
)
def test_a_person_may_say_it(values, told, origin, mjd):
    found = read(values, told=told)
    assert (found[0], found[2]) == (origin, [pytest.approx(mjd, abs=1e-9)])


@pytest.mark.parametrize(("values", "told"), [([2457420.5], "mjd"), ([57420.5], "hjd")])
def test_a_julian_date_never_stands_under_the_label_mjd(values, told):
    with pytest.raises(ReleaseFileError, match="Julian dates"):
        read(values, told=told)
    with pytest.raises(InputError, match="no format of time is called 'someday'"):
        parse_format("someday")


@given(st.lists(st.floats(16_000, 89_000), min_size=1, max_size=20), st.sampled_from(["jd", "hjd", "bjd", "time"]))
@settings(max_examples=50, deadline=None)
def test_julian_dates_under_any_name(mjd, name):
    found = read(np.array(mjd) + 2_400_000.5, name)
    np.testing.assert_allclose(found[2], mjd, atol=1e-9, rtol=0)


def test_a_few_that_are_none_do_not_decide():
    times = np.append(np.linspace(2_455_000, 2_456_000, 30), [0.0, np.nan, 9.9e9])
    found = read(times, "jd")
    np.testing.assert_allclose(found[2][:30], times[:30] - 2_400_000.5)
    assert np.isnan(found[2][30:]).all()


@pytest.mark.parametrize("values", [["58000.5", "n/a", "58001.5"], ["2017-09-04T12:00", "n/a", "2017-09-05 12:00:00"]])
def test_words_among_times_cost_only_themselves(values):
    found = read(values, "time")[2]
    assert np.isnan(found[1])
    assert [found[0], found[2]] == [58000.5, 58001.5]


def test_a_column_of_words_is_no_column_of_times():
    with pytest.raises(ReleaseFileError, match="text that is no date, such as 'soon'"):
        read(["soon", "later", "2017-09-04"], "time")
