"""Gaia Science Alerts at young stellar objects: from the listing to the statistics, with the known counts as truth.

Cite: Gaia Science Alerts (Hodgkin et al. 2021), SPICY (Kuhn et al. 2021), GCVS (Samus et al. 2017), NEOWISE YSOs (Park
et al. 2021).
"""

from __future__ import annotations

import pandas as pd
import pytest

from lcscale.explore import write_report
from lcscale.ingest import ingest
from lcscale.lake import Lake
from lcscale.products import OfClass, alert_statistics, match_alerts

pytestmark = pytest.mark.realdata

SPICY_BY_YEAR = {2016: 9, 2017: 10, 2018: 30, 2019: 36, 2020: 49, 2021: 53, 2022: 76, 2023: 59, 2024: 9}
PUBLISHED_BY_YEAR = {2014: 104, 2015: 169, 2016: 1523, 2017: 2323, 2018: 2730}
"""Alerts a year in the historical table: they are counted by the day of publication."""


@pytest.fixture(scope="module")
def lake(tmp_path_factory, real_data) -> Lake:
    lake = Lake(tmp_path_factory.mktemp("alerts") / "lake")
    yso = real_data / "yso"
    ingest("gaia_alerts", real_data / "gaia_alerts" / "alerts.csv.gz", lake, "gaia_alerts", progress=False)
    ingest("table", yso / "spicy.parquet", lake, "spicy", ra="RAdeg", dec="DEdeg", progress=False)
    ingest("table", yso / "gcvs.parquet", lake, "gcvs", ra="ra", dec="dec", progress=False)
    ingest("table", yso / "neowise_yso.csv.gz", lake, "neowise", ra="RA", dec="Dec", id="Name", progress=False)
    return lake


@pytest.fixture(scope="module")
def statistics(lake):
    definitions = {name: lake[name] for name in ("spicy", "gcvs", "neowise")} | {"survey class": OfClass(("YSO",))}
    return alert_statistics(lake["gaia_alerts"], definitions)


def totals(table, column):
    found: dict[str, int] = {}
    for row in table.to_pylist():
        found[row["definition"]] = found.get(row["definition"], 0) + row[column]
    return found


def test_every_alert_and_source_is_in_the_lake(lake):
    assert {name: lake[name].source.rows for name in lake.names()} == {
        "gaia_alerts": 24_770, "spicy": 117_446, "gcvs": 59_099, "neowise": 20_654,
    }  # fmt: skip


def test_the_known_numbers_of_yso_alerts(statistics):
    assert set(totals(statistics, "n_alerts").values()) == {24_770}
    assert totals(statistics, "n_yso") == {"spicy": 331, "gcvs": 334, "neowise": 142, "survey class": 275}


def test_spicy_by_year(statistics):
    rows = [row for row in statistics.to_pylist() if row["definition"] == "spicy"]
    assert {int(row["period"]): row["n_yso"] for row in rows if row["n_yso"]} == SPICY_BY_YEAR
    assert [row["period"] for row in rows] == [str(year) for year in range(2014, 2025)]
    assert all(row["low"] <= row["percentage"] <= row["high"] for row in rows)


def test_alerts_by_year_of_publication(lake):
    table = alert_statistics(lake["gaia_alerts"], lake["spicy"], time="Published")
    counts = {int(row["period"]): row["n_alerts"] for row in table.to_pylist()}
    assert {year: counts[year] for year in PUBLISHED_BY_YEAR} == PUBLISHED_BY_YEAR


def test_the_statistics_are_a_table_of_the_lake(lake, statistics):
    version = lake.write_table("alert_statistics", statistics)
    assert lake.write_table("alert_statistics", statistics) == version
    assert lake.table("alert_statistics").equals(statistics)


def test_every_matched_alert_is_in_the_report(lake, statistics, tmp_path):
    lists = {name: lake[name] for name in ("spicy", "gcvs", "neowise")}
    record = match_alerts(lake["gaia_alerts"], lists).write("alerts_yso")
    assert record.rows == 24_770
    lake.write_table("alert_statistics", statistics)
    text = write_report(lake, tmp_path / "report.html").read_text("utf-8")
    assert "662 of 24,770 alerts lie at a source of one of 3 lists: 331 at spicy, 334 at gcvs, 142 at neowise." in text
    assert "2.41 (1.93–3.01)" in text  # 76 of 3,148 in 2022 at SPICY
    assert "https://gsaweb.ast.cam.ac.uk/alerts/alert/Gaia24ann/" in text


@pytest.mark.parametrize(("by", "digits"), [("year", 4), ("month", 7), ("night", 10), ("class", None)])
def test_every_group_counts_as_the_listing_does(lake, real_data, by, digits):
    listing = pd.read_csv(real_data / "gaia_alerts" / "alerts.csv.gz", skipinitialspace=True)
    expected = listing["Class"] if digits is None else listing["Date"].str[:digits]
    table = alert_statistics(lake["gaia_alerts"], lake["spicy"], by=by).to_pandas()
    keys = table["class" if digits is None else "period"].fillna("none given")
    counts = dict(zip(keys, table["n_alerts"], strict=True))
    assert counts == expected.fillna("none given").value_counts().to_dict()
    assert table["n_yso"].sum() == 331
