"""Measure how the bands of variable stars go together, and the shapes of their light curves: `families.toml`.

    python jobs/make_period_families.py DATA [FILE]

DATA has a folder of light curves of known stars for each family that `period_families.toml` describes. Every second
star takes part, in order of the list: how many periods the others get is measured in ``docs/periods.md``.
"""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
from band_ratios import measure_bands
from labelled_curves import read_labelled

from lcscale.lightcurves import usable
from lcscale.periods.coupling import coupled
from lcscale.periods.families import Family
from lcscale.periods.templates import shape_of

DUST = {"u": 4.24, "g": 3.30, "r": 2.29, "i": 1.70, "z": 1.26, "y": 1.09, "V": 2.74, "I": 1.51}
"""Extinction over E(B-V) of Schlafly & Finkbeiner 2011, R_V = 3.1."""
KEYS = ("name", "source", "scan_as", "scatter", "reddening", "amplitude", "doubles")


def measure(kind: dict[str, Any], root: Path) -> list[str]:
    stars, lcs = read_labelled(kind, root)
    lcs, _ = usable(lcs, 5)
    ratio, colour = kind.get("ratios", {}), {}
    if not ratio:
        ratio, colour = measure_bands(kind, stars.period, lcs)
    lines = ["[[family]]"] + [f"{key} = {_text(kind[key])}" for key in KEYS if key in kind]
    for band, value in ratio.items():
        more = f", colour = {colour[band]:.3f}, dust = {DUST[band]}" if band in colour else ""
        lines.append(f'bands."{band}" = {{ ratio = {value:.3f}{more} }}')
    tied, _ = coupled(lcs, Family(kind["name"], "", ratio, colour, {}, 1.0, 0.0, 0.4), 0.03)
    for label, n_shapes in kind["shapes"].items():
        rows = np.flatnonzero((stars.label == label) & (lcs.counts >= kind.get("fewest", 100)))
        shapes, size = zip(*(shape_of(tied.one(i), stars.period[i]) for i in rows), strict=True)
        log_period = np.log10(stars.period.to_numpy()[rows])
        order = np.argsort(log_period if kind.get("by_period") else size)
        for number, part in enumerate(np.array_split(order, n_shapes), 1):
            shape, own, logs = np.median(np.array(shapes)[part], axis=0), np.array(size)[part], log_period[part]
            shape = (shape - shape.mean()) / np.ptp(shape)
            lines += ["[[family.template]]", f'name = "{label}{f" {number}" if n_shapes > 1 else ""}"']
            lines.append(f"amplitude = [{np.median(own):.3f}, {max(own.std(), 0.1):.3f}]")
            lines.append(f"log_period = [{logs.mean():.3f}, {max(logs.std(), 0.04):.3f}]")
            lines.append("shape = [" + ", ".join(f"{value:.3f}" for value in shape) + "]")
    return [*lines, ""]


def _text(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value).lower()


def main(data: str, file: str = "lcscale/periods/families.toml") -> None:
    kinds = tomllib.loads(Path(__file__).with_name("period_families.toml").read_text("utf-8"))["family"]
    Path(file).write_text("\n".join(line for kind in kinds for line in measure(kind, Path(data))), "utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
