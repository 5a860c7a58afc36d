"""Who writes a version: a lock on a disk, a heartbeat on an object store; both tell whether the writer lives."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import socket
import threading
import time

from upath import UPath

from lcscale.errors import ConflictError
from lcscale.lake.storage import content_of, is_local

HEARTBEAT_SECONDS = 20.0
"""How often a writer on an object store says that it lives; silent three times as long, it is taken for dead."""

_LOCK = ".writer.lock"
_HEARTBEAT = ".writer.json"
_PATIENCE = (0.02, 0.05, 0.1, 0.2)
"""Seconds between tries to get a lock: who asks whether a writer lives holds it for a moment."""


class Writer:
    """This process as the one that writes the version at `folder`, from `begin` to `end`."""

    def __init__(self, folder: UPath) -> None:
        self.folder = folder
        self._lock: int | None = None
        self._stop = threading.Event()
        self._beating: threading.Thread | None = None

    def begin(self) -> None:
        """Take the lock, or begin to say that we live.

        Raises
        ------
        ConflictError
            Where another process writes the version now (on disks only).
        """
        if not is_local(self.folder):
            self._beat()
            self._beating = threading.Thread(target=self._beat_on, name="heartbeat", daemon=True)
            self._beating.start()
            return
        self._lock = os.open(os.path.join(self.folder.path, _LOCK), os.O_RDWR | os.O_CREAT, 0o644)
        for seconds in (*_PATIENCE, None):
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                if seconds is not None:
                    time.sleep(seconds)
                    continue
                self.end()
                raise ConflictError(f"another process is writing {self.folder} now; wait for it, or stop it") from error
            return

    def end(self) -> None:
        """Give the lock back, or say no more."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None
        if self._beating is not None:
            self._stop.set()
            self._beating.join()
            with contextlib.suppress(FileNotFoundError):
                self.folder.fs.rm_file((self.folder / _HEARTBEAT).path)

    def _beat_on(self) -> None:
        while not self._stop.wait(HEARTBEAT_SECONDS):
            with contextlib.suppress(OSError):  # the store may be out of reach for a while
                self._beat()

    def _beat(self) -> None:
        said = {"at": time.time(), "every": HEARTBEAT_SECONDS, "host": socket.gethostname(), "pid": os.getpid()}
        self.folder.fs.pipe_file((self.folder / _HEARTBEAT).path, json.dumps(said).encode())


def is_written(folder: UPath) -> bool:
    """Whether the version at `folder` has a writer that lives."""
    if not is_local(folder):
        said = json.loads(content_of(folder / _HEARTBEAT) or b"{}")
        return bool(said) and time.time() - said["at"] < 3 * said["every"]
    try:
        with open(os.path.join(folder.path, _LOCK)) as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False
