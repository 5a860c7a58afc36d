"""Candidates and training on the GPU, as jobs run them. Run with make gpu."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hats.pixel_math.spatial_index import compute_spatial_index
from labelled_curves import curves
from skies import put

from lcscale.engine.progress import Silent
from lcscale.lake import HEALPIX_COLUMN
from lcscale.models import TrainingOptions, train
from lcscale.products import variable_candidates
from lcscale.simulation.synthesis import synthesize

pytestmark = pytest.mark.gpu
N = 300


class Stopping(Silent):
    """Somebody who presses Ctrl-C after two epochs."""

    left = 2

    def advance(self, rows: int) -> None:
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt


def test_candidates_of_the_gpu_are_those_of_the_cpu(lake):
    """Periods to 1e-6 and classes, but for one star in a hundred where two are as good as equal."""
    made = synthesize(["RRab", "EW", "DSCT", "LPV", "EA"] * (N // 5), 4, n_observations=(60, 120))
    rng = np.random.default_rng(0)
    ra, dec = rng.uniform(0, 360, N), rng.uniform(-80, 80, N)
    index = compute_spatial_index(ra, dec)
    nested = made.lcs.to_arrow()
    table = pa.table({HEALPIX_COLUMN: index, "object_id": [f"S{i:03d}" for i in range(N)], "ra": ra, "dec": dec})
    table = table.append_column(pa.field("lightcurve", nested.type, metadata={"bands": "g,r"}), nested)
    survey = put(lake, "survey", table.take(pa.array(np.argsort(index))), order=0)
    for device in ("cpu", "cuda"):
        variable_candidates(survey, "demo", device=device).write(f"on_{device}")
    there, here = (lake[f"on_{device}"].to_arrow().sort_by("object_id").to_pydict() for device in ("cuda", "cpu"))
    assert there["object_id"] == here["object_id"]
    assert there["reason"] == here["reason"]
    same = np.array([a == b for a, b in zip(there["class"], here["class"], strict=True)])
    assert same.mean() > 0.98
    periods = np.array(there["period"], float), np.array(here["period"], float)
    assert np.isclose(*periods, rtol=1e-6, equal_nan=True).mean() > 0.98
    both = same & np.isclose(*periods, rtol=1e-6)
    evidence = np.array(there["evidence"], float)[both], np.array(here["evidence"], float)[both]
    np.testing.assert_allclose(*evidence, rtol=1e-6, atol=1e-3)
    assert {text for text in there["computed_on"] if text} == {"cuda bfloat16"}


def test_an_interrupted_training_goes_on_as_one_that_was_not(tmp_path, monkeypatch):
    """Random states are kept; sums of gradients may run in another order on a GPU: losses are compared, not bits."""
    labelled, options = curves(300), TrainingOptions(epochs=4, filters=(4, 4, 4), hidden=8)

    def run(folder):
        return train(
            labelled, folder, trained_on="simulated", options=options, min_class_size=5, device="cuda", baselines=False
        )

    whole = run(tmp_path / "a" / "m")
    with monkeypatch.context() as patch:
        patch.setattr("lcscale.models.training.train.progress_for", lambda *_: Stopping())
        with pytest.raises(KeyboardInterrupt):
            run(tmp_path / "b" / "m")
    again = run(tmp_path / "b" / "m")
    losses = [[row["train_loss"] for row in model.card.data["history"]] for model in (again, whole)]
    assert len(losses[0]) == 4
    np.testing.assert_allclose(*losses, rtol=0.02)
