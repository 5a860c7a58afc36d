"""Where a network looked: the parts of an object's images that speak for a class."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch

from lcscale.arrays import integers
from lcscale.errors import ModelError
from lcscale.models.inputs.inputs import Inputs
from lcscale.models.keeping.model import ONE_TORCH_THREAD
from lcscale.models.networks.folded_images import FoldedImageNet
from lcscale.models.networks.network import Network


def image_network(network: Network) -> FoldedImageNet | None:
    """The network on folded images: itself, or the first such part of a stack."""
    return next((part for part in network.networks if isinstance(part, FoldedImageNet)), None)


def grad_cam(network: Network, inputs: Inputs, which: npt.ArrayLike) -> npt.NDArray[np.float32]:
    """Gradient-weighted class activation maps (Grad-CAM, Selvaraju et al. 2017, arXiv:1610.02391).

    The activations of the last convolution are summed with the mean gradients of the class's score as weights, and
    what is negative (what speaks against the class) is cut off. One map stands for all channels of an object: the
    network joins them in its first layer.

    Parameters
    ----------
    network
        One that sees images, or a stack with such a part, whose score is then asked; weights and their gradients are
        left as they are.
    inputs
        Prepared objects.
    which
        int [n_objects], index of the class asked about.

    Returns
    -------
    float32 [n_objects, n_rows, n_columns]
        Brightness by phase, coarser than the images; not negative, and 0 throughout where nothing in the images speaks
        for the class.

    Raises
    ------
    ModelError
        The network sees no images.
    """
    seeing = image_network(network)
    if seeing is None:
        raise ModelError(f"the network {network.name} sees no images: there is nothing to draw its attention on")
    seeing.eval()
    weight = next(seeing.parameters())
    with ONE_TORCH_THREAD:
        images = torch.from_numpy(inputs.images).to(weight.device, weight.dtype) / 255.0
        numbers = torch.from_numpy(inputs.numbers).to(weight.device, weight.dtype)
        with torch.no_grad():
            features = seeing.look(images)
        with torch.enable_grad():
            features.requires_grad_()
            scores = seeing.conclude(features, numbers)
            chosen = scores.gather(1, torch.as_tensor(integers(which, "which"), device=scores.device).view(-1, 1)).sum()
            (slope,) = torch.autograd.grad(chosen, features)
        maps = (slope.mean(dim=(2, 3), keepdim=True) * features.detach()).sum(dim=1).clamp(min=0)
    return np.asarray(maps.cpu().numpy(), np.float32)
