"""Choosing the kernel of the regression on one half of the stars, so that the other half judges what was chosen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

from lcscale.kernels.compiling import Floats
from lcscale.products.rrlyrae.parameters import FourierParameters
from lcscale.products.rrlyrae.regression import Kernel, Regression

Integers = npt.NDArray[np.int64]

GRID = tuple(Kernel(*each) for each in product((0.08, 0.15, 0.3), (0.6, 0.8, 1.1), (1.0, 2.0, 3.0)))
"""Kernels that are tried."""


def unseen(
    period: Floats, parameters: FourierParameters, feh: Floats, fold: Integers, how: Kernel | None = None
) -> Floats:
    """[Fe/H] of each star by a regression that had not seen its fold, float64 [n]."""
    answers = np.empty(len(feh))
    for each in np.unique(fold):
        rest, test = np.flatnonzero(fold != each), np.flatnonzero(fold == each)
        trained = Regression.fit(period[rest], parameters.take(rest), feh[rest], how)
        answers[test] = trained.predict(period[test], parameters.take(test))[0]
    return answers


def tuned(
    period: Floats,
    parameters: FourierParameters,
    feh: Floats,
    fold: Integers,
    half: Integers,
    grid: Sequence[Kernel] = GRID,
) -> tuple[Kernel, dict[str, Any]]:
    """The kernel of the lowest RMSE on half 0 alone, and figures of both halves.

    Parameters
    ----------
    period, parameters, feh
        Of all stars; days, denoised, dex.
    fold
        Of each star.
    half
        0 for stars that choose, 1 for those that judge: whole pixels of the sky.
    grid
        What is tried.
    """
    rows = np.flatnonzero(half == 0)
    some = (period[rows], parameters.take(rows), feh[rows], fold[rows])
    losses = [_rms(unseen(*some, how) - feh[rows]) for how in grid]
    best = grid[int(np.argmin(losses))]
    rest = unseen(period, parameters, feh, fold, best) - feh
    return best, {
        "kernel": asdict(best),
        "trials": len(grid),
        "chosen on": {"n": rows.size, "rmse": min(losses), "rmse of the worst kernel": max(losses)},
        "judged on": {"n": len(feh) - rows.size, "rmse": _rms(rest[half == 1])},
        "chosen on, trained on both halves": {"n": rows.size, "rmse": _rms(rest[half == 0])},
    }


def _rms(rest: Floats) -> float:
    return round(float(np.sqrt(np.mean(rest**2))), 4)
