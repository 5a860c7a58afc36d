"""How much memory the tasks of an ingest may take."""

from __future__ import annotations

import os
import pathlib

from lcscale.engine import Workers
from lcscale.errors import InputError

LEAST_BYTES = 384 << 20
"""What a task needs to read and write in portions, beside the interpreter and its libraries."""

_CGROUP = pathlib.Path("/sys/fs/cgroup/memory.max")


def memory_of_a_task(memory: int | None, workers: Workers) -> int:
    """Bytes for each of the tasks that run at once on a machine.

    Parameters
    ----------
    memory
        Bytes for all of them together; None: a quarter of this machine (of this container, where it has a limit).
    workers
        Where they run.

    Raises
    ------
    InputError
        Where so little was asked for that no task could work.
    """
    tasks = max(1, min(workers.slots, os.cpu_count() or 1))
    share = (machine_memory() // 4 if memory is None else memory) // tasks
    if memory is not None and share < LEAST_BYTES:
        raise InputError(
            f"{memory >> 20} MiB of memory are too little for {tasks} tasks at once, each of which needs "
            f"{LEAST_BYTES >> 20} MiB; give more, or use fewer workers"
        )
    return max(share, LEAST_BYTES)


def machine_memory() -> int:
    """Bytes of memory this machine has, or this container may use."""
    size = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    limit = _CGROUP.read_text().strip() if _CGROUP.exists() else "max"
    return size if limit == "max" else min(size, int(limit))
