import numpy as np
import pytest
import torch

from lcscale.models import Architecture, FoldedImageNet
from lcscale.models.networks.dots import DotConvolution
from lcscale.models.networks.folded_images import Convolution

SIZES = Architecture(n_channels=4, n_numbers=10, n_classes=5)


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return FoldedImageNet(SIZES).eval()


def batch(n=6, seed=0):
    rng = np.random.default_rng(seed)
    images = (rng.random((n, 4, 64, 64)) < 0.05).astype(np.uint8) * 255
    return torch.from_numpy(images), torch.from_numpy(rng.normal(size=(n, 10)).astype(np.float32))


def test_scores_do_not_depend_on_where_the_cycle_is_cut(network):
    images, numbers = batch()
    scores = network(images, numbers)
    moved = network(torch.roll(images, 16, dims=-1), numbers)
    torch.testing.assert_close(moved, scores, atol=1e-5, rtol=1e-4)


def test_convolution_wraps_around_in_phase_alone():
    torch.manual_seed(1)
    layer = Convolution(1, 3, 5).eval()
    image = torch.rand(1, 1, 16, 16)
    torch.testing.assert_close(layer(torch.roll(image, 3, dims=-1)), torch.roll(layer(image), 3, dims=-1))
    assert not torch.allclose(layer(torch.roll(image, 3, dims=-2)), torch.roll(layer(image), 3, dims=-2))


def test_missing_is_not_zero(network):
    images, numbers = batch()
    zero, gone = numbers.clone(), numbers.clone()
    zero[:, 3], gone[:, 3] = 0.0, torch.nan
    assert torch.isfinite(network(images, gone)).all()
    assert (network(images, zero) - network(images, gone)).abs().max() > 1e-4


def test_it_is_small(network):
    n_weights = sum(value.numel() for value in network.parameters())
    assert n_weights < 51_490, "the published network has 51,490 parameters"


def test_rows_do_not_depend_on_the_batch(network):
    images, numbers = batch(40)
    with torch.inference_mode():
        whole = network(images, numbers)
        single = torch.cat([network(images[i : i + 1], numbers[i : i + 1]) for i in range(40)])
    torch.testing.assert_close(whole, single, atol=1e-5, rtol=0)


def test_the_fused_network_says_the_same():
    torch.manual_seed(4)
    network, (images, numbers) = FoldedImageNet(SIZES).train(), batch(40)
    for _ in range(5):  # statistics of the normalisations other than 0 and 1
        network(images, numbers)
    for part in network.modules():
        if isinstance(part, torch.nn.BatchNorm2d):
            torch.nn.init.normal_(part.weight)  # of either sign
            torch.nn.init.normal_(part.bias)
    with torch.inference_mode():
        before = network.eval()(images, numbers)
        fused = network.fused()
        torch.testing.assert_close(fused(images, numbers), before, rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(network(images, numbers), before, rtol=0, atol=0)
    assert not any(isinstance(part, torch.nn.BatchNorm2d) for part in fused.modules())
    assert any(isinstance(part, torch.nn.BatchNorm2d) for part in network.modules())


@pytest.mark.parametrize("cyclic", [True, False])
def test_dots_are_convolved_as_torch_does(cyclic):
    """Nearly empty and full images, a filter of either sign, a bias; the last axis wraps around or does not."""
    rng = np.random.default_rng(1)
    images = rng.integers(0, 256, (6, 3, 24, 32), dtype=np.uint8) * (rng.random((6, 3, 24, 32)) < 0.03)
    images[1], images[2, 0, :, 0], images[3] = 255, 7, 0
    weight, bias = torch.from_numpy(rng.normal(size=(7, 3, 5, 5))).float(), torch.from_numpy(rng.normal(size=7)).float()
    seen = torch.from_numpy(images.astype(np.uint8))
    padded = torch.nn.functional.pad(seen.double(), (2, 2, 0, 0), mode="circular" if cyclic else "constant")
    convolved = torch.nn.functional.conv2d(padded, weight.double(), bias.double(), 2, (2, 0))
    expected = torch.nn.functional.max_pool2d(convolved, 2).relu().float()
    torch.testing.assert_close(DotConvolution(weight, bias, cyclic)(seen), expected, rtol=1e-5, atol=1e-2)
