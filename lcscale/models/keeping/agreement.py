"""`agreement`: whether the parts of a model say the same of a star; if not, it may be of none of the classes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def agreement(of_parts: npt.NDArray[np.floating], given: npt.NDArray[np.integer]) -> npt.NDArray[np.float32]:
    """Geometric mean, over the parts, of the probability of the class that is given; float32 [n], NaN stays.

    Parts that were grown in different ways are wrong in different ways about stars that none of them was taught.

    Parameters
    ----------
    of_parts
        float [n_parts, n, n_classes], probabilities.
    given
        int [n], the classes.

    Examples
    --------
    >>> agreement(np.array([[[0.9, 0.1], [0.9, 0.1]], [[0.9, 0.1], [0.1, 0.9]]]), np.array([0, 0])).round(3).tolist()
    [0.8999999761581421, 0.30000001192092896]
    """
    of_class = np.take_along_axis(of_parts, given[None, :, None], axis=2)[:, :, 0]
    return np.asarray(np.exp(np.log(np.maximum(of_class, 1e-12)).mean(axis=0)), np.float32)
