"""The main job on Catalina's stars: release files in, a network trained on one part of the sky, candidates out."""

from __future__ import annotations

import numpy as np
import pytest

import lcscale as lc
from lcscale.features import Extract
from lcscale.ingest import ingest
from lcscale.models import Split, TrainingOptions, train
from lcscale.models.labels.taxonomy import map_labels
from lcscale.periods import FrequencyGrid, Search
from lcscale.products import variable_candidates

pytestmark = pytest.mark.realdata


def test_catalina_from_release_files_to_candidates(real_data, tmp_path):
    """A part of the sky and of the frequencies, few epochs: well above chance on pixels it has not seen."""
    lake = lc.Lake(tmp_path / "lake")
    assert ingest("crts", real_data / "crts_north", lake, "crts", progress=False).rows == 5757
    part = lake["crts"].region(lc.Box((130.0, 200.0), (-10.0, 40.0)))
    grid = FrequencyGrid.for_baseline(3000.0, fmax=6.0)
    steps = (Search(grid), Extract(("amplitude", "skewness", "r21", "phi21")))
    assert part.map(*steps).without("lightcurve").write("features", engine="local:2").exit_status == 0
    stars = part.join(lake["features"])
    split = Split(order=4, seed=1)
    options = TrainingOptions(epochs=12, seed=1)
    model = train(
        stars, tmp_path / "net", trained_on="real", survey="crts", split=split, options=options, progress=False
    )
    figures = model.card.metrics["test"]
    assert figures["n"] > 150
    assert figures["accuracy"] > 0.65
    record = variable_candidates(stars, tmp_path / "net").write("variable_candidates")
    candidates = lake["variable_candidates"].to_arrow()
    assert record.rows == candidates.num_rows == stars.columns().to_arrow().num_rows > 700
    probabilities = np.array([candidates[f"prob_{name}"].to_numpy() for name in model.classes])
    classified = np.array([reason is None for reason in candidates["reason"].to_pylist()])
    assert np.allclose(probabilities.sum(axis=0)[classified], 1.0, atol=1e-5)
    assert candidates["class"].null_count == (~classified).sum()
    assert set(candidates["model_id"].to_pylist()) == {model.card.id}
    truth = map_labels(candidates["label"].to_pylist(), "crts")
    assert np.mean(truth[classified] == np.array(candidates["class"].to_pylist(), object)[classified]) > 0.6

    lsdb = pytest.importorskip("lsdb")
    assert len(lsdb.open_catalog(lake.root / "variable_candidates")) == record.rows
