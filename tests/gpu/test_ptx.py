"""Every kernel of features and periods compiles for a GPU of compute capability 9.0; none is needed for that."""

from __future__ import annotations

from types import SimpleNamespace

import numba as nb
import numpy as np
import pytest

from lcscale.features import FAMILIES
from lcscale.features.batch import BandBatch
from lcscale.features.catalogue import PAIR_FAMILIES
from lcscale.kernels import turns
from lcscale.kernels.launching import thread
from lcscale.lightcurves import LightCurves
from lcscale.periods import choice


@pytest.fixture
def cuda(monkeypatch):
    """The compiler of numba-cuda, which asks the device for its kind when a kernel calls another: there is none."""
    pytest.importorskip("numba_cuda", reason="numba-cuda compiles for a GPU without one: pip install lcscale[dev]")
    from numba import cuda
    from numba.cuda import dispatcher

    monkeypatch.setattr(dispatcher, "get_current_device", lambda: SimpleNamespace(compute_capability=(9, 0)))
    return cuda


def check_launch(loop, arguments, cuda):
    """Compile a loop as `launch` would start it on arrays of these values."""
    types = nb.types.Tuple((nb.float64[:, ::1], *(nb.typeof(x) for x in arguments)))
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
    values, places, cube = np.zeros(3), np.zeros(3, np.int64), np.zeros((1, 1, 1))
    series = (values, values, values, places, places, values, cube[0])
    arguments = (series, places, cube[0], 0.1, 0.1, 1, True, 0.1, 1, (values, places, cube, cube))
    check_launch(choice.choose_each, arguments, cuda)


def test_phasor_compiles_to_arithmetic_alone(cuda):
    ptx, _ = cuda.compile_ptx(turns.cos_sin_turns.py_func, (nb.float64,), device=True, cc=(9, 0))
    assert "call" not in ptx
    assert "bra" not in ptx
