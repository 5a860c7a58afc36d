"""What the machines have on which tasks run: how many at once, and how much memory for them."""

from __future__ import annotations

import os
import pathlib
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

_CGROUP = pathlib.Path("/sys/fs/cgroup/memory.max")


@dataclass(frozen=True)
class Machine:
    """A machine, or a container, on which workers run."""

    slots: int
    """Tasks that run on it at once."""
    memory: int
    """Bytes that these tasks may use together, their interpreters included."""


@runtime_checkable
class TellsMachine(Protocol):
    """An engine that knows the machines its workers run on."""

    @property
    def machine(self) -> Machine:
        """The machine with the least memory for each task."""


def machine_memory() -> int:
    """Bytes of memory this machine has, or this container may use."""
    size = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    limit = _CGROUP.read_text().strip() if _CGROUP.exists() else "max"
    return size if limit == "max" else min(size, int(limit))


def this_machine() -> Machine:
    """The machine this is called on, with a slot for each core."""
    return Machine(os.cpu_count() or 1, machine_memory())


def scarcest(machines: list[Machine]) -> Machine:
    """The one with the least memory for each of its tasks.

    Examples
    --------
    >>> scarcest([Machine(2, 8 << 30), Machine(4, 8 << 30)]).slots
    4
    """
    return min(machines, key=lambda machine: machine.memory / machine.slots)
