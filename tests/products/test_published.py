"""Published or not: the survey's files as they are, good and bad; precision where it counts; the shipped model."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from lcscale import cli
from lcscale.errors import InputError
from lcscale.models import read_card
from lcscale.products.published import PREVALENCES, Reliability, at_prevalence, published_or_not, reliability
from lcscale.simulation.alerts import simulate_alerts
from lcscale.surveys.gaia_alert_curves import SCHEMA, read_alert_curves

PUBLISHED = """Gaia14aaa
#Date,JD(TCB),averagemag.
2014-08-02 20:49:51,2456872.36795,19.12
2014-08-03 02:50:01,2456872.61807,untrusted
2014-08-03 04:36:35,2456872.69208,null

2014-07-30 20:49:51,2456869.36795,18.50
not a date,at all,19
2014-09-01 00:00:00,2456901.5,19.31,more
"""


@pytest.fixture
def files(tmp_path):
    """Alerts of both kinds as the survey writes them."""
    made = simulate_alerts(["FUOR", "ULENS", "OUTLIER", "BLEND"] * 5, seed=21)
    paths = []
    for i in range(len(made.lcs)):
        rows = slice(made.lcs.offsets[i], made.lcs.offsets[i + 1])
        lines = [f"{t + 2400000.5:.5f},{m:.2f}" for t, m in zip(made.lcs.time[rows], made.lcs.mag[rows], strict=True)]
        text = "\n".join([f"Gaia20a{i:02d}", "#Date,JD(TCB),averagemag.", *(f"2020-01-01 00:00:00,{x}" for x in lines)])
        paths.append(tmp_path / f"{i}.csv")
        paths[-1].write_text(text + "\n")
    return paths, made.published


def test_the_file_is_read_as_published(tmp_path):
    path = tmp_path / "Gaia14aaa.csv"
    path.write_text(PUBLISHED)
    table = read_alert_curves([path])
    (row,) = table.to_pylist()
    assert table.schema.equals(SCHEMA, check_metadata=True)
    assert row["object_id"] == "Gaia14aaa"
    np.testing.assert_allclose(row["lightcurve"]["time"], [56868.86795, 56871.86795], atol=1e-9)
    np.testing.assert_allclose(row["lightcurve"]["mag"], [18.5, 19.12], rtol=1e-6)
    assert row["lightcurve"]["mag_err"] == [None, None]
    counts = ("n_rows", "n_untrusted", "n_null", "n_malformed")
    assert [row[name] for name in counts] == [6, 1, 1, 2]


def test_what_is_no_light_curve_keeps_its_row(tmp_path):
    (tmp_path / "page.csv").write_text("<html>\nnot found\n")
    (tmp_path / "empty.csv").write_text("")
    (tmp_path / "bytes.csv").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "short.csv").write_text("\n".join(PUBLISHED.splitlines()[:3]))
    paths = [tmp_path / name for name in ("page.csv", "empty.csv", "bytes.csv", "gone.csv", "short.csv")]
    result = published_or_not(read_alert_curves(paths)).to_pylist()
    assert [row["class"] for row in result] == [None] * 5
    for row, said in zip(result, ["no alert", "no alert", "cannot read", "cannot read", "5 needed"], strict=True):
        assert said in row["reason"]
    assert [row["object_id"] for row in result] == ["page", "empty", "bytes", "gone", "Gaia14aaa"]


def test_the_shipped_model_knows_them_and_says_what_it_was_trained_on(files):
    paths, published = files
    result = published_or_not(read_alert_curves(paths), prevalence=0.01).to_pydict()
    right = (np.array(result["class"]) == "PUBLISHED") == published
    assert right.mean() >= 0.9
    assert set(result["trained_on"]) == {"mixed"}
    assert set(result["model_id"]) == {read_card("alerts").id}
    moved, before = np.array(result["prob_published_at_prevalence"]), np.array(result["prob_PUBLISHED"])
    assert (moved <= before).all()
    card = read_card("alerts")
    assert "real Gaia variables" in card.metrics["test"]["by_origin"]


def test_precision_at_the_real_prevalence_is_the_published_example_s():
    one = Reliability(500, 500, 500, 22)
    assert [round(100 * one.precision(share), 1) for share in PREVALENCES] == [95.8, 71.6, 18.7, 2.2]


def test_moved_probabilities_are_calibrated_at_the_other_prevalence():
    rng = np.random.default_rng(0)
    n = 400_000
    truth = rng.random(n) < 0.5
    score = rng.normal(np.where(truth, 1.0, -1.0), 1.0)
    probability = 1 / (1 + np.exp(-2 * score))  # exact for these two Gaussians at one half
    kept = ~truth | (rng.random(n) < 1 / 19)  # one in twenty
    moved = at_prevalence(probability[kept], 0.5, 0.05)
    for low in np.arange(0, 1, 0.2):
        here = (moved >= low) & (moved < low + 0.2)
        assert moved[here].mean() == pytest.approx(truth[kept][here].mean(), abs=0.02)


def test_what_makes_no_sense_is_refused():
    with pytest.raises(InputError, match="does not tell published from unpublished"):
        reliability("general")
    with pytest.raises(InputError, match="share between 0 and 1"):
        Reliability(1, 1, 1, 0).precision(1.5)


def test_the_command_prints_alerts_and_the_precision_curve(files, tmp_path, monkeypatch, capsys):
    paths, _ = files
    out = tmp_path / "table.parquet"
    arguments = ["lcscale", "published", *map(str, paths), "--prevalence", "0.01", "--output", str(out)]
    monkeypatch.setattr(sys, "argv", arguments)
    with pytest.raises(SystemExit) as stop:
        cli.main()
    said = capsys.readouterr().out
    assert int(stop.value.code or 0) == 0
    assert said.count("Gaia20a") == 20
    found = reliability()
    for share in PREVALENCES:
        assert f"{100 * found.precision(share):.1f} % at {share:g}" in said
    assert out.is_file()
