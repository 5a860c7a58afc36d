"""`SeriesEquations`: normal equations of Fourier series of folded light curves, their mean magnitude eliminated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lcscale.features.batch import BandBatch
from lcscale.kernels.compiling import Floats, Integers, kernel
from lcscale.kernels.harmonics import MAX_HARMONICS, MOMENTS, N_PARAMETERS, WORK_ROWS, normal_equations, trig_moments
from lcscale.lightcurves import LightCurves

ORDER = MAX_HARMONICS
"""Harmonics of the series."""
N_COEFFICIENTS = 2 * ORDER
"""Coefficients of a series: its cosines, then its sines."""
UNKNOWN_ERROR = (0.03, 0.16, 18.0)
"""Errors of magnitudes, where the catalog has none, are taken as ``0.03 · 10^(0.16 (m − 18))`` mag, which is what 4,219
folded Gaia DR2 curves scatter about their series; the scatter about its own series scales that of a star."""
JITTER = 0.01
"""Added to the errors in quadrature, mag: what series of this order leave of the shape of an RR Lyrae star."""


@dataclass(frozen=True, eq=False)
class SeriesEquations:
    """What the observations say of the coefficients of a series at phases ``t/P``, cosines first.

    The series is ``m = a0 + Σ_k a_k cos 2πk t/P + b_k sin 2πk t/P``; a0 is eliminated (it has no prior), so that minus
    twice the logarithm of the likelihood is ``square − 2 right·c + c·matrix·c`` and terms without c.
    """

    matrix: Floats
    """float64 [n, 16, 16], 1/mag²."""
    right: Floats
    """float64 [n, 16], 1/mag."""
    square: Floats
    """float64 [n]."""
    counts: Integers
    """Observations, int64 [n]."""

    def __len__(self) -> int:
        return len(self.right)

    def take(self, rows: npt.NDArray[Any]) -> SeriesEquations:
        """The equations of some stars."""
        return SeriesEquations(self.matrix[rows], self.right[rows], self.square[rows], self.counts[rows])

    @classmethod
    def of(cls, lcs: LightCurves, period: Floats) -> SeriesEquations:
        """Equations of clean light curves of one band, magnitudes, at a period in days each.

        Objects without a period or observations have equations of zeros. Errors that are unknown count as
        `UNKNOWN_ERROR` says; `JITTER` is added to all.
        """
        batch = BandBatch.of(lcs, period, "linear")
        size, slope, pivot = UNKNOWN_ERROR
        assumed = np.minimum(size * 10.0 ** (slope * (np.nan_to_num(lcs.mean_mag) - pivot)), 1.0)
        known = np.repeat(batch.errors_known, batch.counts)
        error = np.hypot(np.where(known, batch.error, np.repeat(assumed, batch.counts)), JITTER)
        out = np.zeros((len(batch), N_COEFFICIENTS + 1, N_COEFFICIENTS + 1))
        scratch = np.empty((6, int(batch.counts.max(initial=1))))
        work = np.empty((WORK_ROWS, N_PARAMETERS))
        _each(out, batch.offsets, batch.time, batch.mag, error, period, scratch, work)
        return cls(out[:, 1:, 1:], out[:, 0, 1:].copy(), out[:, 0, 0].copy(), batch.counts)

    @classmethod
    def of_parameters(cls, amplitudes: Floats, phases: Floats, errors: Floats) -> SeriesEquations:
        """Equations that published amplitudes and phase differences amount to, with φ_1 = 0.

        Parameters
        ----------
        amplitudes
            A_1 … A_K, mag, float64 [n, K].
        phases
            φ_k1 = φ_k − k φ_1 of a cosine series, rad, float64 [n, K]; the first is 0.
        errors
            Of the amplitudes (mag) and phases (rad), float64 [n, 2, K].
        """
        n, known = amplitudes.shape
        matrix, right = np.zeros((n, N_COEFFICIENTS, N_COEFFICIENTS)), np.zeros((n, N_COEFFICIENTS))
        cosine, sine = np.cos(phases), np.sin(phases)
        along, across = errors[:, 0] ** -2.0, (amplitudes * errors[:, 1]) ** -2.0
        rows = np.arange(known)
        for k, row in zip(rows, rows + ORDER, strict=True):
            c, s = cosine[:, k], -sine[:, k]  # A cos(x + φ) = A cos φ cos x − A sin φ sin x
            matrix[:, k, k] = along[:, k] * c**2 + across[:, k] * s**2
            matrix[:, row, row] = along[:, k] * s**2 + across[:, k] * c**2
            matrix[:, k, row] = matrix[:, row, k] = (along[:, k] - across[:, k]) * c * s
            right[:, k], right[:, row] = along[:, k] * amplitudes[:, k] * c, along[:, k] * amplitudes[:, k] * s
        square = (along * amplitudes**2).sum(axis=1)
        return cls(matrix, right, square, np.full(n, 2 * known))


@kernel
def _each(
    out: Any, offsets: Integers, time: Floats, mag: Floats, error: Floats, period: Floats, scratch: Any, work: Any
) -> None:
    """Fill row by row ``[[square, right], [right, matrix]]``, with cosines first, and the constant eliminated."""
    moments, matrix = work[MOMENTS], work[:N_PARAMETERS]
    right = work[N_PARAMETERS + 4]
    for i in range(out.shape[0]):
        first, last = offsets[i], offsets[i + 1]
        n = last - first
        if n < 2 or not period[i] > 0.0:
            continue
        weight, weighted = scratch[4, :n], scratch[5, :n]
        total = 0.0
        mean = 0.0
        for j in range(n):
            weight[j] = 1.0 / (error[first + j] * error[first + j])
        for j in range(n):
            total += weight[j]
            mean += weight[j] * mag[first + j]
        mean /= total
        square = 0.0
        for j in range(n):
            weighted[j] = weight[j] * (mag[first + j] - mean)
        for j in range(n):
            square += weighted[j] * (mag[first + j] - mean)
        trig_moments(time[first:last], weight, weighted, 1.0 / period[i], ORDER, scratch, moments)
        normal_equations(moments, ORDER, matrix, right)
        out[i, 0, 0] = square
        for r in range(1, 2 * ORDER + 1):
            place = 1 + (r - 1) // 2 + ORDER * ((r - 1) % 2)
            out[i, 0, place] = right[r]
            out[i, place, 0] = right[r]
            for q in range(1, r + 1):
                other = 1 + (q - 1) // 2 + ORDER * ((q - 1) % 2)
                value = matrix[r, q] - matrix[r, 0] * matrix[q, 0] / matrix[0, 0]
                out[i, place, other] = value
                out[i, other, place] = value
