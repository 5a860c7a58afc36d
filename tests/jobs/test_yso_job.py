"""The job of YSO candidates, as somebody would run it."""

from __future__ import annotations

import json
import runpy
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hats.pixel_math.spatial_index import compute_spatial_index
from skies import put

from lcscale.lake import HEALPIX_COLUMN
from lcscale.simulation.population import simulate_population

JOBS = Path(__file__).parents[2] / "jobs"


def run(monkeypatch, config: Path) -> int:
    monkeypatch.setattr(sys, "argv", ["yso_candidates.py", "--config", str(config), "--engine", "serial"])
    monkeypatch.syspath_prepend(str(JOBS))
    with pytest.raises(SystemExit) as stop:
        runpy.run_path(str(JOBS / "yso_candidates.py"), run_name="__main__")
    return int(stop.value.code or 0)


def test_the_job_with_the_shipped_model(lake, tmp_path, monkeypatch, capsys):
    stars = simulate_population({"YSO": 40, "main_sequence": 40}, seed=2)
    index = np.asarray(compute_spatial_index(stars.column("ra").to_numpy(), stars.column("dec").to_numpy()))
    stars = stars.add_column(0, HEALPIX_COLUMN, pa.array(index)).take(pa.array(np.argsort(index)))
    put(lake, "stars", stars)
    config = tmp_path / "yso.toml"
    shares = "{ extragalactic = 0.1, main_sequence = 0.5, evolved = 0.2, YSO = 0.2 }"
    config.write_text(f'lake = "{lake.root}"\ngaia = "stars"\nknown = ["stars"]\nprevalence = {shares}\n')
    assert run(monkeypatch, config) == 0
    assert "80 rows" in capsys.readouterr().out
    table = lake["yso_candidates"].to_arrow().to_pandas()
    assert table.known_yso.eq("stars").all()
    assert set(table.trained_on) == {"mixed"}
    config.write_text(f'lake = "{lake.root}"\ngaia = "stars"\nmodel = "no"\nprevalence = {json.dumps({})}\n')
    assert run(monkeypatch, config) == 2
    said = capsys.readouterr().err
    assert "no model no" in said
    assert said.count("\n") == 1
