"""Time a star of every stage beside two cores, into docs/benchmarks.md. Run with make gpu."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest
from stage_times import HEADING, kept_section, section, stage_times, write_section

from lcscale.periods import FrequencyGrid

PAGE = Path(__file__).parents[2] / "docs" / "benchmarks.md"


@pytest.mark.gpu
def test_every_stage_beside_two_cores():
    torch = pytest.importorskip("torch")
    on_gpu = stage_times(20_000, "cuda")
    print("\n" + "\n".join(f"{name}: {value:.3g} µs a star" for name, value in on_gpu.items()), flush=True)
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        cores = [each.result() for each in [pool.submit(stage_times, 500, "cpu") for _ in range(2)]]
    mean = {name: sum(core[name] for core in cores) / 2 for name in cores[0]}
    text = section(torch.cuda.get_device_name(), on_gpu, mean)
    write_section(PAGE, text)
    print("\n" + text)


def test_the_stages_run_and_their_table_replaces_the_one_before(tmp_path):
    times = stage_times(3, "cpu", FrequencyGrid(0.01, 2.0, 0.01))
    assert all(value > 0 for value in times.values())
    page = tmp_path / "page.md"
    page.write_text("# Benchmarks\n")
    for name in ("Old", "New"):
        write_section(page, section(name, times, times))
    assert page.read_text().count(HEADING) == 1
    assert "one New" in page.read_text()
    assert len(kept_section(page.read_text()).splitlines()) == 6 + len(times)
    assert "| the whole chain |" in page.read_text()
