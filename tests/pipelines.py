"""A small lake made as a user makes one: a simulated survey, a reference catalog, alerts, candidates."""

from __future__ import annotations

from pathlib import Path

import torch

from lcscale.ingest import ingest
from lcscale.lake import Lake
from lcscale.models import Architecture, Card, FoldedImageNet, Preparation
from lcscale.models.registry import save
from lcscale.surveys import SimulatedRelease, write_release

CLASSES = ("RRab", "RRc", "DCEP_F", "EA", "EW", "ROT", "LPV", "CONST")


def release(folder: Path, n: int = 120) -> SimulatedRelease:
    """Release files of a simulated survey of `n` stars."""
    return write_release(folder, n=n, seed=3)


def untrained_model(folder: Path, preparation: Preparation = Preparation()) -> Path:  # noqa: B008
    """A model that has learnt nothing: right in form, and quick to make."""
    torch.manual_seed(1)
    architecture = Architecture(preparation.n_channels, len(preparation.names), len(CLASSES), preparation.size)
    card = Card(folder.name, CLASSES, preparation, architecture.to_dict(), 1.0, "simulated")
    save(card, FoldedImageNet(architecture), folder)
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
