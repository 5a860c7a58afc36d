"""A device that is absent ends the job at once, in one line; on the one that is there it goes on."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from skies import put, sky_table

from lcscale import cli
from lcscale.errors import DeviceError, LcscaleError
from lcscale.features import Extract, extract
from lcscale.lake import Lake
from lcscale.lightcurves import LightCurves
from lcscale.models import Classify, load
from lcscale.periods import FrequencyGrid, Search, find
from lcscale.products import variable_candidates

GRID = FrequencyGrid(0.1, 1.0, 0.01)
ABSENT = f"cuda:{torch.cuda.device_count()}"


@pytest.fixture
def stars(lake):
    """A catalog of 200 light curves in several partitions."""
    return put(lake, "stars", sky_table(200))


@pytest.mark.parametrize("name", [ABSENT, "gpu", "meta", "cuda:-7"])
def test_what_is_no_device_here_is_refused_before_any_work(name):
    lcs = LightCurves(np.arange(12.0), np.arange(12.0), np.ones(12), [0, 12])
    for call in (
        lambda: find(lcs, GRID, device=name),
        lambda: extract(lcs, ["mean"], device=name),
        lambda: load("demo", name),
    ):
        with pytest.raises(DeviceError, match="device"):
            call()


@pytest.mark.parametrize(
    "steps",
    [
        (Search(GRID, device=ABSENT),),
        (Extract(("mean",), device=ABSENT),),
        (Search(GRID), Classify("demo", device=ABSENT)),
    ],
    ids=["search", "extract", "classify"],
)
def test_the_job_ends_with_the_first_partition(stars, lake, steps):
    assert len(list(stars.partitions)) > 3
    with pytest.raises(LcscaleError, match="no device") as stopped:
        stars.map(*steps).write("never", max_failed=1.0)
    assert "\n" not in str(stopped.value)
    assert "never" not in Lake(lake.root).names()


def test_candidates_of_an_absent_device_end_at_once_too(stars):
    with pytest.raises(LcscaleError, match="no device"):
        variable_candidates(stars, "demo", grid=GRID, device=ABSENT).write("never")


def test_on_the_cpu_by_name_all_is_the_same(stars):
    chosen = variable_candidates(stars, "demo", grid=GRID, device="cpu")
    default = variable_candidates(stars, "demo", grid=GRID)
    assert [step.fingerprint() for step in chosen.steps] == [step.fingerprint() for step in default.steps]
    if not torch.cuda.is_available():
        assert chosen.to_arrow().equals(default.to_arrow())


@pytest.mark.parametrize("command", ["features", "classify", "train"])
def test_commands_say_it_in_one_line(stars, lake, command, monkeypatch, capsys):
    options = {
        "features": ["--name", "x"],
        "classify": ["--model", "demo"],
        "train": ["--model", "m", "--label", "object_id"],
    }
    monkeypatch.setattr(
        "sys.argv", ["lcscale", command, "stars", "--lake", str(lake.root), *options[command], "--device", ABSENT]
    )
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    assert stopped.value.code
    error = capsys.readouterr().err.strip().splitlines()
    assert "no device" in error[-1]
    assert sum("no device" in line for line in error) == 1
