"""Families of variable stars: how their bands go together, and the shapes of their light curves, as declared data.

`families.toml` holds them, with their sources, as ``jobs/make_period_families.py`` made it from light curves of known
stars. A file of the same form adds others.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from lcscale.errors import InputError
from lcscale.kernels.compiling import Floats

ANY_COLOUR = 1.0
"""Standard deviation of the mean of a band whose colour is not known, mag."""


@dataclass(frozen=True)
class Template:
    """One shape of light curve.

    Attributes
    ----------
    name
        Its class, and a number where that has several.
    shape
        Magnitudes at even phases from maximum light on, mean 0, 1 from peak to peak.
    amplitude
        Mean and standard deviation of its amplitude in a band of ratio 1, mag.
    log_period
        Mean and standard deviation of log10 of the period in days.
    """

    name: str
    shape: tuple[float, ...]
    amplitude: tuple[float, float]
    log_period: tuple[float, float]


@dataclass(frozen=True)
class Family:
    """Stars whose bands go together in one way.

    Attributes
    ----------
    name
        As `find` tells it.
    source
        Where its numbers come from.
    ratios
        Amplitude of each band over that of a reference band; ``"*"`` stands for all others.
    colours
        Mean magnitude of each band but for the distance; the mean of a band without one is free.
    dust
        Extinction of each band over E(B-V).
    scatter, reddening
        Standard deviation of a band's mean about its colour, mag, and of E(B-V), mag.
    amplitude
        Standard deviation of the prior of the first harmonic's amplitudes, mag.
    doubles
        Whether the period may be twice that of the highest peak, as eclipsing binaries have it.
    scan_as
        Family whose scan finds the peaks, where that does for both; empty for its own.
    templates
        Shapes.
    """

    name: str
    source: str
    ratios: dict[str, float]
    colours: dict[str, float]
    dust: dict[str, float]
    scatter: float
    reddening: float
    amplitude: float
    doubles: bool = False
    scan_as: str = ""
    templates: tuple[Template, ...] = ()

    def knows(self, bands: Sequence[str]) -> bool:
        """Whether it has the ratio of one of these bands."""
        return bool(np.isfinite(self.per_band(bands)[0]).any())

    def per_band(self, bands: Sequence[str]) -> tuple[Floats, Floats, Floats, Floats]:
        """Ratio (NaN where none is known), colour, dust and scatter of each of `bands`; of a nameless one for none."""
        names = tuple(bands) or ("",)
        ratio = np.array([self.ratios.get(name, self.ratios.get("*", np.nan)) for name in names])
        colour = np.array([self.colours.get(name, 0.0) for name in names])
        dust = np.array([self.dust.get(name, 0.0) for name in names])
        scatter = np.array([self.scatter if name in self.colours else ANY_COLOUR for name in names])
        return ratio, colour, dust, scatter


def alike(scanned: Sequence[Family], families: Sequence[Family], bands: Sequence[str]) -> list[Family]:
    """The families `scanned` with one set of ratios for `bands`, the geometric mean of those of all `families`.

    One scan does for families whose ratios are the same, and a sinusoid of wrong ratios explains little less: where
    half of them are 0.7 of the others, 3 %.
    """
    ratios = np.array([family.per_band(bands)[0] for family in families])
    known = np.isfinite(ratios)
    logs = np.log(np.where(known, ratios, 1.0)).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    names = np.array(tuple(bands) or ("",))[known.any(axis=0)].tolist()
    common = dict(zip(names, np.exp(logs)[known.any(axis=0)].tolist(), strict=True))
    return [replace(family, ratios=common) for family in scanned]


def read_families(path: str | os.PathLike[str] | None = None) -> tuple[Family, ...]:
    """The families of a TOML file; those that come with the package for None.

    Raises
    ------
    InputError
        The file is no such file, with the key that is wrong.
    """
    if path is None:
        return _shipped()
    try:
        return _families(Path(path).read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path} is no file of families of variable stars: {error!r}") from error


@cache
def _shipped() -> tuple[Family, ...]:
    return _families((resources.files("lcscale.periods") / "families.toml").read_text("utf-8"))


def _families(text: str) -> tuple[Family, ...]:
    return tuple(_family(dict(values)) for values in tomllib.loads(text)["family"])


def asked_for(names: Sequence[str] | None) -> tuple[Family, ...]:
    """The families of these names, and those of these files; all that come with the package for None.

    Raises
    ------
    InputError
        There is no family of a name, or a file is no file of families.
    """
    shipped = {family.name: family for family in read_families()}
    if names is None:
        return tuple(shipped.values())
    if isinstance(names, str):
        raise InputError(f"families are a list of names or files, as in families=[{names!r}]")
    found: list[Family] = []
    for name in names:
        if name.endswith(".toml"):
            found += read_families(name)
        elif name in shipped:
            found.append(shipped[name])
        else:
            raise InputError(
                f"no family {name!r} of variable stars; there are {', '.join(shipped)}, or name a TOML file"
            )
    if not found:
        raise InputError("families is empty: name one at least, or leave it out")
    return tuple(found)


def _family(values: dict[str, Any]) -> Family:
    bands: dict[str, dict[str, float]] = values.pop("bands")
    templates = tuple(
        Template(row["name"], tuple(row["shape"]), tuple(row["amplitude"]), tuple(row["log_period"]))
        for row in values.pop("template", ())
    )
    for column, key in (("ratios", "ratio"), ("colours", "colour"), ("dust", "dust")):
        values[column] = {band: float(row[key]) for band, row in bands.items() if key in row}
    return Family(**values, templates=templates)
