"""Every scalar kernel of the features compiles for a GPU of compute capability 9.0; none is needed for that."""

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
from lcscale.features.on_device import thread
from lcscale.lightcurves import LightCurves
from lcscale.periods import turns

VALUES = nb.float64[::1]
ROWS = nb.float64[:, ::1]
TABLE = nb.float64[:, :, ::1]
INTEGERS = nb.int64[::1]
NUMBER = nb.float64
SERIES = (VALUES, VALUES, VALUES, NUMBER, INTEGERS, ROWS, ROWS)

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


@pytest.mark.parametrize("family", [family for family in FAMILIES if not family.periodic], ids=lambda f: f.name)
def test_launches_compile_to_ptx(family, cuda):
    """As `launch` would start them, with the types of a batch in float32."""
    values = np.arange(20.0)
    lcs = LightCurves(values, values.astype(np.float32), values.astype(np.float32) + 1, [0, 20])
    batch = BandBatch.of(lcs, np.array([np.nan]), "linear")
    arguments = nb.types.Tuple(tuple(nb.typeof(x) for x in family.arguments(batch)))
    ptx, _ = cuda.compile_ptx(thread(family.each), (INTEGERS, ROWS, arguments), cc=(9, 0))
    assert ".visible .entry" in ptx


def test_phasor_compiles_to_arithmetic_alone(cuda):
    ptx, _ = cuda.compile_ptx(turns.cos_sin_turns.py_func, (NUMBER,), device=True, cc=(9, 0))
    assert "call" not in ptx
    assert "bra" not in ptx
