"""Every kernel of features and periods compiles for a GPU of compute capability 9.0; none is needed for that."""

from __future__ import annotations

from types import SimpleNamespace

import numba as nb
import numpy as np
import pytest

from lcscale.features import (
    FAMILIES,
    counts,
    distribution,
    folded,
    fourier,
    moments,
    morphology,
    multiband,
    pairwise,
    robust,
    sequence,
    trends,
    variability,
)
from lcscale.features.batch import BandBatch
from lcscale.features.catalogue import PAIR_FAMILIES
from lcscale.lightcurves import LightCurves
from lcscale.periods import choice, evidence, turns
from lcscale.periods.launching import thread

VALUES = nb.float64[::1]
ROWS = nb.float64[:, ::1]
TABLE = nb.float64[:, :, ::1]
INTEGERS = nb.int64[::1]
NUMBER = nb.float64
SERIES = (VALUES, VALUES, VALUES, NUMBER, NUMBER, ROWS, ROWS)
COUNT = nb.int64
CURVE = nb.types.Tuple((VALUES, VALUES, VALUES, INTEGERS, VALUES))
ROOM = (ROWS, ROWS)

KERNELS = {  # a family's kernel, and what it takes for one light curve
    "counts": (counts.counts, (VALUES, VALUES)),
    "cadence": (counts.cadence, (VALUES, VALUES)),
    "moments": (moments.moments, (VALUES, VALUES, VALUES)),
    "variability": (variability.variability, (VALUES, VALUES, VALUES, NUMBER, NUMBER, VALUES)),
    "sequence": (sequence.sequence, (VALUES, VALUES, VALUES, VALUES)),
    "morphology": (morphology.morphology, (VALUES, VALUES, VALUES, VALUES)),
    "robust": (robust.robust, (VALUES, VALUES, nb.boolean, VALUES)),
    "distribution": (distribution.distribution, (VALUES, TABLE, VALUES)),
    "trends": (trends.trends, (VALUES, VALUES, VALUES, VALUES)),
    "weighted trends": (trends.weighted_trends, (VALUES, VALUES, VALUES, VALUES)),
    "folded": (folded.folded, (VALUES, INTEGERS, VALUES)),
    "fourier": (fourier.fourier, (*SERIES, VALUES)),
    "pairwise": (pairwise.qn, (VALUES,)),
    "first harmonic": (fourier.first_harmonic, SERIES),
    "color scatter": (multiband.color_scatter, (VALUES, VALUES, VALUES, VALUES)),
    "evidence": (evidence.log_evidence, (CURVE, NUMBER, COUNT, NUMBER, *ROOM)),
    "refinement": (choice.refine, (CURVE, NUMBER, NUMBER, COUNT, NUMBER, *ROOM)),
    "ranking": (choice.rank, (CURVE, VALUES, NUMBER, NUMBER, COUNT, *ROOM, ROWS)),
    "doubling": (choice.needs_double, (CURVE, NUMBER, NUMBER, NUMBER, *ROOM)),
    "brightest phase": (choice.brightest_phase, (CURVE, NUMBER, COUNT, *ROOM)),
}


@pytest.fixture
def cuda(monkeypatch):
    """The compiler of numba-cuda, which asks the device for its kind when a kernel calls another: there is none."""
    pytest.importorskip("numba_cuda", reason="numba-cuda compiles for a GPU without one: pip install lcscale[dev]")
    from numba import cuda
    from numba.cuda import dispatcher

    monkeypatch.setattr(dispatcher, "get_current_device", lambda: SimpleNamespace(compute_capability=(9, 0)))
    return cuda


def test_every_family_is_here():
    assert {family.name for family in FAMILIES} <= set(KERNELS)


@pytest.mark.parametrize("name", KERNELS)
def test_kernel_compiles_to_ptx(name, cuda):
    kernel, signature = KERNELS[name]
    ptx, _ = cuda.compile_ptx(kernel.py_func, signature, device=True, cc=(9, 0))
    assert ".target sm_90" in ptx
    assert ".f64" in ptx


def launched(loop, arguments, cuda):
    """The code of a loop as `launch` would start it on arrays of these values."""
    types = nb.types.Tuple((ROWS, *(nb.typeof(x) for x in arguments)))
    ptx, _ = cuda.compile_ptx(thread(loop), (COUNT, types), cc=(9, 0))
    return ptx


def batch():
    values = np.arange(20.0)
    lcs = LightCurves(values, values.astype(np.float32), values.astype(np.float32) + 1, [0, 20])
    return BandBatch.of(lcs, np.array([3.0]), "linear")


@pytest.mark.parametrize("family", FAMILIES, ids=lambda f: f.name)
def test_launches_compile_to_ptx(family, cuda):
    assert ".visible .entry" in launched(family.each, (batch().offsets, *family.arguments(batch())), cuda)


@pytest.mark.parametrize("family", PAIR_FAMILIES, ids=lambda f: f.name)
def test_launches_of_two_bands_compile_to_ptx(family, cuda):
    assert ".visible .entry" in launched(family.each, (batch().offsets, *family.arguments(batch(), batch())), cuda)


def test_the_choice_among_peaks_compiles_to_ptx(cuda):
    values, places, cube = np.zeros(3), np.zeros(3, np.int64), np.zeros((1, 1, 1))
    series = (values, values, values, places, places, values)
    arguments = (series, places, cube[0], 0.1, 0.1, 1, (values, places, cube, cube))
    assert ".visible .entry" in launched(choice.choose_each, arguments, cuda)


def test_phasor_compiles_to_arithmetic_alone(cuda):
    ptx, _ = cuda.compile_ptx(turns.cos_sin_turns.py_func, (NUMBER,), device=True, cc=(9, 0))
    assert "call" not in ptx
    assert "bra" not in ptx
