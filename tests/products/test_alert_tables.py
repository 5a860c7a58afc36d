"""`lcscale alerts`: conditions on what a young star is, and statistics that are not replaced in silence."""

from __future__ import annotations

import sys

import pyarrow as pa
import pytest
from skies import put, sky_table

from lcscale import cli
from lcscale.errors import ConflictError
from lcscale.products import alert_statistics, check_statistics

TYPES = ["IN", "UG", "INB:", "M", "FU", "ugsu"]


@pytest.fixture
def surveyed(lake):
    """Alerts, each at a star of the list; a third of the stars is of young types."""
    sky = sky_table(120, lightcurves=False)
    dates = pa.array([58_849.0 + 40 * i for i in range(120)])
    put(lake, "alerts", sky.append_column("Date", dates))
    put(lake, "stars", sky.append_column("VarType", pa.array([TYPES[i % 6] for i in range(120)])))
    return lake


@pytest.fixture
def alerts(surveyed, monkeypatch, capsys):
    def call(*arguments: str):
        given = ["lcscale", "alerts", "alerts", "--lake", str(surveyed.root), *arguments]
        monkeypatch.setattr(sys, "argv", given)
        try:
            cli.main()
            status = 0
        except SystemExit as stop:
            status = int(stop.code or 0)
        return status, capsys.readouterr()

    return call


def test_a_condition_says_which_stars_of_a_catalog_are_young(surveyed, alerts):
    status, _ = alerts("--yso", "stars", "--yso", "stars where VarType like 'IN%' or VarType = 'FU'")
    rows = surveyed.table("alert_statistics").to_pylist()
    assert status == 0
    found = {name: sum(row["n_yso"] for row in rows if row["definition"] == name) for name in ("stars", "stars_2")}
    assert found == {"stars": 120, "stars_2": 60}
    meanings = {row["definition"]: row["meaning"] for row in rows}
    assert meanings["stars"] == "within 2 arcsec of a source of stars"
    assert meanings["stars_2"].endswith("stars where VarType like 'IN%' or VarType = 'FU'")


def test_a_wrong_condition_is_one_line(alerts):
    status, captured = alerts("--yso", "stars where Type = 'IN'")
    assert status == 2
    assert "Type" in captured.err
    assert len(captured.err.strip().splitlines()) == 1


@pytest.mark.parametrize(
    "other",
    [("--yso", "stars", "--by", "month"), ("--yso", "stars where VarType = 'IN'"), ("--yso", "stars", "--time", "ra")],
)
def test_other_statistics_need_a_word(surveyed, alerts, other):
    assert alerts("--yso", "stars")[0] == 0
    held = surveyed.table("alert_statistics")
    status, captured = alerts(*other)
    assert status == 1
    assert "--replace" in captured.err
    assert surveyed.table("alert_statistics").equals(held)
    assert alerts("--yso", "stars")[0] == 0
    assert alerts(*other, "--replace")[0] == 0
    assert not surveyed.table("alert_statistics").equals(held)


def test_newer_versions_are_a_refresh_and_tables_of_others_are_not_replaced(surveyed):
    surveyed.write_table("s", alert_statistics(surveyed["alerts"], surveyed["stars"]))
    put(surveyed, "stars", sky_table(130, lightcurves=False), plan="newer")
    check_statistics(surveyed, "s", alert_statistics(surveyed["alerts"], surveyed["stars"]))
    surveyed.write_table("mine", pa.table({"a": [1]}))
    with pytest.raises(ConflictError, match="mine"):
        check_statistics(surveyed, "mine", alert_statistics(surveyed["alerts"], surveyed["stars"]))
