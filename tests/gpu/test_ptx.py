"""Every kernel of features, periods and images compiles for a GPU (capability 9.0); none is needed for that."""

from __future__ import annotations

from types import SimpleNamespace

import numba as nb
import numpy as np
import pytest

from lcscale.features import FAMILIES
from lcscale.features.batch import BandBatch
from lcscale.features.catalogue import PAIR_FAMILIES
from lcscale.images import channels, render
from lcscale.kernels import turns
from lcscale.kernels.launching import thread
from lcscale.lightcurves import LightCurves
from lcscale.periods import choice, mirrors, red_noise

DRAWN = (render.each_folded, render.each_raw, channels.each_density, channels.each_dmdt)

VALUES, PLACES, CUBE = np.zeros(3), np.zeros(3, np.int64), np.zeros((1, 1, 1))
STARS = ((VALUES, VALUES, VALUES, PLACES, PLACES, VALUES, CUBE[0]), PLACES)
ROOM = (VALUES, PLACES, CUBE, CUBE)
"""What `for_each` gives every loop over stars, before and after its own arguments."""


@pytest.fixture
def cuda(monkeypatch):
    """The compiler of numba-cuda, which asks the device for its kind when a kernel calls another: there is none."""
    pytest.importorskip("numba_cuda", reason="numba-cuda compiles for a GPU without one: pip install lcscale[dev]")
    from numba import cuda
    from numba.cuda import dispatcher

    monkeypatch.setattr(dispatcher, "get_current_device", lambda: SimpleNamespace(compute_capability=(9, 0)))
    return cuda


def check_launch(loop, arguments, cuda, out=nb.float64[:, ::1]):
    """Compile a loop as `launch` would start it on arrays of these values."""
    types = nb.types.Tuple((out, *(nb.typeof(x) for x in arguments)))
    ptx, _ = cuda.compile_ptx(thread(loop), (nb.int64, types), cc=(9, 0))
    assert ".target sm_90" in ptx
    assert ".visible .entry" in ptx


def batch():
    values = np.arange(20.0)
    lcs = LightCurves(values, values.astype(np.float32), values.astype(np.float32) + 1, [0, 20])
    return BandBatch.of(lcs, np.array([3.0]), "linear")


@pytest.mark.parametrize("family", FAMILIES, ids=lambda f: f.name)
def test_launches_compile_to_ptx(family, cuda):
    check_launch(family.each, (batch().offsets, *family.arguments(batch())), cuda)


@pytest.mark.parametrize("family", PAIR_FAMILIES, ids=lambda f: f.name)
def test_launches_of_two_bands_compile_to_ptx(family, cuda):
    check_launch(family.each, (batch().offsets, *family.arguments(batch(), batch())), cuda)


def test_the_choice_among_peaks_compiles_to_ptx(cuda):
    check_launch(choice.choose_each, (*STARS, CUBE[0], 0.1, 0.1, 1, True, 0.1, 1, ROOM), cuda)


def test_evidence_and_mirrors_compile_to_ptx(cuda):
    check_launch(red_noise.evidence_each, (*STARS, *6 * (VALUES,), ROOM), cuda)
    check_launch(mirrors.mirror_each, (*STARS, VALUES, VALUES, PLACES, VALUES, VALUES, ROOM), cuda)


@pytest.mark.parametrize("loop", DRAWN, ids=lambda f: f.__name__)
def test_images_compile_to_ptx(loop, cuda):
    check_launch(loop, drawing_arguments(loop), cuda, nb.uint8[:, :, :, ::1])


def drawing_arguments(loop):
    """What a loop of `DRAWN` takes after the images, of one star in two bands."""
    values, band = np.arange(20.0), np.zeros(20, np.int8)
    mag, offsets, one = values.astype(np.float32), np.array([0, 20]), np.ones(1)
    memory = np.empty((1, 5000), np.int32), np.empty((1, 32))
    curves = {
        render.each_folded: (values, mag, band, offsets, one, one, 1, 0, 0.01, 0.1, False, True, False),
        render.each_raw: (values, mag, band, offsets, 0, 0.01, 0.1, False),
        channels.each_density: (values, mag, mag, band, offsets, True, one, one, 1, 0.01, 0.1, False, True),
        channels.each_dmdt: (values, mag, band, offsets),
    }
    return *curves[loop], *memory


def test_phasor_compiles_to_arithmetic_alone(cuda):
    ptx, _ = cuda.compile_ptx(turns.cos_sin_turns.py_func, (nb.float64,), device=True, cc=(9, 0))
    assert "call" not in ptx
    assert "bra" not in ptx
