"""The report on YSO candidates and on classifiers."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hats.pixel_math.spatial_index import compute_spatial_index
from skies import put

from lcscale.explore import write_report
from lcscale.explore.yso import is_yso_candidates, write_comparison
from lcscale.lake import HEALPIX_COLUMN
from lcscale.models.judging.comparison import Judged, ranking
from lcscale.models.judging.metrics import evaluate
from lcscale.models.labels.targets import Targets
from lcscale.models.trees.growing import index_of
from lcscale.products import yso_candidates
from lcscale.products.yso import CLASSES
from lcscale.simulation.population import simulate_population

SHARES = {"extragalactic": 0.03, "main_sequence": 0.75, "evolved": 0.21, "YSO": 0.01}


@pytest.fixture
def candidates(lake):
    stars = simulate_population(dict.fromkeys(CLASSES, 60), seed=4)
    index = np.asarray(compute_spatial_index(stars.column("ra").to_numpy(), stars.column("dec").to_numpy()))
    magnitude = stars.column("j").to_numpy(zero_copy_only=False).copy()
    magnitude[:7] = 99.0
    stars = stars.set_column(stars.column_names.index("j"), "j", pa.array(magnitude))
    stars = stars.add_column(0, HEALPIX_COLUMN, pa.array(index)).take(pa.array(np.argsort(index)))
    yso_candidates(put(lake, "stars", stars)).write("yso_candidates", engine="serial")
    return lake


def test_the_lake_s_report_has_candidates_model_and_what_was_not_taken(candidates, tmp_path):
    assert is_yso_candidates(candidates["yso_candidates"])
    assert not is_yso_candidates(candidates["stars"])
    text = write_report(candidates, tmp_path / "report.html").read_text()
    for said in ("Candidates for young stars", "j sentinel", "trained on mixed data", "F1 YSO", "late_type_stars"):
        assert said in text
    assert "Traceback" not in text
    assert "mathdefault" not in text


def test_classifiers_are_compared_on_one_page(tmp_path):
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 4, 300)
    probabilities = rng.dirichlet(np.ones(4), 300).astype(np.float32)
    probabilities[np.arange(300), truth] += 1
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    label = np.array(CLASSES, object)[truth]
    allowed = (label[:, None] == np.array(CLASSES, object)).astype(bool)
    figures = evaluate(probabilities, Targets(CLASSES, label, allowed))
    figures |= ranking(probabilities, index_of(label, CLASSES), CLASSES, SHARES)
    judged = [Judged(name, probabilities, label, figures) for name in ("random forest", "naive Bayes")]
    text = write_comparison({"SY <all>": judged}, SHARES, tmp_path / "page.html").read_text()
    for said in ("SY &lt;all&gt;", "random forest", "naive Bayes", "YSO 1 %", "main_sequence", "<svg"):
        assert said in text
