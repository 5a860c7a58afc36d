"""Periodic signals of a class, period and amplitude that are given, to be put into light curves of constant stars."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from lcscale.errors import InputError
from lcscale.kernels.compiling import Floats
from lcscale.simulation.synthesis import WAVELENGTHS
from lcscale.simulation.templates import TEMPLATES, Eclipses, Pulsation, Sampling

_DENSE = np.arange(256) / 256
_OTHER_BANDS = {"y": 0.971, "CV": 0.60, "W": 0.60}
_UNKNOWN_BAND = 0.62


@dataclass(frozen=True)
class SignalClass:
    """Periodic signals of one class: each period and amplitude is drawn evenly in its logarithm.

    Examples
    --------
    >>> SignalClass("RRab", (0.4, 0.9), (0.1, 1.2)).drawn(np.random.default_rng(0))[0] < 0.9
    True
    """

    name: str
    """Class of the taxonomy, one that pulsates or eclipses."""
    period: tuple[float, float]
    """Shortest and longest, days; an orbit's for binaries."""
    amplitude: tuple[float, float]
    """Smallest and largest from maximum to minimum, magnitudes, in the reference band."""

    def __post_init__(self) -> None:
        if not isinstance(TEMPLATES.get(self.name), Pulsation | Eclipses):
            raise InputError(
                f"no periodic signal of the class {self.name!r} is known; there are {', '.join(periodic_classes())}"
            )
        for what in ("period", "amplitude"):
            limits = getattr(self, what)
            if len(limits) != 2 or not 0.0 < limits[0] <= limits[1] < np.inf:
                raise InputError(f"{self.name}: {what} is a range of two numbers above 0, not {limits}")
            object.__setattr__(self, what, (float(limits[0]), float(limits[1])))

    def drawn(self, rng: np.random.Generator) -> tuple[float, float]:
        """A period and an amplitude."""
        period, amplitude = (float(np.exp(rng.uniform(*np.log(limits)))) for limits in (self.period, self.amplitude))
        return period, amplitude


def periodic_classes() -> list[str]:
    """Names of the classes whose light is known at a given period."""
    return [name for name, template in TEMPLATES.items() if isinstance(template, Pulsation | Eclipses)]


def read_signals(
    path: str | os.PathLike[str] | None = None, names: Sequence[str] | None = None
) -> tuple[SignalClass, ...]:
    """The classes that a TOML file declares, one table a class with ``period`` and ``amplitude``.

    Parameters
    ----------
    path
        The file; None takes the one that comes with the package.
    names
        Classes wanted; None takes all.

    Raises
    ------
    InputError
        The file cannot be read, a class or range is none, or a class wanted is not declared.

    Examples
    --------
    >>> [each.name for each in read_signals()][:3]
    ['RRab', 'RRc', 'DCEP_F']
    """
    place = resources.files("lcscale.simulation").joinpath("signals.toml") if path is None else Path(path)
    try:
        rows: Mapping[str, Any] = tomllib.loads(place.read_text("utf-8"))
        found = tuple(SignalClass(name, tuple(row["period"]), tuple(row["amplitude"])) for name, row in rows.items())
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, TypeError, KeyError) as error:
        raise InputError(f"cannot read the signals in {place}: {error!r}") from error
    if not found:
        raise InputError(f"{place} declares no signals")
    unknown = sorted(set(names or ()) - {each.name for each in found})
    if unknown:
        raise InputError(
            f"no signals of {', '.join(unknown)} are declared; there are {', '.join(each.name for each in found)}"
        )
    return tuple(each for each in found if names is None or each.name in names)


def wavelengths_of(bands: Sequence[str]) -> Floats:
    """Effective wavelengths of bands, micrometres, float64 [n_bands]; that of r for a band of another name."""
    known = WAVELENGTHS | _OTHER_BANDS
    return np.array([known.get(band, _UNKNOWN_BAND) for band in bands])


def periodic_light(
    signal: SignalClass,
    period: float,
    amplitude: float,
    time: Floats,
    wavelength: Floats,
    reference: float,
    rng: np.random.Generator,
) -> Floats:
    """Magnitude changes of a star with a periodic signal, float64 [n_observations].

    Parameters
    ----------
    signal
        Its class: the shape is drawn as `lcscale.simulation.templates` declares it.
    period
        Days.
    amplitude
        From maximum to minimum at the wavelength `reference`, magnitudes.
    time
        float64 [n_observations], days, finite, in any order; not empty.
    wavelength
        float64 [n_observations], of each observation's band, micrometres.
    reference
        Micrometres.
    rng
        Where phase and shape are drawn from.
    """
    dense = float(time.min()) + period * _DENSE
    owner = np.zeros(dense.size + time.size, np.int64)
    sampling = Sampling(
        np.concatenate([dense, time]), owner, np.concatenate([np.full(dense.size, reference), wavelength]), 1
    )
    template = TEMPLATES[signal.name]
    assert isinstance(template, Pulsation | Eclipses)
    light = template.signal(rng, sampling, np.array([period])).magnitude
    return np.asarray(light[dense.size :] * (amplitude / np.ptp(light[: dense.size])))
