"""The GPU gives what the CPU gives; then, how fast it is. Run with make gpu."""

from __future__ import annotations

import copy
import time

import numpy as np
import pytest
from bfloat16 import check_bfloat16, check_same

from lcscale import models
from lcscale.models.inputs.preparation import prepare
from lcscale.models.keeping.model import network_scores
from lcscale.simulation.synthesis import synthesize

pytestmark = pytest.mark.gpu
torch = pytest.importorskip("torch")


@pytest.fixture(scope="module")
def inputs():
    """The demo model on the CPU, and what it sees of 4,096 simulated stars."""
    model = models.load("demo")
    labels = [name for name in ("RRab", "RRc", "EW", "EA", "DSCT", "DCEP_F", "LPV", "ROT")] * 512
    made = synthesize(labels, 5, n_observations=(40, 120))
    return model, prepare(made.lcs, made.period, model.card.preparation, bands=made.lcs.bands)


def test_the_network_scores_the_same_in_float32(inputs):
    model, seen = inputs
    on_cpu = network_scores(copy.deepcopy(model.network).cpu(), seen, "float32")
    with torch.backends.cudnn.flags(allow_tf32=False):
        on_gpu = network_scores(copy.deepcopy(model.network).cuda(), seen, "float32")
    check_same(on_gpu, on_cpu, 1e-3)


def test_the_inputs_made_on_the_gpu_are_those_of_the_cpu(inputs):
    model, _ = inputs
    made = synthesize(["RRab", "EW", "DSCT", "LPV"] * 128, 6, n_observations=(40, 120))
    how = model.card.preparation
    on_cpu, on_gpu = (prepare(made.lcs, made.period, how, bands=made.lcs.bands, device=d) for d in ("cpu", "cuda"))
    assert on_gpu.images.device.type == "cuda"
    assert (on_gpu.images.cpu().numpy() != on_cpu.images).sum() < 2e-4 * np.count_nonzero(on_cpu.images)
    np.testing.assert_allclose(on_gpu.numbers, on_cpu.numbers, atol=1e-4)


def test_bfloat16_moves_scores_by_no_more_than_its_eight_bits_allow(inputs):
    """What a GPU runs unless told otherwise; the tolerance is that of `check_bfloat16`, which the CPU holds too."""
    model, seen = inputs
    on_cpu = network_scores(copy.deepcopy(model.network).cpu(), seen, "float32")
    check_bfloat16(network_scores(copy.deepcopy(model.network).cuda(), seen), on_cpu, model.card.head.temperature)


def test_the_same_batch_gives_the_same_bits(inputs):
    model, seen = inputs
    network = copy.deepcopy(model.network).cuda()
    assert np.array_equal(network_scores(network, seen), network_scores(network, seen))


def test_the_network_is_faster_than_on_the_cpu(inputs):
    model, seen = inputs
    seconds = {}
    for device in ("cpu", "cuda"):
        network = copy.deepcopy(model.network).to(device)
        network_scores(network, seen)
        start = time.perf_counter()
        network_scores(network, seen)
        seconds[device] = time.perf_counter() - start
    rates = {device: f"{len(seen) / each:,.0f} stars/s" for device, each in seconds.items()}
    print(
        f"\nnetwork alone, images copied: {torch.cuda.get_device_name()} {rates['cuda']}, one CPU core {rates['cpu']}"
    )
    assert seconds["cuda"] < seconds["cpu"]
