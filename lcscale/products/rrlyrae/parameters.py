"""`FourierParameters`: amplitudes, ratios and phase differences of series with the covariance of their coefficients."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from lcscale.kernels.compiling import Floats
from lcscale.products.rrlyrae.equations import ORDER
from lcscale.products.rrlyrae.population import Posterior

N_FEATURES = 2 * ORDER + 1
"""Numbers that a regression sees."""
_LEAST = 1e-6
"""Amplitudes below it count as it, mag: phases of no amplitude have no end of an error."""


@dataclass(frozen=True, eq=False)
class FourierParameters:
    """Of the cosine series ``m = a0 + Σ A_k cos(2πk t/P + φ_k)``; ``φ_k1 = φ_k − k φ_1`` in [0, 2π).

    This is Gaia's convention (``phi31_g`` of RRab stars lies near 2), and that of `lcscale.features`. The φ31 of a sine
    series is larger by π, the φ21 by π/2 less than this one, modulo 2π.
    """

    amplitudes: Floats
    """A_1 to A_3, mag, float64 [n, 3]."""
    phases: Floats
    """φ_21 and φ_31, rad, float64 [n, 2]."""
    errors: Floats
    """Of A_1, A_2, A_3, φ_21 and φ_31, float64 [n, 5]."""
    features: Floats
    """Logarithm of A_1, real and imaginary parts of ``A_k/A_1 exp(i φ_k1)`` for k = 2 to 8, and the logarithms of the
    errors of A_1 and φ_31, float64 [n, 17]."""

    def take(self, rows: npt.NDArray[Any]) -> FourierParameters:
        """The parameters of some stars."""
        return FourierParameters(*(getattr(self, each.name)[rows] for each in fields(self)))

    def inputs(self, period: Floats) -> Floats:
        """What regression and trees see: the period (d) and `features`, float64 [n, 18]."""
        return np.concatenate([period[:, None], self.features], axis=1)

    @classmethod
    def of(cls, posterior: Posterior) -> FourierParameters:
        """The parameters of denoised coefficients; errors by propagation of the posterior's covariance."""
        c = posterior.coefficients
        series = c[:, :ORDER] - 1j * c[:, ORDER:]
        size = np.maximum(np.abs(series), _LEAST)
        angle = np.angle(series)
        order = np.arange(1, ORDER + 1)
        unit = np.exp(1j * (angle - order * angle[:, :1]))
        ratio = (size / size[:, :1] * unit)[:, 1:]
        errors = np.sqrt(np.maximum(_variances(series, size, posterior.covariance), 0))
        told = [np.log(size[:, :1]), ratio.real, ratio.imag, np.log(np.maximum(errors[:, [0, 4]], _LEAST))]
        phases = np.mod(np.angle(unit[:, 1:3]), 2 * np.pi)
        return cls(size[:, :3], phases, errors, np.concatenate(told, axis=1))


def _variances(series: np.ndarray, size: Floats, covariance: Floats) -> Floats:
    """Of A_1, A_2, A_3, φ_21, φ_31 by their gradients, float64 [n, 5]."""
    n = len(size)
    gradient = np.zeros((n, 5, 2 * ORDER))
    for k in range(3):
        gradient[:, k, k] = series[:, k].real / size[:, k]
        gradient[:, k, ORDER + k] = -series[:, k].imag / size[:, k]
    for row, k in ((3, 1), (4, 2)):
        for which, factor in ((k, 1.0), (0, -(k + 1.0))):  # ∂ arg(a − ib)/∂a = b/A², ∂/∂b = −a/A²
            gradient[:, row, which] = -factor * series[:, which].imag / size[:, which] ** 2
            gradient[:, row, ORDER + which] = -factor * series[:, which].real / size[:, which] ** 2
    return np.asarray(np.einsum("nki,nij,nkj->nk", gradient, covariance, gradient))
