"""How many RR Lyrae stars a core gives [Fe/H] in a second, once there are periods."""

from __future__ import annotations

import time

import numpy as np
import pyarrow as pa
import pytest

from lcscale.lightcurves import LightCurves
from lcscale.periods import PERIOD_SCHEMA
from lcscale.products.rrlyrae import Metallicities, RRLyraeModel
from lcscale.products.rrlyrae.equations import ORDER

pytestmark = pytest.mark.slow
EACH = 40


def stars(n: int, seed: int) -> pa.Table:
    """Stars of the shipped population of RRab, with 40 observations each."""
    rng = np.random.default_rng(seed)
    population = RRLyraeModel.load("gaia_g").populations["RRab"]
    period = rng.normal(population.pivot, population.period_spread / 2, n)
    series = population.means(period) + rng.multivariate_normal(np.zeros(2 * ORDER), population.covariance, n)
    times = np.sort(rng.uniform(0, 1000, (n, EACH)), axis=1)
    angle = 2 * np.pi * (times / period[:, None])
    mag = 16 + rng.normal(0, 0.02, (n, EACH))
    for k in range(ORDER):
        mag += series[:, k, None] * np.cos((k + 1) * angle) + series[:, ORDER + k, None] * np.sin((k + 1) * angle)
    error = np.full(n * EACH, 0.02, np.float32)
    lcs = LightCurves(times.ravel(), mag.ravel().astype(np.float32), error, np.arange(0, n * EACH + 1, EACH))
    nested = lcs.to_arrow()
    schema = pa.schema([pa.field("lightcurve", nested.type), PERIOD_SCHEMA.field("period")])
    return pa.Table.from_arrays([nested, pa.array(period)], schema=schema)


@pytest.mark.parametrize("n", [4096, 270_905])
def test_stars_a_second(n):
    step, part = Metallicities(), 16_384
    step(stars(64, 0))
    answered, taken = 0, 0.0
    for first in range(0, n, part):
        table = stars(min(part, n - first), 1 + first)
        began = time.process_time()
        answered += len(table) - step(table)["feh"].null_count
        taken += time.process_time() - began
    print(f"{n:,} stars in {taken:.1f} s of CPU time: {n / taken:.0f} a second")
    assert answered > 0.999 * n
    assert n / taken > 150  # 300 on a core of its own
