"""Template light curves fitted at the best peaks of a search, all frequencies, shapes and phases at once.

The normal equations of a series that the bands share (`evidence`), with the means marginalised, hold all that a
template needs: one of shape θ (its Fourier coefficients, turned to a phase) explains ``2 a θ'r - a² θ'Aθ`` at the
amplitude a. So A and r are made once for each frequency, and a product of matrices gives every template at every phase.
Few harmonics at few phases and frequencies tell which peaks are worth all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from lcscale.kernels.compiling import Floats, comparing_kernel, kernel
from lcscale.kernels.harmonics import (
    BASE,
    COEFFICIENTS,
    FREEDOM,
    MATRIX,
    N_PARAMETERS,
    RIGHT,
    WORK_ROWS,
    Curve,
    back_substitute,
)
from lcscale.periods.choice import RANKING_PRIOR
from lcscale.periods.evidence import log_evidence
from lcscale.periods.families import Template
from lcscale.periods.shared_equations import shared_equations

ORDER, COARSE_ORDER = 6, 4
"""Harmonics of a template, and of one that is tried first."""

N_PHASES, COARSE_PHASES = 48, 24
"""Phases at which each template is tried: narrower ones differ by less than the floor of the errors."""

SPREAD, COARSE_SPREAD = np.linspace(-0.3, 0.3, 11), np.array([-0.24, -0.12, 0.12, 0.24])
"""Frequencies tried about a peak, in widths of a peak: a template's best lies beside that of a sinusoid."""

SURVIVORS = 20
"""Peaks that are tried with all harmonics, phases and frequencies."""

DEVIATIONS = 4.0
"""Standard deviations of log period within which a template is tried."""

_PHASES = np.arange(N_PHASES) / N_PHASES


@dataclass(frozen=True, eq=False)
class _Shapes:
    """Templates as series of `order` harmonics, turned to each of `n_phases` phases.

    Attributes
    ----------
    linear
        Coefficients θ, float32 [2 order, n_templates * n_phases].
    square
        Products of two coefficients, those off the diagonal doubled, float32 [order (2 order + 1), the same].
    """

    order: int
    n_phases: int
    linear: npt.NDArray[np.float32]
    square: npt.NDArray[np.float32]

    @classmethod
    def of(cls, templates: Sequence[Template], order: int, n_phases: int) -> _Shapes:
        """Turn the shapes of `templates`."""
        turned = np.array([_turned(np.asarray(each.shape), order, n_phases) for each in templates])
        rows, columns = np.tril_indices(2 * order)
        pairs = turned[..., rows] * turned[..., columns] * np.where(rows == columns, 1.0, 2.0)
        flat = [values.reshape(-1, values.shape[-1]).T.astype(np.float32) for values in (turned, pairs)]
        return cls(order, n_phases, *flat)

    def one(self, kind: int) -> _Shapes:
        """Those of one template."""
        own = slice(kind * self.n_phases, (kind + 1) * self.n_phases)
        return _Shapes(self.order, self.n_phases, self.linear[:, own], self.square[:, own])

    def products(self, curve: Curve, frequency: Floats, chi2: float) -> tuple[Any, Any]:
        """θ'Aθ and θ'r of each template at each phase, float32 [n, n_templates, n_phases]."""
        matrix = np.empty((self.square.shape[0], frequency.size), np.float32)
        right = np.empty((2 * self.order, frequency.size), np.float32)
        shared_equations(curve, frequency, self.order, chi2, matrix, right)
        shape = (frequency.size, -1, self.n_phases)
        return (matrix.T @ self.square).reshape(shape), (right.T @ self.linear).reshape(shape)


class Templates:
    """Templates ready to be fitted.

    Parameters
    ----------
    templates
        Shapes with the priors of their amplitudes and periods.
    """

    def __init__(self, templates: Sequence[Template]) -> None:
        self.templates = tuple(templates)
        self.amplitude = np.array([each.amplitude for each in templates])
        self.log_period = np.array([each.log_period for each in templates])
        self._fine = _Shapes.of(templates, ORDER, N_PHASES)
        self._coarse = _Shapes.of(templates, COARSE_ORDER, COARSE_PHASES)

    def possible(self, frequency: Floats) -> npt.NDArray[np.bool_]:
        """Which frequencies some template may have, bool [n]: within `DEVIATIONS` of its log period."""
        mean, deviation = self.log_period.T
        near: npt.NDArray[np.bool_] = np.any(np.abs(-np.log10(frequency)[:, None] - mean) < DEVIATIONS * deviation, 1)
        return near

    def refined(self, curve: Curve, frequency: float, kind: int, chi2: float, width: float) -> tuple[float, float]:
        """Frequency near `frequency`, and phase at time 0 (turns from maximum light), of the best fit of one template.

        `width` is that of a peak, 1/d; other arguments as for `scores`.
        """
        shape = self._fine.one(kind)
        for step in (0.02, 0.005):
            trials: Floats = frequency + step * width * np.arange(-3.0, 4.0)
            frequency = float(trials[self._marginal(shape, slice(kind, kind + 1), curve, trials, chi2)[:, 0].argmax()])
        xx, xy = shape.products(curve, np.array([frequency]), chi2)
        drop = np.where(xy > 0.0, xy * xy / np.maximum(xx, 1e-30), 0.0)
        return frequency, float(_PHASES[drop[0, 0].argmax()])

    def scores(self, curve: Curve, frequency: Floats, chi2: float) -> Floats:
        """Log evidence of each template at each frequency, relative to a constant star, float64 [n, n_templates].

        Phases have an even prior, amplitudes and periods that of the template.

        Parameters
        ----------
        curve
            A tied curve.
        frequency
            Cycles per day, float64 [n].
        chi2
            Of the star about the means of its bands, as in `Series`.
        """
        return self._marginal(self._fine, slice(None), curve, frequency, chi2)

    def highest(self, curve: Curve, frequency: Floats, chi2: float) -> Floats:
        """About the log evidence of the best phase of each template, float64 [n, n_templates]: seldom below `scores`.

        Arguments as there.
        """
        xx, xy = self._coarse.products(curve, frequency, chi2)
        out = self._prior(frequency, slice(None))
        _highest(xx, xy, self.amplitude, chi2 * curve[5][0, BASE], curve[0].size + curve[5][0, FREEDOM], out)
        return out

    def _marginal(self, shapes: _Shapes, kinds: slice, curve: Curve, frequency: Floats, chi2: float) -> Floats:
        xx, xy = shapes.products(curve, frequency, chi2)
        out = self._prior(frequency, kinds)
        _score(xx, xy, self.amplitude[kinds], chi2 * curve[5][0, BASE], curve[0].size + curve[5][0, FREEDOM], out)
        return out

    def _prior(self, frequency: Floats, kinds: slice) -> Floats:
        """Log prior of the periods of the templates `kinds`, float64 [n, n_templates]."""
        mean, deviation = self.log_period[kinds].T
        away = (-np.log10(frequency)[:, None] - mean) / deviation
        prior: Floats = -0.5 * away * away - np.log(deviation)
        return prior


