"""Grad-CAM against its definition by finite differences, and against what decides in a network made for it."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from lcscale.models.inputs.inputs import Inputs
from lcscale.models.keeping.model import network_scores
from lcscale.models.networks.attention import grad_cam
from lcscale.models.networks.folded_images import Architecture, FoldedImageNet


@pytest.fixture
def seen():
    rng = np.random.default_rng(2)
    images = rng.integers(0, 256, (5, 2, 64, 64)).astype(np.uint8)  # nowhere blank: a maximum of equals has no slope
    return Inputs(images, rng.normal(size=(5, 7)).astype(np.float32), np.full(5, None, object))


@pytest.fixture
def network():
    torch.manual_seed(3)
    return FoldedImageNet(Architecture(2, 7, 3, filters=(4, 6, 8))).eval().requires_grad_(False)


def test_it_is_its_definition_with_the_slopes_measured(seen, network):
    network = network.double()
    network.trunk[4].scale.bias += 4  # no activation is cut off, where there is no slope either
    inputs = Inputs(seen.images, seen.numbers.astype(np.float64), seen.reason)
    images, numbers = torch.from_numpy(inputs.images) / 255.0, torch.from_numpy(inputs.numbers)
    features = network.look(images.double())
    which, step = np.array([0, 1, 2, 0, 1]), 1e-6
    scores = network.conclude(features, numbers)
    n, n_filters, *shape = features.shape
    weights = np.zeros((n, n_filters))
    for f in range(n_filters):
        for place in np.ndindex(*shape):
            moved = features.clone()
            moved[:, f, *place] += step
            change = (network.conclude(moved, numbers) - scores).numpy() / step
            weights[:, f] += change[np.arange(n), which]
    expected = np.einsum("nf,nfyx->nyx", weights / np.prod(shape), features.numpy()).clip(0)
    np.testing.assert_allclose(grad_cam(network, inputs, which), expected, atol=1e-6)


def test_looking_changes_nothing_and_scores_are_what_they_were(seen, network):
    before = {name: value.clone() for name, value in network.state_dict().items()}
    scores = network_scores(network, seen)
    maps = grad_cam(network, seen, np.zeros(5, int))
    assert maps.shape == (5, 8, 8)
    assert maps.min() >= 0
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())
    assert not any(parameter.requires_grad for parameter in network.parameters())
    np.testing.assert_array_equal(network_scores(network, seen), scores)


def test_objects_do_not_disturb_each_other(seen, network):
    together = grad_cam(network, seen, [0, 1, 2, 0, 1])
    alone = Inputs(seen.images[3:4], seen.numbers[3:4], seen.reason[3:4])
    np.testing.assert_allclose(grad_cam(network, alone, [0])[0], together[3], atol=1e-6)
