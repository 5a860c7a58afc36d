"""The process that compiles the kernels gives the bits of those that find them compiled."""

import os
import subprocess
import sys

import pytest

SCRIPT = """
import hashlib
import numpy as np
from lcscale.features import extract
from lcscale.lightcurves import LightCurves

rng = np.random.default_rng(5)
counts = rng.integers(20, 300, 40)
offsets = np.r_[0, np.cumsum(counts)]
time = np.concatenate([np.sort(rng.uniform(0, 300, n)) for n in counts])
mag = 15 + np.sin(time) + rng.normal(0, 0.1, time.size)
lcs = LightCurves(time, mag.astype(np.float32), rng.uniform(0.05, 0.1, time.size).astype(np.float32), offsets)
table = extract(lcs, NAMES)
print({name: hashlib.sha256(repr(table[name].to_pylist()).encode()).hexdigest() for name in table.column_names})
"""


def twice(names, folder):
    """What two processes print, one after the other, beginning with nothing compiled."""
    environment = os.environ | {"NUMBA_CACHE_DIR": str(folder)}
    command = [sys.executable, "-c", SCRIPT.replace("NAMES", repr(names))]
    return [subprocess.check_output(command, env=environment, timeout=600) for _ in range(2)]


def test_of_sums(tmp_path):
    first, second = twice(["standard_deviation", "kurtosis"], tmp_path)
    assert first == second


@pytest.mark.slow
def test_of_all_features_and_periods(tmp_path):
    first, second = twice(None, tmp_path)
    assert first == second
