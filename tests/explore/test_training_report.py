"""The page of a training: every part is there, the figures are the card's, mistakes are drawn where they can be."""

from __future__ import annotations

import sys

import numpy as np
import pyarrow as pa
import pytest
from labelled_curves import as_table, curves
from skies import put

from lcscale import cli
from lcscale.explore import write_training_report
from lcscale.models import read_card


@pytest.mark.parametrize("name", ["general", "demo", "alerts"])
def test_every_shipped_model_has_its_page(name, tmp_path):
    card = read_card(name)
    text = write_training_report(name, tmp_path / "page.html").read_text("utf-8")
    for title in ("Figures", "Training", "Confusion", "Data"):
        assert f"<h2>{title}</h2>" in text
    assert f"{card.metrics['test']['accuracy']:.3f}" in text
    assert card.metrics["baseline"]["what"] in text
    assert card.id in text
    assert f"network on {card.preparation.view} images" in text
    assert ("prevalence of published alerts" in text) == (name == "alerts")


def test_train_writes_it_with_the_mistakes_drawn(lake, tmp_path, monkeypatch, capsys):
    labelled = curves(180, seed=8, classes=("RRab", "RRc", "EA"))
    rng = np.random.default_rng(1)
    table = as_table(labelled).append_column("object_id", pa.array(range(180)))
    for name in ("ra", "dec"):
        table = table.append_column(name, pa.array(rng.uniform(0, 80, 180)))
    put(lake, "labelled", table.sort_by("_healpix_29"), order=0)
    page = tmp_path / "training.html"
    arguments = [
        "train",
        "labelled",
        "--lake",
        lake.root,
        "--model",
        tmp_path / "m",
        "--epochs",
        1,
        "--stacked-with",
        "none",
        "--folds",
        1,
    ]
    arguments += ["--report", page]
    monkeypatch.setattr(
        sys, "argv", ["lcscale", *map(str, arguments), "--trained-on", "simulated", "--stream", "--picture", "density"]
    )
    with pytest.raises(SystemExit) as stop:
        cli.main()
    assert int(stop.value.code or 0) == 0, capsys.readouterr().err
    text = page.read_text("utf-8")
    card = read_card(tmp_path / "m")
    assert card.preparation.pictures == ("density",)
    assert card.metrics["errors"]
    assert "<h2>Mistakes</h2>" in text
    assert "surest of" in text
    drawn = text.count('<svg class="chart"')
    assert drawn > 0
    assert text.count("<svg") == 2 + drawn
    assert card.metrics["random_forest"]["what"] in text
