"""Networks in bfloat16, as a GPU runs them: the tolerance that `make gpu` holds, with the CPU in its place."""

from __future__ import annotations

import pytest
from bfloat16 import check_bfloat16, check_same

from lcscale import models
from lcscale.models.inputs.preparation import prepare
from lcscale.models.keeping.model import network_scores
from lcscale.simulation.synthesis import synthesize


def test_bfloat16_has_a_tolerance_of_its_own():
    model = models.load("demo")
    made = synthesize(["RRab", "RRc", "EW", "EA", "DSCT", "DCEP_F", "LPV", "ROT"] * 16, 5, n_observations=(40, 120))
    seen = prepare(made.lcs, made.period, model.card.preparation, bands=made.lcs.bands)
    exact, rounded = (network_scores(model.network, seen, precision) for precision in ("float32", "bfloat16"))
    check_same(network_scores(model.network.fused(), seen, "float32"), exact, 1e-3)
    check_bfloat16(rounded, exact, model.card.head.temperature)
    with pytest.raises(AssertionError):
        check_same(rounded, exact, 1e-3)  # the tolerance of float32, which no GPU in bfloat16 would hold
