"""How long each stage of a classification takes for a star, on any device, and the table of it for a page."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from lcscale import models
from lcscale.features import extract
from lcscale.images import ImageOptions, render_folded
from lcscale.lightcurves import LightCurves, clean, usable
from lcscale.models.inputs.preparation import prepare
from lcscale.models.keeping.model import network_scores
from lcscale.periods import FrequencyGrid, find
from lcscale.periods.choosing import chosen
from lcscale.periods.mirrors import mirrored
from lcscale.periods.peaks import Peaks
from lcscale.periods.periodogram import Periodogram
from lcscale.periods.red_noise import evidence_of_period
from lcscale.periods.search import highest_peaks
from lcscale.periods.series import Series

GRID = FrequencyGrid(0.01, 25.0, 24.99 / 99999)
HEADING = "## A GPU beside two cores"
_DRAWING = ImageOptions(cycles=1, dot_radius=0, alignment="none")


def stars(objects: int, n: int = 100) -> LightCurves:
    """Sinusoids with noise in one band."""
    rng = np.random.default_rng(0)
    times = np.sort(rng.uniform(0, 1500, (objects, n)), axis=1)
    error = rng.uniform(0.01, 0.05, times.size)
    periods = 10 ** rng.uniform(-1, 1, objects)
    mag = 15 + 0.1 * np.sin(2 * np.pi * times / periods[:, None]).ravel() + rng.normal(0, error)
    return LightCurves(
        times.ravel(), mag.astype(np.float32), error.astype(np.float32), np.arange(objects + 1) * n, None, ("V",)
    )


def stage_times(objects: int, device: str, grid: FrequencyGrid = GRID) -> dict[str, float]:
    """Microseconds a star of each stage, the second of two runs; what is computed before a stage is there already."""
    lcs = stars(objects)
    cleaned = clean(lcs)
    model = models.load("general", device)
    seen = prepare(
        cleaned.take(np.arange(min(objects, 4096))), np.full(min(objects, 4096), 0.7), model.card.preparation
    )
    series, members = Series.of(usable(cleaned)[0]), list(range(objects))
    periodogram = Periodogram(grid, np.float32)

    def scanned() -> dict[int, Peaks]:
        return dict(highest_peaks(periodogram, series, members, 5, device))

    peaks = scanned()
    frequencies = np.full((objects, max(each.index.size for each in peaks.values())), np.nan)
    for i, each in peaks.items():
        frequencies[i, : each.index.size] = grid.at(each.index)
    period, best, top, none = np.full(objects, 0.7), frequencies[:, 0], np.full(objects, 25.0), np.full(objects, np.nan)

    def chain() -> None:
        found = find(lcs, grid, device=device)["period"].to_numpy()
        extract(lcs, None, found, device=device)
        model.predict(lcs, found)

    stages: dict[str, tuple[Callable[[], Any], int]] = {
        "cleaning (CPU)": (lambda: clean(lcs), objects),
        f"periodogram of {grid.size} frequencies": (scanned, objects),
        "choice among its peaks": (
            lambda: chosen(series, members, frequencies, grid.df, grid.fmin, device=device),
            objects,
        ),
        "evidence and mirrored periods": (
            lambda: (mirrored(best, best, top, series, device), evidence_of_period(best, top, none, series, device)),
            objects,
        ),
        "features, with a period": (lambda: extract(cleaned, None, period, device=device), objects),
        "a folded image of 64 x 64": (lambda: render_folded(cleaned, period, None, 64, _DRAWING, device), objects),
        "network of `general`": (lambda: network_scores(model.fused[0], seen), len(seen)),
        "the whole chain": (chain, objects),
    }
    return {name: _seconds(work, device) / n * 1e6 for name, (work, n) in stages.items()}


def _seconds(work: Callable[[], Any], device: str) -> float:
    import torch

    for _ in range(2):
        start = time.perf_counter()
        work()
        if device != "cpu":
            torch.cuda.synchronize()
        seconds = time.perf_counter() - start
    return seconds


def section(gpu: str, on_gpu: dict[str, float], on_core: dict[str, float]) -> str:
    """The table, where `on_core` are times of one core while another one does the same."""
    lines = [
        HEADING,
        "",
        f"Written by `make gpu` on one {gpu}: microseconds a star of 100 observations in one band.",
        "",
        "| | GPU | two cores | ratio |",
        "|---|---:|---:|---:|",
        *(
            f"| {name} | {t:.3g} | {on_core[name] / 2:.3g} | {on_core[name] / 2 / t:.2f} |"
            for name, t in on_gpu.items()
        ),
    ]
    return "\n".join([*lines, ""])


def kept_section(page: str) -> str:
    """The section of a page, empty where it has none."""
    return page[page.index(HEADING) :] if HEADING in page else ""


def write_section(path: Path, text: str) -> None:
    """Put the section at the end of a page, in place of an earlier one."""
    page = path.read_text()
    path.write_text(page.removesuffix(kept_section(page)).rstrip() + "\n\n" + text)
