"""What a job promises, each promise with a test that tries to break it."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hats.io import paths
from hats.pixel_math import HealpixPixel
from upath import UPath

from lcscale.lake import Pixel
from lcscale.lake.leaf import leaf_path, parquet_options

TESTS = Path(__file__).parents[1]


@pytest.mark.parametrize("pixel", [(0, 0), (0, 11), (6, 12345), (10, 10_000), (13, 805_306_367), (29, (12 << 58) - 1)])
def test_leaves_lie_where_hats_looks_for_them(pixel):
    folder = UPath("/lake/sky/v1")
    assert str(leaf_path(folder, Pixel(*pixel))) == str(paths.pixel_catalog_file(folder, HealpixPixel(*pixel)))


def test_a_worker_writes_a_leaf_without_importing_hats(lake, sky):
    """The import alone takes longer than many a partition."""
    plan = replace(sky.plan(), leaf_options=parquet_options(sky.schema))
    task = pickle.dumps((sky.partitions[3], plan, lake.root / "elsewhere"))
    script = (
        "import pickle, sys\n"
        "from lcscale.lake.partition import write_partition\n"
        "print(write_partition(*pickle.load(sys.stdin.buffer))['rows'], 'hats' in sys.modules)\n"
    )
    environment = os.environ | {"PYTHONPATH": str(TESTS)}
    told = subprocess.run([sys.executable, "-c", script], input=task, capture_output=True, env=environment, check=True)
    rows = sky.partitions[3].read()
    assert told.stdout.split() == [str(rows.num_rows).encode(), b"False"]
    written = replace(sky.partitions[3], path=str(leaf_path(lake.root / "elsewhere", sky.partitions[3].pixel)))
    assert written.read().equals(rows)
