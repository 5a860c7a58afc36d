"""The models of docs/own_models.md are trained as they stand there."""

from __future__ import annotations

import os
import re
from pathlib import Path

import numpy as np

from lcscale.models import read_card
from lcscale.models.networks.table import NETWORKS

PAGE = Path(__file__).parents[2] / "docs" / "own_models.md"
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)


def run(block: str, folder: Path) -> dict:
    """What a block leaves behind, run in `folder`."""
    names: dict = {"__name__": "own_models"}
    before = os.getcwd()
    os.chdir(folder)
    try:
        exec(compile(block, str(PAGE), "exec"), names)
    finally:
        os.chdir(before)
    return names


def test_each_is_under_sixty_lines():
    assert [len(block.splitlines()) < 60 for block in BLOCKS] == [True, True]


def test_a_value_is_learnt_with_an_error_that_is_right(tmp_path):
    made = run(BLOCKS[0], tmp_path)
    test, baseline = (made["model"].card.metrics[name] for name in ("test", "random_forest"))
    assert test["n"] > 90
    assert test["rmse"] < 0.06, "strengths spread by 0.144, their labels by 0.02"
    assert test["r2"] > 0.8
    assert 0.7 < test["z_rms"] < 1.4
    assert 0.8 < test["coverage"] <= 1.0
    assert baseline["rmse"] > 0
    table = made["answers"]
    columns = ["strength", "strength_error", "strength_low", "strength_high", "extrapolated", "reason", "model_id"]
    assert [name for name in table.column_names if name in columns] == columns
    value, error, low, high = (np.array(table[name]) for name in columns[:4])
    assert np.sqrt(np.mean((value - made["strength"]) ** 2)) < 0.06
    assert ((low < value) & (value < high) & (error > 0)).all()
    assert set(table["model_id"].to_pylist()) == {made["model"].card.id}


def test_a_network_of_sequences_is_learnt_and_found_by_its_name(tmp_path):
    try:
        made = run(BLOCKS[1], tmp_path)
        assert made["model"].card.metrics["test"]["accuracy"] > 0.85
        card = read_card(tmp_path / "sequences")
        assert (card.network, card.preparation.kinds) == ("phase_convolution", ("sequences",))
        assert np.array(made["again"]).shape == (360, 3)
    finally:
        NETWORKS.pop("phase_convolution", None)
