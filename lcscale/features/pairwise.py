"""Qn: the robust scale from all pairs, dearer than every other feature and made only when asked for by name."""

from __future__ import annotations

from typing import Any

from lcscale.features.declaration import Family, Feature
from lcscale.kernels.compiling import Floats, Integers, kernel

FEATURES = (
    Feature(
        "qn",
        "mag",
        "2.219 times the k-th smallest of the n(n - 1)/2 differences |m[i] - m[j]|, k = h(h - 1)/2, h = n//2 + 1",
        "Rousseeuw & Croux 1993",
        "light-curve QnScale",
        optional=True,
    ),
)

_CONSISTENT = 2.219144465985076
_BISECTIONS = 200


@kernel
def qn(v: Floats) -> float:
    """Qn of the sorted values `v`: bisection on the difference, counting pairs with two pointers."""
    n = v.size
    half = n // 2 + 1
    wanted = half * (half - 1) // 2
    low = -1.0
    high = v[n - 1] - v[0]
    for _ in range(_BISECTIONS):
        middle = 0.5 * (low + high)
        if not low < middle < high:
            break
        count = 0
        start = 0
        for j in range(1, n):
            while start < j and v[j] - v[start] > middle:
                start += 1
            count += j - start
        if count >= wanted:
            high = middle
        else:
            low = middle
    return float(_CONSISTENT * high)


@kernel
def _each(start: int, stop: int, out: Any, offsets: Integers, ordered: Floats) -> None:
    for i in range(start, stop):
        a, b = offsets[i], offsets[i + 1]
        if b - a > 1:
            out[i, 0] = qn(ordered[a:b])


FAMILY = Family("pairwise", FEATURES, _each, lambda batch: (batch.ordered,))