@cache
def ready(templates: tuple[Template, ...]) -> Templates:
    """`Templates`, whose tables are made once."""
    return Templates(templates)


def _turned(shape: Floats, order: int, n_phases: int) -> Floats:
    """Coefficients of a series of `order` harmonics of the shape, turned to each phase, [phase, 2 order]."""
    k, phases = np.arange(1, order + 1), np.arange(n_phases) / n_phases
    z = 2.0 * np.fft.rfft(shape)[1 : order + 1] / shape.size * np.exp(2j * np.pi * np.outer(phases, k))
    return np.stack([z.real, -z.imag], -1).reshape(n_phases, 2 * order)


@comparing_kernel
def _highest(xx: Any, xy: Any, amplitude: Floats, base: float, freedom: float, out: Floats) -> None:
    """Add the log likelihood of the best phase, at the best amplitude, to `out`."""
    for i in range(xx.shape[0]):
        for j in range(xx.shape[1]):
            narrow = np.float32(1.0 / amplitude[j, 1] ** 2)
            pull = np.float32(narrow * amplitude[j, 0])
            drop = np.float32(0.0)
            for k in range(xx.shape[2]):
                right = max(xy[i, j, k] + pull, np.float32(0.0))
                drop = max(drop, right * right / (max(xx[i, j, k], np.float32(0.0)) + narrow))
            out[i, j] -= 0.5 * freedom * np.log(max(1.0 - (drop - pull * amplitude[j, 0]) / base, 1e-12))


@kernel
def _score(xx: Any, xy: Any, amplitude: Floats, base: float, freedom: float, out: Floats) -> None:
    """Add the log evidence over amplitudes and phases to `out`.

    `freedom` is a whole number: a power by squaring is one of all phases at once, in vector instructions.
    """
    n_phases = xx.shape[2]
    rest = np.empty(n_phases)
    value = np.empty(n_phases)
    for i in range(xx.shape[0]):
        for j in range(xx.shape[1]):
            narrow = 1.0 / amplitude[j, 1] ** 2
            pull = narrow * amplitude[j, 0]
            for k in range(n_phases):
                square = max(float(xx[i, j, k]), 0.0)
                right = max(float(xy[i, j, k]) + pull, 0.0)
                rest[k] = max(1.0 - (right * right / (square + narrow) - pull * amplitude[j, 0]) / base, 1e-12)
                value[k] = np.sqrt(narrow / (square + narrow))
            least = np.min(rest)
            for k in range(n_phases):
                rest[k] = np.sqrt(least / rest[k])
            exponent = int(freedom)
            while exponent:
                if exponent % 2:
                    for k in range(n_phases):
                        value[k] *= rest[k]
                exponent //= 2
                for k in range(n_phases):
                    rest[k] *= rest[k]
            out[i, j] += np.log(np.mean(value)) - 0.5 * freedom * np.log(least)


def shape_of(curve: Curve, period: float, order: int = ORDER, n_phases: int = 50) -> tuple[Floats, float]:
    """The series that the bands of a star share at its period: shape from maximum light on, and its amplitude, mag.

    Parameters
    ----------
    curve
        A tied curve.
    period
        Days.
    order
        Harmonics.
    n_phases
        Even phases of the shape.
    """
    work = np.empty((WORK_ROWS, N_PARAMETERS))
    log_evidence(curve, 1.0 / period, order, RANKING_PRIOR, np.empty((4, curve[0].size)), work)
    back_substitute(work[MATRIX], work[RIGHT], 2 * order + 1, work[COEFFICIENTS])
    coefficients = work[COEFFICIENTS][1 : 2 * order + 1]
    angle = 2.0 * np.pi * np.outer(np.arange(n_phases) / n_phases, np.arange(1, order + 1))
    mag = np.stack([np.cos(angle), np.sin(angle)], -1).reshape(n_phases, 2 * order) @ coefficients
    mag = np.roll(mag, -int(mag.argmin()))
    return (mag - mag.mean()) / np.ptp(mag), float(np.ptp(mag))
