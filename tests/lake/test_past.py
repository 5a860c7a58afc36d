"""`Lake.at`: the versions that were current together at a time."""

from __future__ import annotations

import time

import pytest
from skies import put, sky_table

from lcscale.errors import InputError
from lcscale.lake import Lake
from lcscale.lake.publications import FILE

QUIET = {"engine": "serial", "progress": False}


def test_the_versions_that_were_current_together(lake, sky):
    lake["sky"].where("mean_mag < 15").write("bright", **QUIET)
    between = time.time()
    lake["sky"].where("mean_mag < 14").write("bright", **QUIET)
    put(lake, "later", sky_table(50))
    past = lake.at(between)
    assert past.names() == ["bright", "sky"]
    assert "later" not in past
    assert past["bright"].source.version == lake.versions("bright")[0]
    assert max(past["bright"].to_arrow()["mean_mag"].to_pylist()) > 14
    assert lake.at(time.time())["bright"].source.version == lake.current("bright")
    with pytest.raises(InputError, match="no catalog 'later' .* there were: bright, sky"):
        past["later"]
    with pytest.raises(InputError, match="no date and time"):
        lake.at("yesterday")
    assert lake.at("1999-01-01").names() == []


def test_going_back_to_a_version_is_a_publication_of_its_own(lake, sky):
    for limit in (15, 14, 15):
        lake["sky"].where(f"mean_mag < {limit}").write("bright", **QUIET)
    told = lake.publications("bright")
    first, second = lake.versions("bright")
    assert [each.version for each in told] == [first, second, first]
    assert lake.at(told[1].at)["bright"].source.version == second


def test_a_clock_that_runs_backwards_changes_no_order(lake, sky, monkeypatch):
    lake["sky"].where("mean_mag < 15").write("bright", **QUIET)
    monkeypatch.setattr("lcscale.lake.publications.time.time", lambda: 1e9)
    lake["sky"].where("mean_mag < 14").write("bright", **QUIET)
    one, other = lake.publications("bright")
    assert one.at < other.at
    assert [one.version, other.version] == lake.versions("bright")


def test_versions_without_notes_are_told_by_their_properties(lake, sky):
    lake["sky"].where("mean_mag < 15").write("bright", **QUIET)
    (lake.root / "bright" / FILE).unlink()  # as an older lcscale left it
    (told,) = lake.publications("bright")
    assert told.version == lake.current("bright")
    assert abs(told.at - time.time()) < 120
    lake["sky"].where("mean_mag < 14").write("bright", **QUIET)
    assert [each.version for each in lake.publications("bright")] == lake.versions("bright")


def test_on_a_store(s3):
    lake = Lake("s3://survey/past", **s3)
    put(lake, "sky", sky_table(20))
    put(lake, "sky", sky_table(30), plan="another")
    assert [each.version for each in lake.publications("sky")] == lake.versions("sky")
    assert len(lake.at(lake.publications("sky")[0].at)["sky"]) == 20
