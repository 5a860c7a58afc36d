"""The whole step of YSO candidates, features and both branches and R, on one core; memory of a batch."""

from __future__ import annotations

import time

import numpy as np
import pyarrow as pa
import pytest

from lcscale.products.yso import CLASSES, ClassifyYSO, Photometry
from lcscale.simulation.population import simulate_population

pytestmark = pytest.mark.slow


def test_sources_in_a_second():
    stars = simulate_population(dict.fromkeys(CLASSES, 5000), seed=1)
    for band in ("w3", "w4"):
        stars = stars.append_column(f"{band}_rchi2", pa.array(np.ones(len(stars))))
    stars = stars.take(pa.array(np.random.default_rng(0).integers(0, len(stars), 100_000)))
    steps = Photometry.of(stars.schema, keep=("ra", "dec")), ClassifyYSO()
    seconds = []
    for _ in range(4):
        start = time.process_time()
        table = stars
        for step in steps:
            table = step(table)
        seconds.append(time.process_time() - start)
    rate = len(stars) / min(seconds)
    print(f"{rate:,.0f} sources a second and core; 1e8 sources take {1e8 / rate / 3600:.1f} core hours")
    assert table.column("class").null_count < 0.05 * len(stars)
    assert rate > 50_000
