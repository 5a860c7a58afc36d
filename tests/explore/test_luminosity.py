"""The period-luminosity diagram: there for candidates of a model that takes the Wesenheit index, and for no others."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from hats.pixel_math.spatial_index import compute_spatial_index
from pipelines import hasty_model
from skies import put

from lcscale.explore import write_report
from lcscale.lake import HEALPIX_COLUMN
from lcscale.models import Preparation
from lcscale.periods import FrequencyGrid
from lcscale.products import variable_candidates
from lcscale.simulation.synthesis import synthesize


def test_candidates_of_two_bands_are_drawn_by_class(lake, tmp_path):
    made = synthesize(["DCEP_F", "DCEP_1O"] * 10, 2, bands=("V", "I"), n_observations=(40, 60), baseline_days=300.0)
    rng = np.random.default_rng(0)
    ra, dec = rng.uniform(60, 90, 20), rng.uniform(-75, -60, 20)
    index = compute_spatial_index(ra, dec)
    nested = made.lcs.to_arrow()
    table = pa.table({HEALPIX_COLUMN: index, "object_id": range(20), "ra": ra, "dec": dec})
    table = table.append_column(pa.field("lightcurve", nested.type, metadata={"bands": "V,I"}), nested)
    catalog = put(lake, "stars", table.take(pa.array(np.argsort(index))), order=0)
    model = hasty_model(tmp_path / "hasty", Preparation(columns=("wesenheit",)))
    candidates = variable_candidates(catalog, model, grid=FrequencyGrid(0.05, 3.0, 0.001))
    assert "wesenheit" in candidates.column_names
    candidates.write("variable_candidates")
    found = lake["variable_candidates"].to_arrow()["wesenheit"].to_numpy()
    order = np.argsort(index)
    expected = (made.mean_mag[:, 1] - 1.55 * (made.mean_mag[:, 0] - made.mean_mag[:, 1]))[order]
    assert np.median(np.abs(found - expected)) < 0.2
    text = write_report(lake, tmp_path / "report.html", models=[model]).read_text("utf-8")
    assert "<h2>Period and luminosity</h2>" in text
    assert "Wesenheit index (mag)" in text
    plain = hasty_model(tmp_path / "plain")
    assert "wesenheit" not in variable_candidates(catalog, plain).column_names
