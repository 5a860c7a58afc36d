"""A small network trained on simulated light curves, once for all tests of the room."""

from __future__ import annotations

import numpy as np
import pytest

from lcscale.models import LabelledCurves, TrainingOptions, train
from lcscale.simulation.synthesis import synthesize

CLASSES = ("RRab", "EA", "LPV")


def simulated(n: int, seed: int, classes=CLASSES) -> LabelledCurves:
    """Labelled two-band curves of `classes` in turn, spread over the sky."""
    made = synthesize([classes[i % len(classes)] for i in range(n)], seed, n_observations=(60, 150))
    place = np.random.default_rng(seed).integers(0, 12 << 58, n)
    return LabelledCurves(made.lcs, made.period, made.label.astype(object), place, made.lcs.bands)


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """Folder and model of a network that has learnt three classes for a few seconds."""
    folder = tmp_path_factory.mktemp("models") / "small"
    sizes = {"filters": (6, 8, 12), "hidden": 24, "stacked_with": ()}
    options = TrainingOptions(epochs=12, learning_rate=5e-3, **sizes)
    model = train(simulated(360, 1), folder, trained_on="simulated", options=options, min_class_size=20, progress=False)
    return folder, model
