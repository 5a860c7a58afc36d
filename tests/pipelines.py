"""A small lake made as a user makes one: a simulated survey, a reference catalog, alerts, a known list, a model."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from lcscale.ingest import ingest
from lcscale.lake import Lake
from lcscale.models import LabelledCurves, Preparation, TrainingOptions, train
from lcscale.simulation.synthesis import synthesize
from lcscale.surveys import SimulatedRelease, write_release

CLASSES = ("RRab", "RRc", "DCEP_F", "EA", "EW", "ROT", "LPV", "CONST")
"""Classes of `hasty_model`, in the order of the taxonomy."""


def release(folder: Path, n: int = 120) -> SimulatedRelease:
    """Release files of a simulated survey of `n` stars."""
    return write_release(folder, n=n, seed=3)


def hasty_model(folder: Path, preparation: Preparation | None = None) -> Path:
    """A model that has hardly learnt anything: right in form, and quick to make."""
    n = 12 * len(CLASSES)
    made = synthesize(list(CLASSES) * 12, 9, n_observations=(40, 50))
    rng = np.random.default_rng(0)
    place = rng.integers(0, 12 << 58, n)
    period = np.where(np.isfinite(made.period), made.period, 1.0)
    numbers = {name: rng.normal(0, 1, n) for name in (preparation.columns if preparation else ())}
    curves = LabelledCurves(made.lcs, period, made.label.astype(object), place, made.lcs.bands, numbers)
    options = TrainingOptions(epochs=1, filters=(4, 4, 4), hidden=8, stacked_with=())
    more = {"options": options, "preparation": preparation, "min_class_size": 1, "progress": False}
    train(curves, folder, trained_on="simulated", **more)
    return folder


def surveyed_lake(folder: Path, n: int = 120) -> Lake:
    """A lake with the catalogs `survey`, `reference`, `alerts` and `yso` of a simulated release."""
    made = release(folder / "release", n)
    lake = Lake(folder / "lake")
    ingest("simulated", made.survey, lake, "survey", progress=False)
    ingest("table", made.reference, lake, "reference", progress=False)
    ingest("gaia_alerts", made.alerts, lake, "alerts", progress=False)
    ingest("table", made.yso, lake, "yso", progress=False)
    return lake
