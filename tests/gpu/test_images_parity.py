"""Images on the GPU against the CPU, pixel by pixel. Run with make gpu."""

from __future__ import annotations

import numpy as np
import pytest

from lcscale.images import ImageOptions, render_density, render_dmdt, render_error_bars, render_folded, render_raw
from lcscale.simulation.synthesis import synthesize

pytestmark = pytest.mark.gpu
pytest.importorskip("torch")
OPTIONS = ImageOptions(quantile=0.05)


@pytest.fixture(scope="module")
def made():
    return synthesize(["RRab", "EW", "DSCT", "LPV"] * 250, 6, n_observations=(20, 150))


DRAWINGS = {
    "folded": lambda made, device: render_folded(made.lcs, made.period, None, 64, OPTIONS, device),
    "network": lambda made, device: render_folded(
        made.lcs, made.period, None, 64, ImageOptions(cycles=1, dot_radius=0, alignment="none"), device
    ),
    "raw": lambda made, device: render_raw(made.lcs, 64, OPTIONS, device),
    "density": lambda made, device: render_density(made.lcs, made.period, None, 64, OPTIONS, device),
    "error bars": lambda made, device: render_error_bars(made.lcs, made.period, None, 64, OPTIONS, device),
    "dm-dt": lambda made, device: render_dmdt(made.lcs, 64, device),
}


@pytest.mark.parametrize("name", DRAWINGS)
def test_pixels_are_those_of_the_cpu(name, made):
    """A GPU contracts products and sums: an observation on the border of a pixel may fall into the next one."""
    draw = DRAWINGS[name]
    here, there = draw(made, "cpu"), draw(made, "cuda")
    np.testing.assert_array_equal(there, draw(made, "cuda"))
    assert (here != there).any(axis=(1, 2, 3)).mean() < 0.02
    assert (here != there).sum() < 2e-4 * np.count_nonzero(here)
