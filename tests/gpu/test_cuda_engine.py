"""Jobs on an own cluster of GPU workers (dask-cuda)."""

from __future__ import annotations

from pathlib import Path

import pytest
from skies import put, sky_table
from slowly import Slowly

pytestmark = pytest.mark.gpu
pytest.importorskip("dask_cuda", reason="needs dask-cuda: pip install 'lcscale[gpu]'", exc_type=ImportError)


def test_the_cuda_engine_writes_what_the_serial_one_writes(lake, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1]))
    work = put(lake, "sky", sky_table(1000), order=1).map(Slowly(0.01))
    record = work.write("on_gpus", engine="cuda")
    assert (record.done, record.rows, record.exit_status) == (48, 1000, 0)
    assert record.engine.startswith("dask ")
    work.write("here", engine="serial")
    assert lake["on_gpus"].to_arrow().equals(lake["here"].to_arrow())
