"""The two branches of the classifier, with and without W3 and W4, and R, whether these are real."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from lcscale.models.trees.tabular import TabularModel
from lcscale.products.yso.features import photometric_features, reality_features

REALITY = ("spurious", "real")
"""Classes of a detection in W3 or W4."""
MEAN = "geometric mean"
"""What a card says of models that take the mean of both branches. R chose before: on 1,176 stars with W3 that was no
gain over either branch alone."""
LONG_BANDS = ("w3", "w4")
"""Bands in which AllWISE has many spurious detections: nebulosity, other stars."""
Floats = npt.NDArray[np.float64]


def realities(model: TabularModel, numbers: Mapping[str, Floats], n: int) -> dict[str, npt.NDArray[np.float32]]:
    """Probability that the long-wavelength photometry is real, float32 [n]: `R_w3`, `R_w4`, and `R`.

    `R` is that of the less certain of the bands measured; NaN where none is, or nothing is known of the detection.
    """
    result = {}
    for band in LONG_BANDS:
        probability, _ = model.predict(f"R_{band}", reality_features(numbers, band, n), n)
        result[f"R_{band}"] = probability[:, REALITY.index("real")]
    return result | {"R": np.fmin(result["R_w3"], result["R_w4"])}


def choose(
    short: npt.NDArray[np.float32], long: npt.NDArray[np.float32], reality: npt.NDArray[np.float32]
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.object_]]:
    """Probabilities of the branch that counts, and its name: how models chose that were trained before `MEAN`.

    It is the one with W3 and W4 where that photometry is more probably real than not and the branch has an answer.

    Parameters
    ----------
    short, long
        float32 [n, n_classes], probabilities without and with W3 and W4; NaN where a branch has no answer.
    reality
        float32 [n], `R`.
    """
    taken = (np.nan_to_num(reality) > 0.5) & np.isfinite(long[:, 0])
    return np.where(taken[:, None], long, short), np.where(taken, "LY", "SY").astype(object)


def average(
    short: npt.NDArray[np.float32], long: npt.NDArray[np.float32]
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.object_]]:
    """Geometric mean of both branches where both have an answer, else that of the one that has; and which it is.

    Parameters
    ----------
    short, long
        As `choose` has them.
    """
    product = np.sqrt(short * long)
    both = np.isfinite(product[:, 0])
    mean = product / product.sum(axis=1, keepdims=True)
    alone = np.where(np.isfinite(short), short, long)
    name = np.where(both, "both", np.where(np.isfinite(short[:, 0]), "SY", "LY")).astype(object)
    return np.where(both[:, None], mean, alone).astype(np.float32), name


def answer(
    model: TabularModel, short: npt.NDArray[np.float32], long: npt.NDArray[np.float32], reality: npt.NDArray[np.float32]
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.object_]]:
    """What a model says out of both branches, and which of them it is from."""
    return average(short, long) if model.card.data.get("branches") == MEAN else choose(short, long, reality)


def both_branches(
    model: TabularModel, numbers: Mapping[str, Floats], n: int
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Probabilities without and with W3 and W4, float32 [n, n_classes] each; NaN where a branch has no answer.

    Measurements that are no photometry (``tau``, features of light curves) are features as they are.
    """
    features = {**numbers, **photometric_features(numbers, n)}
    return model.predict("SY", features, n)[0], model.predict("LY", features, n)[0]
