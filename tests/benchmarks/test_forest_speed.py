"""The shipped kind of forest beside scikit-learn's `predict_proba` on the same forest, one core, in the same run."""

from __future__ import annotations

import time

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier

from lcscale.models.trees.forest import Forest
from lcscale.models.trees.growing import GrowthOptions
from lcscale.products.yso import CLASSES
from lcscale.products.yso.features import features_of, photometric_features
from lcscale.simulation.population import simulate_population

pytestmark = pytest.mark.slow

PATTERN = "optical astrometry variability near mid"


def features(counts: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    table = simulate_population(dict.fromkeys(CLASSES, counts), seed)
    numbers = {
        name: table.column(name).to_numpy(zero_copy_only=False).astype(float)
        for name in table.column_names
        if name != "label"
    }
    found = photometric_features(numbers, len(table))
    x = np.stack([found[name] for name in features_of(PATTERN)])
    good = np.isfinite(x).all(axis=0)
    return x[:, good].T.astype(np.float32), np.array(table.column("label").to_pylist())[good]


@pytest.fixture(scope="module")
def grown():
    x, y = features(1500, 0)
    options = GrowthOptions()
    forest = RandomForestClassifier(
        options.n_trees, min_samples_leaf=options.min_leaf, max_leaf_nodes=options.max_leaves, random_state=0, n_jobs=1
    )
    return forest.fit(x, y)


@pytest.mark.parametrize("rows", [10_000, 200_000])
def test_forest_against_scikit_learn(grown, rows, record_property):
    x, _ = features(3000, 1)
    x = np.asfortranarray(x[np.random.default_rng(2).integers(0, len(x), rows)])  # classes mixed, as on the sky
    theirs_x = np.ascontiguousarray(x)
    ours = Forest.of(grown)
    np.testing.assert_allclose(ours.probabilities(x), grown.predict_proba(theirs_x), atol=1e-6)
    seconds: dict[str, list[float]] = {"ours": [], "scikit-learn": []}
    for _ in range(7):
        for name, call in (
            ("ours", lambda: ours.probabilities(x)),
            ("scikit-learn", lambda: grown.predict_proba(theirs_x)),
        ):
            start = time.process_time()
            call()
            seconds[name].append(time.process_time() - start)
    best = {name: min(each) for name, each in seconds.items()}
    ratio = best["scikit-learn"] / best["ours"]
    record_property("ratio", ratio)
    print(f"{rows:,} rows: ours {rows / best['ours']:,.0f} rows/s, scikit-learn {rows / best['scikit-learn']:,.0f}")
    print(f"ratio {ratio:.2f}")
    assert ratio >= 5.0
