"""How far scores in another precision may be from those in float32."""

from __future__ import annotations

import numpy as np

from lcscale.models.judging.calibration import softmax


def check_same(scores, expected, tolerance):
    """Scores within the tolerance, and the same class wherever two differ by more than it."""
    assert np.abs(scores - expected).max() < tolerance
    margin = np.diff(np.sort(expected, axis=1)[:, -2:], axis=1)[:, 0]
    clear = margin > tolerance
    assert clear.any()
    assert np.array_equal(scores.argmax(1)[clear], expected.argmax(1)[clear])


def check_bfloat16(scores, expected, temperature):
    """Scores of networks in bfloat16: 8 bits, 2^-8 of a score's size after some layers, 1.5 % of the largest here.

    Probabilities of 99 of 100 stars move by less than 0.02, and 99 of 100 keep their class.
    """
    assert np.abs(scores - expected).max() < 0.015 * np.abs(expected).max()
    moved = np.abs(softmax(scores / temperature) - softmax(expected / temperature)).max(axis=1)
    assert np.quantile(moved, 0.99) < 0.02
    assert (scores.argmax(1) == expected.argmax(1)).mean() > 0.99
