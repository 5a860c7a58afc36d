"""Periods that are given on the command line: from a column, from another catalog, beside a search, and wrong ones."""

import sys

import numpy as np
import pyarrow as pa
import pytest
from skies import put, sky_table

from lcscale import cli
from lcscale.lightcurves import LightCurves

N, N_GIVEN = 6, 4


@pytest.fixture
def run(monkeypatch, capsys, lake):
    """A lake with stars of 1.7 days, and a catalog `vsx` that gives 3.4 for four of them, in hours."""
    rng = np.random.default_rng(1)
    time = np.sort(rng.uniform(0, 90, (N, 60)), axis=1).ravel()
    mag = 15 + 0.3 * np.sin(2 * np.pi * time / 1.7) + rng.normal(0, 0.01, time.size)
    lightcurve = LightCurves(time, mag, np.full(time.size, 0.01), np.arange(N + 1) * 60).to_arrow()
    stars = sky_table(N, lightcurves=False)
    stars = stars.append_column("lightcurve", lightcurve)
    put(lake, "stars", stars.append_column("theirs", pa.array([3.4] * N_GIVEN + [None] * (N - N_GIVEN))), order=0)
    listed = sky_table(N, lightcurves=False).slice(0, N_GIVEN)
    hours = pa.field("Period", pa.float64(), metadata={"unit": "h"})
    put(lake, "vsx", listed.append_column(hours, pa.array([24 * 3.4] * N_GIVEN)), order=0)

    def call(*arguments):
        command = ["lcscale", "features", "stars", "--name", "found", "--lake", str(lake.root), "--engine", "local"]
        monkeypatch.setattr(sys, "argv", [*command, *arguments])
        try:
            cli.main()
            status = 0
        except SystemExit as stop:
            status = int(stop.code or 0)
        rows = [] if status else lake["found"].to_arrow().to_pylist()
        return status, capsys.readouterr().err, rows

    return call


@pytest.mark.parametrize(("column", "name"), [("theirs", "theirs"), ("vsx.Period", "Period")])
def test_they_are_taken_instead_of_a_search(run, column, name):
    """From a column in days, and from another catalog's in hours; the others are searched."""
    status, _, rows = run("--period-from", column)
    assert status == 0
    assert len(rows) == N
    given = [row for row in rows if row["period_source"] == name]
    assert len(given) == N_GIVEN
    assert [row["period"] for row in given] == pytest.approx([3.4] * N_GIVEN)
    searched = [row["period"] for row in rows if row["period_source"] == "search"]
    assert searched == pytest.approx([1.7] * len(searched), rel=1e-3)


def test_they_stay_beside_a_search(run):
    status, _, rows = run("--period-from", "theirs", "--period-beside")
    assert status == 0
    assert [row["period"] for row in rows] == pytest.approx([1.7] * N, rel=1e-3)
    assert sorted(row["period_given"] or 0.0 for row in rows) == [0.0] * (N - N_GIVEN) + [3.4] * N_GIVEN


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["--period-from", "nothing"], "no column nothing"),
        (["--period-from", "vsx.nothing"], "nothing"),
        (["--period-from", "absent.Period"], "absent"),
        (["--period-beside"], "--period-from"),
    ],
)
def test_wrong_ones_are_one_line(run, options, named):
    status, error, _ = run(*options)
    assert status == 2
    assert named in error
    assert "Traceback" not in error
