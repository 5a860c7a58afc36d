"""Stars a second on one CPU thread: light curves and periods in, probabilities out, images included.

The peer is the published network (Szklenár et al. 2022), rebuilt layer by layer with its numbers of filters: the
network alone, without drawing its images. Times are CPU seconds of one thread.
"""

from __future__ import annotations

import time

import numpy as np
import pytest
import torch
from torch import nn

from lcscale.features import extract
from lcscale.models.heads.classes import ClassHead
from lcscale.models.inputs.numbers import features_for
from lcscale.models.inputs.preparation import Preparation, fit_standards, prepare
from lcscale.models.keeping.card import Card
from lcscale.models.keeping.model import ONE_TORCH_THREAD, Model
from lcscale.models.labels.roles import ROLES
from lcscale.models.networks.folded_images import Architecture, FoldedImageNet
from lcscale.simulation.synthesis import synthesize

pytestmark = pytest.mark.slow

N = 2_000
CLASSES = tuple("abcdefghijklmnop")


class Published(nn.Module):
    """The network of 2022 on one 128 by 128 image and two numbers, 16 classes."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Conv2d(1, 1, 7), nn.ReLU(), nn.Conv2d(1, 4, 5), nn.ReLU(), nn.MaxPool2d(3)]
        widths = [4, 8, 8, 8, -1, 16, 16, 16, -1, 32, 32, -1]
        last = widths[0]
        for width in widths[1:]:
            if width < 0:
                layers.append(nn.MaxPool2d(2))
                continue
            layers += [nn.Conv2d(last, width, 3, padding=1), nn.ReLU()]
            last = width
        self.trunk = nn.Sequential(*layers, nn.Flatten())
        size = self.trunk(torch.zeros(1, 1, 128, 128)).shape[1]
        self.seen = nn.Sequential(nn.Linear(size, 256), nn.ReLU(), nn.Linear(256, 64), nn.ReLU(), nn.Linear(64, 16))
        self.numbers = nn.ModuleList(nn.Sequential(nn.Linear(1, 16), nn.Softmax(1)) for _ in range(2))
        self.joined = nn.Sequential(nn.Linear(48, 64), nn.ReLU(), nn.Linear(64, 16))

    def forward(self, images, numbers):
        branches = [
            self.seen(self.trunk(images)),
            *(part(numbers[:, i : i + 1]) for i, part in enumerate(self.numbers)),
        ]
        return self.joined(torch.cat(branches, dim=1)).softmax(1)


@pytest.fixture(scope="module")
def stars():
    return synthesize((["RRab", "EW", "DSCT", "LPV"] * N)[:N], seed=0, n_observations=(90, 130))


def model_of(roles, n_candidates: int) -> Model:
    how = Preparation(roles=roles)
    how = fit_standards(how, np.zeros((2, len(how.names)), np.float32))
    sizes = Architecture(how.n_channels, len(how.names), len(CLASSES), hidden=128)
    torch.manual_seed(0)
    weights = (0.97, 0.03)[:n_candidates]
    card = Card("speed", how, "folded_images", {}, ClassHead(tuple(CLASSES)), "simulated", weights)
    return Model(card, FoldedImageNet(sizes).eval())


@pytest.fixture(scope="module")
def published_rate():
    """Stars a CPU second of the published network, without drawing; the best of five runs."""
    network = Published().eval()
    images, numbers = (torch.rand(256, 1, 128, 128) < 0.02).float(), torch.rand(256, 2)
    times = []
    with ONE_TORCH_THREAD, torch.inference_mode():
        for _ in range(6):
            start = time.process_time()
            network(images, numbers)
            times.append(time.process_time() - start)
    return 256 / min(times[1:])


@pytest.mark.benchmark(group="classify 2000 stars of 100 observations a band", timer=time.process_time)
@pytest.mark.parametrize(("bands", "candidates"), [(1, 1), (2, 1), (2, 2)])
def test_fold_draw_and_classify(benchmark, stars, published_rate, bands, candidates):
    model = model_of(ROLES[:bands], candidates)
    lcs = stars.lcs if bands == 2 else stars.lcs.select_band("g")
    period = stars.period[:, None] * [1.0, 2.0][:candidates]
    model.predict_proba(lcs.take([0]), period[:1])
    benchmark.pedantic(model.predict_proba, (lcs, period), rounds=3)
    rate = N / benchmark.stats["min"]
    benchmark.extra_info["stars_per_second"] = round(rate)
    benchmark.extra_info["times_the_published_network"] = round(rate / published_rate, 1)
    assert rate > 3.5 * published_rate


@pytest.mark.benchmark(group="classify 2000 stars of 100 observations a band", timer=time.process_time)
def test_published_network_without_drawing(benchmark):
    torch.manual_seed(0)
    network = Published().eval()
    images = (torch.rand(256, 1, 128, 128) < 0.02).float()
    numbers = torch.rand(256, 2)

    def classify() -> None:
        with ONE_TORCH_THREAD, torch.inference_mode():
            for first in range(0, N, 256):
                network(images[: min(256, N - first)], numbers[: min(256, N - first)])

    benchmark.pedantic(classify, rounds=3)
    benchmark.extra_info["stars_per_second"] = round(N / benchmark.stats["min"])


@pytest.mark.benchmark(group="prepare 2000 stars of 100 observations", timer=time.process_time)
def test_numbers(benchmark, stars):
    lcs = stars.lcs.select_band("g")
    benchmark.pedantic(extract, (lcs, features_for("folded"), stars.period), rounds=3, warmup_rounds=1)


@pytest.mark.benchmark(group="prepare 2000 stars of 100 observations", timer=time.process_time)
def test_images_and_numbers(benchmark, stars):
    lcs = stars.lcs.select_band("g")
    how = Preparation(roles=ROLES[:1])
    prepare(lcs.take([0]), stars.period[:1], how)
    benchmark.pedantic(prepare, (lcs, stars.period, how), rounds=3)
