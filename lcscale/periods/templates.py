"""Template light curves fitted at the best peaks of a search, all frequencies, shapes and phases at once.

The normal equations of a series that the bands share (`evidence`), with the means marginalised, hold all that a
template needs: one of shape θ (its Fourier coefficients, turned to a phase) explains ``2 a θ'r - a² θ'Aθ`` at the
amplitude a. So A and r are made once for each frequency, and a product of matrices gives every template at every phase.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from lcscale.kernels.compiling import Floats, kernel
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
from lcscale.periods.evidence import log_evidence, tied_equations
from lcscale.periods.families import Template

ORDER = 6
"""Harmonics of a template."""

N_PHASES = 48
"""Phases at which each template is tried: narrower ones differ by less than the floor of the errors."""

SPREAD = np.linspace(-0.3, 0.3, 11)
"""Frequencies tried about a peak, in widths of a peak: a template's best lies beside that of a sinusoid."""

DEVIATIONS = 4.0
"""Standard deviations of log period within which a template is tried."""

NEGLIGIBLE = 20.0
"""By how much the log likelihood of a phase may lie below the best one's before it is passed over."""

_PHASES = np.arange(N_PHASES) / N_PHASES
_ROWS, _COLUMNS = np.tril_indices(2 * ORDER)


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
        turned = np.array([_turned(np.asarray(each.shape)) for each in templates])  # [template, phase, coefficient]
        self._linear = turned.reshape(-1, 2 * ORDER).T.astype(np.float32)
        pairs = turned[..., _ROWS] * turned[..., _COLUMNS] * np.where(_ROWS == _COLUMNS, 1.0, 2.0)
        self._square = pairs.reshape(-1, _ROWS.size).T.astype(np.float32)

    def possible(self, frequency: Floats) -> npt.NDArray[np.bool_]:
        """Which frequencies some template may have, bool [n]: within `DEVIATIONS` of its log period."""
        mean, deviation = self.log_period.T
        near: npt.NDArray[np.bool_] = np.any(np.abs(-np.log10(frequency)[:, None] - mean) < DEVIATIONS * deviation, 1)
        return near

    def refined(self, curve: Curve, frequency: float, kind: int, chi2: float, width: float) -> tuple[float, float]:
        """Frequency near `frequency`, and phase at time 0 (turns from maximum light), of the best fit of one template.

        `width` is that of a peak, 1/d; other arguments as for `scores`.
        """
        one = Templates(self.templates[kind : kind + 1])
        for step in (0.02, 0.005):
            trials: Floats = frequency + step * width * np.arange(-3.0, 4.0)
            frequency = float(trials[one.scores(curve, trials, chi2)[:, 0].argmax()])
        xx, xy, _ = one._products(curve, np.array([frequency]), chi2)
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
        time, coupling = curve[0], curve[5]
        xx, xy, base = self._products(curve, frequency, chi2)
        out = np.empty(xx.shape[:2])
        _score(xx, xy, self.amplitude, base, time.size + coupling[0, FREEDOM], out)
        mean, deviation = self.log_period.T
        away = (-np.log10(frequency)[:, None] - mean) / deviation
        scores: Floats = out - 0.5 * away * away - np.log(deviation)
        return scores

    def _products(self, curve: Curve, frequency: Floats, chi2: float) -> tuple[Any, Any, float]:
        """θ'Aθ and θ'r of each template at each phase, [n, n_templates, N_PHASES], and χ² of the constant star."""
        matrix, right = np.empty((frequency.size, _ROWS.size)), np.empty((frequency.size, 2 * ORDER))
        scratch, work = np.empty((4, curve[0].size)), np.empty((WORK_ROWS, N_PARAMETERS))
        tied_equations(curve, frequency, ORDER, scratch, work, matrix, right)
        shape = (frequency.size, len(self.templates), N_PHASES)
        xx = (chi2 * (matrix.astype(np.float32) @ self._square)).reshape(shape)
        xy = (chi2 * (right.astype(np.float32) @ self._linear)).reshape(shape)
        return xx, xy, chi2 * float(curve[5][0, BASE])


def _turned(shape: Floats) -> Floats:
    """Coefficients of a series of `ORDER` harmonics of the shape, turned to each phase, [phase, 2 ORDER]."""
    k = np.arange(1, ORDER + 1)
    z = 2.0 * np.fft.rfft(shape)[1 : ORDER + 1] / shape.size * np.exp(2j * np.pi * np.outer(_PHASES, k))
    return np.stack([z.real, -z.imag], -1).reshape(N_PHASES, 2 * ORDER)


@kernel
def _score(xx: Any, xy: Any, amplitude: Floats, base: float, freedom: float, out: Floats) -> None:
    """Log evidence over amplitudes and phases; phases that would add less than e^-`NEGLIGIBLE` are passed over."""
    n_phases = xx.shape[2]
    rest = np.empty(n_phases)
    for i in range(xx.shape[0]):
        for j in range(xx.shape[1]):
            a0, narrow = amplitude[j, 0], 1.0 / amplitude[j, 1] ** 2
            least = np.inf
            for k in range(n_phases):
                square = max(float(xx[i, j, k]), 0.0)
                a = max((xy[i, j, k] + narrow * a0) / (square + narrow), 0.0)
                drop = a * (2.0 * xy[i, j, k] - a * square) - narrow * (a - a0) ** 2
                rest[k] = max(1.0 - drop / base, 1e-12)
                least = min(least, rest[k])
            enough = least * np.exp(2.0 * NEGLIGIBLE / freedom)
            total = 0.0
            for k in range(n_phases):
                if rest[k] <= enough:
                    total += (rest[k] / least) ** (-0.5 * freedom) / np.sqrt(
                        1.0 + max(float(xx[i, j, k]), 0.0) / narrow
                    )
            out[i, j] = -0.5 * freedom * np.log(least) + np.log(total / n_phases)


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
