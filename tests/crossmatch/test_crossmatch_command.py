"""``lcscale crossmatch`` with its options."""

from __future__ import annotations

import sys

import numpy as np
import pyarrow as pa
import pytest
from skies import put, sky_table

from lcscale.lake import Lake


@pytest.fixture
def lake(tmp_path):
    """A star catalog of 2016 that moves by 1.6 arcsec until 2000, where another catalog saw it."""
    place = Lake(tmp_path)
    rows = sky_table(60, 1, lightcurves=False)
    extra = {"pmra": np.full(60, 100.0), "pmdec": np.zeros(60), "error": np.full(60, 0.5), "of": np.full(60, 57388.5)}
    moving = rows
    for name, values in extra.items():
        moving = moving.append_column(name, pa.array(values))
    at = rows.schema.get_field_index("ra")
    remark = rows.schema.field(at).with_metadata({"epoch": "2016.0"})
    put(place, "gaia", moving.cast(moving.schema.set(at, remark)))
    put(place, "twomass", rows.append_column("seen", pa.array(np.full(60, 2451545.0))))
    return place


@pytest.fixture
def run(lake, monkeypatch, capsys):
    from lcscale.cli import main

    def command(*options):
        given = ("crossmatch", "gaia", "twomass", "--lake", str(lake.root), "--name", "pairs", *options)
        monkeypatch.setattr(sys, "argv", ["lcscale", *given])
        with pytest.raises(SystemExit) as end:
            main()
        return end.value.code or 0, capsys.readouterr().err

    return command


@pytest.mark.parametrize(
    ("options", "rows"),
    [
        (("--radius-arcsec", "1"), 60),
        (("--left-motion", "pmra,pmdec", "--epoch", "2000"), 0),
        (("--left-motion", "pmra,pmdec", "--right-epoch", "2000", "--epoch", "2000", "--radius-arcsec", "2"), 60),
        (("--left-motion", "pmra, pmdec", "--left-epoch", "1999", "--epoch", "2000"), 60),
        (("--left-motion", "pmra,pmdec", "--epoch", "2000", "--n-sigma", "3", "--left-error", "error",
          "--radius-arcsec", "9"), 0),
        (("--left-motion", "pmra,pmdec", "--epoch", "2000", "--n-sigma", "4", "--left-error", "error",
          "--radius-arcsec", "9"), 60),
        (("--left-motion", "pmra,pmdec", "--epoch", "seen:jd"), 0),
        (("--left-motion", "pmra,pmdec", "--epoch", "seen:jd", "--radius-arcsec", "2"), 60),
        (("--left-motion", "pmra,pmdec", "--left-epoch", "of:mjd", "--epoch", "2016", "--radius-arcsec", "0.01"), 60),
        (("--max-mag-difference", "0.1", "--left-mag", "mean_mag", "--right-mag", "mean_mag + 1"), 0),
        (("--where", "pmra < 0"), 0),
        (("--mutual", "--chance-probability"), 60),
    ],
)  # fmt: skip
def test_options_reach_the_match(run, lake, options, rows):
    status, err = run(*options)
    assert status == 0, err
    found = lake["pairs"].to_arrow()
    assert found.num_rows == rows
    assert ("chance_probability" in found.column_names) == ("--chance-probability" in options)


def test_a_condition_takes_a_list_from_a_file(run, lake, tmp_path):
    (tmp_path / "mine.csv").write_text("object_id,name\n3,a\n5,b\n")
    assert run("--where", f"object_id in @{tmp_path}/mine.csv AND object_id_2 < 5")[0] == 0
    assert lake["pairs"].to_arrow().column("object_id").to_pylist() == [3]
    status, err = run("--where", "object_id in @nowhere.csv")
    assert status == 2
    assert "cannot read the list 'nowhere.csv'" in err


def test_results_of_matches_are_matched_with_each_other(run, lake):
    assert run("--suffix", "_twomass")[0] == 0
    pairs = lake["pairs"]
    assert "object_id_twomass" in pairs.column_names
    twice = pairs.crossmatch(pairs, suffix="_again").columns("object_id", "separation_arcsec_2")
    assert twice.to_arrow().column("separation_arcsec_2").to_pylist() == [0.0] * 60
    assert "separation_arcsec_again" in pairs.crossmatch(pairs, suffix="_again").column_names


def test_an_association_is_written(run, lake):
    assert run("--association", "--right-id", "object_id")[0] == 0
    assert lake["pairs"].column_names == ["_healpix_29", "ra", "dec", "object_id", "object_id_2", "separation_arcsec"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--left-motion", "pmra"), "motion 'pmra' is not pmra,pmdec"),
        (("--left-motion", "pmra,pmdec"), "twomass does not tell that of its column 'ra'"),
        (("--left-error", "a,b", "--n-sigma", "1"), "error 'a,b' is not one column"),
        (("--left-motion", "pm_ra,pmdec", "--epoch", "2000"), "gaia has no column pm_ra"),
        (("--association", "--left-id", "name"), "gaia has no column 'name'"),
    ],
)
def test_what_does_not_fit_is_one_line(run, options, words):
    status, err = run(*options)
    assert status == 2
    assert words in err
    assert len(err.strip().splitlines()) == 1
