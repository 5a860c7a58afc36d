"""Workers of a cluster killed at random, while a block runs."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import threading


@contextlib.contextmanager
def killing_workers(engine, every_seconds, seed):
    """SIGKILL a random worker every so many seconds; yields the list of their pids. The engine is closed at the end."""
    stop, killed = threading.Event(), []

    def kill():
        rng = random.Random(seed)
        while not stop.wait(every_seconds):
            nanny = rng.choice(list(engine.client.cluster.workers.values()))
            if nanny.process is not None and nanny.process.pid:
                os.kill(nanny.process.pid, signal.SIGKILL)
                killed.append(nanny.process.pid)

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        yield killed
    finally:
        stop.set()
        killer.join()
        engine.close()
