"""How much memory the tasks of an ingest may take."""

from __future__ import annotations

import os

from lcscale.engine import Workers
from lcscale.engine.machine import Machine, TellsMachine, machine_memory
from lcscale.errors import InputError

LEAST_BYTES = 384 << 20
"""What a task needs to read and write in portions, beside the interpreter and its libraries."""


def memory_of_a_task(memory: int | None, workers: Workers) -> int:
    """Bytes for each of the tasks that run at once on a machine.

    Parameters
    ----------
    memory
        Bytes for all of them together; None: a quarter of what the workers of the machine have.
    workers
        Where they run: an engine. Of one that does not tell its machines, this machine (this container, where it has
        a limit) stands for them.

    Raises
    ------
    InputError
        Where so little was asked for that no task could work.
    """
    if isinstance(workers, TellsMachine):
        machine = workers.machine
    else:
        machine = Machine(max(1, min(workers.slots, os.cpu_count() or 1)), machine_memory())
    tasks = machine.slots
    share = (machine.memory // 4 if memory is None else memory) // tasks
    if memory is not None and share < LEAST_BYTES:
        raise InputError(
            f"{memory >> 20} MiB of memory are too little for {tasks} tasks at once, each of which needs "
            f"{LEAST_BYTES >> 20} MiB; give more, or use fewer workers"
        )
    return max(share, LEAST_BYTES)
