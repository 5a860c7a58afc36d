"""Alert statistics on small skies: counted by hand, the same on any engine, clear about what is asked wrongly."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hats.pixel_math.spatial_index import compute_spatial_index
from skies import put

from lcscale.errors import InputError
from lcscale.lake import HEALPIX_COLUMN, Box
from lcscale.products import Near, OfClass, alert_statistics, match_alerts, yso_share
from lcscale.products.alerts import STATISTICS_SCHEMA
from lcscale.products.yso.columns import young_column

RA = np.array([10.0, 100.0, 200.0, 300.0, 350.0, 45.0])
DEC = np.array([0.0, 60.0, -60.0, 20.0, -5.0, 89.999])
DATES = ["2018-12-31T23:59:59", "2019-01-01T00:00:00", "2019-06-15T12:00:00", "2019-06-15T13:00:00", "2020-02-29", None]
LABELS = ["YSO", "SN Ia", "YSO", None, "CV", "YSO"]


def table(ra, dec, **columns):
    index = compute_spatial_index(np.asarray(ra), np.asarray(dec))
    order = pa.array(np.argsort(index))
    made = pa.table({HEALPIX_COLUMN: index, "ra": ra, "dec": dec, **columns})
    return made.take(order)


@pytest.fixture
def alerts(lake):
    dates = pa.array([None if date is None else np.datetime64(date, "s") for date in DATES], pa.timestamp("s"))
    made = table(RA, DEC, object_id=[f"A{i}" for i in range(6)], Date=dates, label=pa.array(LABELS))
    return put(lake, "alerts", made)


@pytest.fixture
def known(lake):
    """Sources 1″ north of alerts 0 and 3 (twice), 1.9″ across the pole from alert 5, 3″ from alert 1."""
    ra = [10.0, 300.0, 300.0, 225.0, 100.0]
    dec = [1 / 3600, 20 + 1 / 3600, 20 - 0.5 / 3600, 89.999, 60 + 3 / 3600]
    dec[3], ra[3] = 89.999 + 1.9 / 3600, 45.0
    return put(lake, "known", table(ra, dec, prob_YSO=[0.95, 0.2, 0.89, 0.99, 1.0]))


def test_only_a_probability_that_a_classifier_of_ours_gave_is_asked_for():
    """A catalog may bring a column of that name which says something else."""
    values = table([10.0], [0.0], prob_YSO=pa.array([0.95], pa.float32()))
    at = values.column_names.index("prob_YSO")
    for maker, column in (("lcscale.models", "prob_YSO"), ("lcscale.products.yso", "prob_YSO"), ("somebody", None)):
        field = values.schema.field(at).with_metadata({"made_by": maker})
        assert young_column(values.schema.set(at, field)) == column


def rows(found, *names):
    return [tuple(row[name] for name in names) for row in found.to_pylist()]


def test_a_catalog_by_year(alerts, known):
    found = alert_statistics(alerts, known)
    assert found.schema.equals(STATISTICS_SCHEMA)
    expected = [("2018", 1, 1), ("2019", 3, 1), ("2020", 1, 0), (None, 1, 1)]
    assert rows(found, "period", "n_alerts", "n_yso") == expected
    assert rows(found, "percentage", "low", "high") == [yso_share(n, k) for _, n, k in expected]
    first = found.to_pylist()[0]
    assert (first["by"], first["definition"], first["time"]) == ("year", "known", "Date")
    assert first["meaning"] == "within 2 arcsec of a source of known"
    assert first["alerts_version"] == f"alerts {alerts.source.version}"
    assert first["yso_version"] == f"known {known.source.version}"


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        (
            "month",
            [("2018-12", None, 1), ("2019-01", None, 1), ("2019-06", None, 2), ("2020-02", None, 1), (None, None, 1)],
        ),
        ("class", [(None, "CV", 1), (None, "SN Ia", 1), (None, "YSO", 3), (None, None, 1)]),
        (
            ("year", "class"),
            [("2018", "YSO", 1), ("2019", "SN Ia", 1), ("2019", "YSO", 1), ("2019", None, 1), ("2020", "CV", 1),
             (None, "YSO", 1)],
        ),
    ],
)  # fmt: skip
def test_other_groups(alerts, known, by, expected):
    assert rows(alert_statistics(alerts, known, by=by), "period", "class", "n_alerts") == expected


def test_a_night_is_a_day_of_utc(alerts, known):
    found = rows(alert_statistics(alerts, known, by="night"), "period", "n_alerts")
    assert found[:3] == [("2018-12-31", 1), ("2019-01-01", 1), ("2019-06-15", 2)]


def test_several_definitions_in_one_table(alerts, known):
    definitions = {"known": known, "sure": Near(known, "prob_YSO", 0.9), "survey": OfClass(("YSO",))}
    found = alert_statistics(alerts, definitions)
    counts = {name: sum(n for d, n in rows(found, "definition", "n_yso") if d == name) for name in definitions}
    assert counts == {"known": 3, "sure": 2, "survey": 3}
    assert found.filter(pa.compute.equal(found["definition"], "survey"))["yso_version"].null_count == 4
    assert "prob_YSO >= 0.9" in found.filter(pa.compute.equal(found["definition"], "sure"))["meaning"][0].as_py()


def test_a_selection_of_the_alerts_is_called_one(alerts, known):
    north = alert_statistics(alerts.region(Box((0.0, 360.0), (0.0, 90.0))), known)
    assert sum(north["n_alerts"].to_pylist()) == 4
    assert north["alerts_version"][0].as_py().startswith(f"alerts {alerts.source.version} (selection ")


def test_the_radius_counts(alerts, known):
    assert sum(alert_statistics(alerts, known, radius_arcsec=3.1)["n_yso"].to_pylist()) == 4
    assert sum(alert_statistics(alerts, known, radius_arcsec=0.9)["n_yso"].to_pylist()) == 1


def test_times_may_be_days(lake, known):
    for name, zero in (("mjd", 0.0), ("jd", 2_400_000.5)):
        days = pa.array([zero + 58_484.0, zero + 58_849.25, None])
        catalog = put(lake, name, table(RA[:3], DEC[:3], when=days.take(pa.array([0, 1, 2]))))
        found = alert_statistics(catalog, known, time="when")
        assert sorted(rows(found, "period"), key=str) == [("2019",), ("2020",), (None,)]


def test_matched_alerts_keep_every_row_and_tell_the_separation(alerts, known):
    matched = match_alerts(alerts, {"known": known, "survey": OfClass()})
    found = matched.to_arrow()
    assert found.schema.equals(matched.schema)
    assert found.column_names == [*alerts.column_names, "separation_known_arcsec"]
    by_name = dict(rows(found, "object_id", "separation_known_arcsec"))
    assert len(by_name) == 6
    assert by_name["A0"] == pytest.approx(1.0, abs=1e-6)
    assert by_name["A3"] == pytest.approx(0.5, abs=1e-6)
    assert by_name["A1"] is None
    assert matched.write("alerts_matched").rows == 6


def test_columns_of_the_sources_are_carried_along(alerts, known):
    matched = match_alerts(alerts, {"sure": Near(known, "prob_YSO", 0.9, keep=("prob_YSO", "ra")), "known": known})
    found = matched.to_arrow()
    assert found.schema.equals(matched.schema)
    added = ["sure_prob_YSO", "sure_ra", "separation_sure_arcsec", "separation_known_arcsec"]
    assert found.column_names == [*alerts.column_names, *added]
    by_name = {row["object_id"]: row for row in found.to_pylist()}
    assert (by_name["A0"]["sure_prob_YSO"], by_name["A0"]["sure_ra"]) == (0.95, 10.0)
    assert by_name["A3"]["sure_prob_YSO"] is by_name["A3"]["separation_sure_arcsec"] is None
    assert by_name["A3"]["separation_known_arcsec"] == pytest.approx(0.5, abs=1e-6)


def test_a_dask_engine_counts_the_same(alerts, known):
    from distributed import Client

    with Client(processes=False, n_workers=1, threads_per_worker=2, dashboard_address=None) as client:
        for by in ("year", "class", "month"):  # one after the other: no task's result is taken for another's
            here = alert_statistics(alerts, known, by=by, engine="serial")
            assert alert_statistics(alerts, known, by=by, engine=client).equals(here)


@pytest.mark.parametrize("by", ["week", (), ("year", "month"), ("year", "year"), "Year"])
def test_unknown_groups_are_refused(alerts, known, by):
    with pytest.raises(InputError, match="year, month, night, class"):
        alert_statistics(alerts, known, by=by)


def test_wrong_questions_are_answered_clearly(alerts, known):
    with pytest.raises(InputError, match="no column 'When'"):
        alert_statistics(alerts, known, time="When")
    with pytest.raises(InputError, match="at least one definition"):
        alert_statistics(alerts, {})
    with pytest.raises(InputError, match="definition 'x'"):
        alert_statistics(alerts, {"x": "SPICY"})
    with pytest.raises(InputError, match="no column 'prob_XYZ'"):
        alert_statistics(alerts, {"x": Near(known, "prob_XYZ")})
    with pytest.raises(InputError, match="radius_arcsec"):
        alert_statistics(alerts, {"survey": OfClass()}, radius_arcsec=0)
