"""Measure why injected RR Lyrae stars are recovered less often than listed ones: the table of ``docs/periods.md``.

    python jobs/completeness_tables.py DATA

DATA has ``ps1_rrlyrae``. Row by row the signals become more like the listed stars; the search is told nothing.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import period_sets
import pyarrow as pa

from lcscale.lightcurves import LightCurves, usable
from lcscale.periods import find
from lcscale.periods.coupling import coupled
from lcscale.periods.families import asked_for
from lcscale.periods.templates import shape_of
from lcscale.products.class_period import SURE_TIED
from lcscale.products.completeness import Inject
from lcscale.products.completeness.injecting import mean_magnitudes
from lcscale.simulation.injection import SignalClass, read_signals

BAND, ENOUGH, EACH = "g", 25, 2


def right(lcs: LightCurves, known: np.ndarray) -> np.ndarray:
    """Whether the period found is the known one within 0.3 %, bool [n]."""
    return np.abs(find(lcs)["period"].to_numpy(zero_copy_only=False).astype(float) / known - 1) < 3e-3


def injected(stars: LightCurves, signals: tuple[SignalClass, ...]) -> str:
    """Share of signals in these stars whose period is found, and how many there are."""
    table = pa.table({"lightcurve": stars.to_arrow(), "_healpix_29": np.arange(len(stars)) << 20})
    table = Inject(signals, BAND, EACH)(table)
    found = right(LightCurves.from_arrow(table["lightcurve"]), table["injected_period"].to_numpy())
    return f"{found.size} | {found.mean():.3f}"


def about_means(lcs: LightCurves) -> tuple[np.ndarray, LightCurves]:
    """Scatter of stars about the means of their bands, mag, and the stars with Gaussian noise in its place."""
    owner, noise = lcs.object_index(), np.random.default_rng(0).normal(0, np.hypot(lcs.mag_err, 0.04))
    cell = owner * len(lcs.bands) + lcs.band
    mean = (np.bincount(cell, lcs.mag) / np.maximum(np.bincount(cell), 1))[cell]
    scatter = np.sqrt(np.bincount(owner, (lcs.mag - mean) ** 2) / lcs.counts)
    return scatter, replace(lcs, value=(mean + noise).astype(np.float32))


def main(root: Path) -> None:
    stars, lcs = period_sets.pan_starrs(root)
    mag, known, rich = mean_magnitudes(lcs, BAND), stars.known.to_numpy(), lcs.counts >= ENOUGH
    listed, others = np.flatnonzero((stars.type == "ab") & rich), np.flatnonzero(np.isnan(known))
    constant = others[find(lcs.take(others))["evidence"].to_numpy(zero_copy_only=False) <= SURE_TIED]
    enough, (bright, faint) = constant[rich[constant]], np.nanpercentile(mag[listed], (5, 95))
    alike = enough[(mag[enough] < faint) & (mag[enough] > bright)]
    series, _ = coupled(usable(lcs.take(listed))[0], asked_for(["RR Lyrae"])[0], 0.04)
    sizes = [min(shape_of(series.one(i), known[row], order=3)[1], 1.5) for i, row in enumerate(listed)]
    pairs = tuple(SignalClass("RRab", (p, p), (a, a)) for p, a in zip(known[listed], sizes, strict=True))
    declared, (scatter, gaussian) = read_signals(names=["RRab"]), about_means(lcs)
    print("| stars | n | period right |\n|---|---:|---:|")
    for words, rows, signals, light in (
        ("as declared, in all constant stars", constant, declared, lcs),
        (f"in those of {ENOUGH} points or more", enough, declared, lcs),
        (f"and of the listed stars' g, {bright:.1f} to {faint:.1f}", alike, declared, lcs),
        ("and the listed stars' pairs of period and amplitude", alike, pairs, lcs),
        ("and a scatter below 0.08 mag", alike[scatter[alike] < 0.08], pairs, lcs),
        ("the pairs, in stars with Gaussian noise of the errors and 0.04 mag", alike, pairs, gaussian),
    ):
        print(f"| {words} | {injected(light.take(rows), signals)} |", flush=True)
    print(f"| listed RRab stars | {len(listed)} | {right(lcs.take(listed), known[listed]).mean():.3f} |")
    print(f"\nMedian scatter of those constant stars: {np.median(scatter[alike]):.3f} mag.")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
