"""`Regression`: a Gaussian process from denoised Fourier parameters and the period to [Fe/H]."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from lcscale.kernels.compiling import Floats
from lcscale.products.rrlyrae.equations import ORDER
from lcscale.products.rrlyrae.parameters import FourierParameters

_CHUNK = 512
_NEAREST = 0.4
"""A star with no training star of a covariance above it is extrapolated."""
_SAME = 1e-9


@dataclass(frozen=True)
class Kernel:
    """What is chosen of the process before it learns: by `lcscale.products.rrlyrae.tuning`."""

    noise: float = 0.15
    """Variance of the labels' noise for a star of the median error of φ31, in units of the labels' variance."""
    length: float = 0.8
    """Length of the kernel, in units of the norm of the inputs' weights."""
    period_weight: float = 2.0
    """How much more a difference in period counts than one in A_1; all inputs are standardised. Those of harmonic k
    count for 1/k, those that are errors for half."""


@dataclass(frozen=True, eq=False)
class Regression:
    """Squared-exponential Gaussian process with noise that grows with the error of φ31.

    The error of an answer is ``sqrt(model² + (slope σ(φ31))²)``; both numbers, and how many such errors hold 68 and
    90 % of the stars, are fitted on stars that the process had not seen (folds of the sky).
    """

    centre: Floats
    """Means of the inputs, float64 [18]: period (d) and `FourierParameters.features`."""
    spread: Floats
    """Their standard deviations over the weights, float64 [18]."""
    low: Floats
    """The least values among training stars; inputs are clipped to them, float64 [18]."""
    high: Floats
    """The largest."""
    support: Floats
    """Inputs of the training stars, standardised, float64 [m, 18]."""
    weights: Floats
    """float64 [m]."""
    mean: float
    """Mean [Fe/H] of the training stars."""
    model: float = 0.15
    """Error that a perfect light curve leaves, dex."""
    slope: float = 1.0
    """dex/rad."""
    bounds: tuple[float, float] = (1.0, 1.645)
    """Errors to either side that hold 68 and 90 % of stars."""
    range: tuple[float, float] = (-3.0, 0.5)
    """[Fe/H] of the training stars."""

    @classmethod
    def fit(cls, period: Floats, parameters: FourierParameters, feh: Floats, how: Kernel | None = None) -> Regression:
        """Learn from stars with known [Fe/H]."""
        how = how or Kernel()
        inputs = parameters.inputs(period)
        order = np.arange(2, ORDER + 1)
        weight = 1 / np.concatenate([[1 / how.period_weight, 1.0], order, order, [2.0, 2.0]])
        centre, spread = inputs.mean(axis=0), inputs.std(axis=0) / weight * how.length * np.sqrt((weight**2).sum())
        support = (inputs - centre) / spread
        error = parameters.errors[:, 4]
        noise = how.noise * (0.6 + 0.4 * (error / np.median(error)) ** 2)
        kernel = _kernel(support, support) + np.diag(noise)
        return cls(
            centre,
            spread,
            inputs.min(axis=0),
            inputs.max(axis=0),
            support,
            np.linalg.solve(kernel, feh - feh.mean()),
            float(feh.mean()),
            range=(float(feh.min()), float(feh.max())),
        )

    def predict(self, period: Floats, parameters: FourierParameters) -> tuple[Floats, npt.NDArray[np.bool_]]:
        """[Fe/H], and whether nothing like the star was in training."""
        inputs = np.clip(parameters.inputs(period), self.low, self.high)
        scaled = (inputs - self.centre) / self.spread
        feh, near = np.empty(len(scaled)), np.empty(len(scaled))
        for first in range(0, len(scaled), _CHUNK):
            kernel = _kernel(scaled[first : first + _CHUNK], self.support)
            feh[first : first + _CHUNK] = self.mean + kernel @ self.weights
            near[first : first + _CHUNK] = kernel.max(axis=1, initial=0)
        beyond = (period < self.low[0] - _SAME) | (period > self.high[0] + _SAME)
        return feh, beyond | (near < _NEAREST) | (feh < self.range[0]) | (feh > self.range[1])

    def errors(self, parameters: FourierParameters) -> tuple[Floats, Floats]:
        """The part of the error that is measurement, and that of the model, dex."""
        measured = self.slope * parameters.errors[:, 4]
        return measured, np.full_like(measured, self.model)

    def calibrated(self, answers: Floats, error: Floats, feh: Floats) -> Regression:
        """With the errors of answers for stars it had not seen; `error` is that of φ31."""
        from scipy.optimize import minimize

        rest = answers - feh

        def loss(logs: Floats) -> float:
            variance = np.exp(2 * logs[0]) + np.exp(2 * logs[1]) * error**2
            return float(np.mean(np.log(variance) + rest**2 / variance))

        model, slope = np.exp(minimize(loss, [-2.0, 0.0], method="Nelder-Mead").x)
        size = np.abs(rest) / np.hypot(model, slope * error)
        bounds = np.quantile(size, [0.68, 0.9])
        return replace(self, model=float(model), slope=float(slope), bounds=(float(bounds[0]), float(bounds[1])))


def _kernel(left: Floats, right: Floats) -> Floats:
    square = (left**2).sum(axis=1)[:, None] + (right**2).sum(axis=1) - 2 * left @ right.T
    return np.asarray(np.exp(-0.5 * np.maximum(square, 0)))
