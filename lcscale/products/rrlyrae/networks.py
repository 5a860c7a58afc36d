"""Networks from light curves of RRab stars to [Fe/H]: the package's own families, told the denoised parameters."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from lcscale.errors import ModelError
from lcscale.kernels.compiling import Floats
from lcscale.lightcurves import LightCurves
from lcscale.models.labels.splitting import Split
from lcscale.products.rrlyrae.columns import DENOISED
from lcscale.products.rrlyrae.parameters import FourierParameters

if TYPE_CHECKING:
    from lcscale.models.keeping.model import Model

SPLIT, FOLDS = Split(), 5
"""Folds of the sky that everything is judged on which learns from labels."""
LABEL_ERROR = 0.1
"""Of photometric labels on their scale, dex; assumed."""
_NAME = "feh"
_ERROR = "label_error"


def train_network(
    lcs: LightCurves,
    period: Floats,
    parameters: FourierParameters,
    feh: Floats,
    place: npt.NDArray[np.int64],
    folder: str | Path,
    *,
    network: str = "gru",
    epochs: int = 30,
    seed: int = 0,
) -> Model:
    """Train one network a fold of the sky, stopped early on stars that are not those it is judged by.

    Parameters
    ----------
    lcs
        Light curves of one band with labels, magnitudes.
    period, feh
        Days and dex, float64 [n].
    parameters
        Denoised, of the same stars.
    place
        Nested HEALPix index at order 29, int64 [n].
    folder
        Where the model goes.
    network
        ``gru``, ``lstm`` or ``transformer``: sequences of (phase × P, mag − mean, error), or phase for the last.
    epochs, seed
        Of the training.
    """
    from lcscale.models import Augmentation, LabelledCurves, Preparation, Role, TrainingOptions, ValueHead, train

    told = numbers_told(parameters)
    columns = {**told, _NAME: feh, _ERROR: np.full(len(feh), LABEL_ERROR)}
    return train(
        LabelledCurves(lcs, period, np.full(len(feh), None, object), place, (), columns),
        folder,
        trained_on="real",
        head=ValueHead(_NAME, "dex", error=_ERROR, density_power=0.25),
        split=SPLIT,
        folds=FOLDS,
        preparation=Preparation(roles=(Role("G", ("G",)),), columns=tuple(told), length=96),
        options=TrainingOptions(
            epochs=epochs,
            learning_rate=3e-3,
            hidden=64,
            dropout=0.1,
            network=network,
            phase_in_days=True,
            augmentation=Augmentation((0.7, 1.0), 0.0, 0.0, 0.0, 0.0),
            seed=seed,
        ),
        baselines=False,
        progress=False,
    )


def numbers_told(parameters: FourierParameters) -> dict[str, Floats]:
    """Denoised amplitudes and phases with their errors, by the columns that they have in a catalogue."""
    values = (*parameters.amplitudes.T, *parameters.phases.T)
    each = (number for pair in zip(values, parameters.errors.T, strict=True) for number in pair)
    return {column.name: number for column, number in zip(DENOISED, each, strict=True)}


def by_network(
    model: Model,
    lcs: LightCurves,
    period: Floats,
    parameters: FourierParameters,
    fold: npt.NDArray[np.int64] | None = None,
) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """[Fe/H] and its error, float64 [2, n], NaN where there is none; and what is extrapolated.

    Parameters
    ----------
    model
        Of `train_network`.
    lcs, period, parameters
        As `train_network` has them.
    fold
        Fold of each star of the training set, which is answered by the network alone that has not seen it.
    """
    answered = model.predict(lcs, period, bands=(), columns=numbers_told(parameters))
    answers = np.asarray(answered.answers.T, np.float64)
    if fold is not None:
        if model.card.members != FOLDS or not np.isin(fold, range(FOLDS)).all():
            raise ModelError(f"{model.card.name} is no ensemble of {FOLDS} folds of the sky")
        for k, network in enumerate((model.network, *model.others)):
            rows = np.flatnonzero(fold == k)
            alone = replace(model, network=network, others=())
            told = numbers_told(parameters.take(rows))
            answers[:, rows] = alone.predict(lcs.take(rows), period[rows], bands=(), columns=told).answers.T
    return answers, answered.extrapolated
