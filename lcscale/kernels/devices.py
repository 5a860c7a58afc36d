"""Where kernels and networks run: devices by the names that torch has for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lcscale.errors import DeviceError

if TYPE_CHECKING:
    import torch


def require_device(name: str) -> None:
    """Raise `DeviceError` where there is no device of this name; torch is not asked for the CPU."""
    if name != "cpu":
        device_named(name)


def fastest_device(name: str | None = None) -> torch.device:
    """The device of this name; by default the GPU of this process where it has one, else the CPU."""
    import torch

    return device_named(name or ("cuda" if torch.cuda.is_available() else "cpu"))


def device_named(name: str) -> torch.device:
    """The device that torch calls `name`.

    Raises
    ------
    DeviceError
        There is none of this name here.
    """
    import torch

    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise DeviceError(f"no device is called {name!r}: give cpu, cuda or cuda:1") from error
    n_devices = torch.cuda.device_count()
    if device.type == "cuda" and (device.index or 0) >= n_devices:
        raise DeviceError(f"no device {name!r}: torch sees {n_devices} NVIDIA GPUs here; device='cpu' needs none")
    if device.type not in ("cuda", "cpu"):
        raise DeviceError(f"device {name!r}: give cpu, cuda or cuda:1")
    return device
