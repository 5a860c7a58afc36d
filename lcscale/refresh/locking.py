"""One refresh of a lake at a time: a lock on a disk, a heartbeat on an object store; both tell who holds it."""

from __future__ import annotations

import contextlib
import datetime
import fcntl
import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

from upath import UPath

from lcscale.engine.disk import make_folder
from lcscale.errors import ConflictError
from lcscale.lake.storage import content_of, is_local, replace_file, stamp, writing

LOCK = ".refresh.lock"
"""File in the lake that names who refreshes it."""
HEARTBEAT_SECONDS = 20.0
"""How often a refresh on an object store says that it lives; silent three times as long, it is taken for dead."""


@contextlib.contextmanager
def refreshing(root: UPath) -> Iterator[None]:
    """Hold the lock of the lake at `root`; a process that is killed holds it no longer.

    Raises
    ------
    ConflictError
        Somebody else holds it: says who.
    """
    with _on_a_disk(root) if is_local(root) else _on_a_store(root):
        yield


@contextlib.contextmanager
def _on_a_disk(root: UPath) -> Iterator[None]:
    path = os.path.join(root.path, LOCK)
    with writing(root):
        make_folder(root.path)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _held(root, content_of(root / LOCK)) from None
        with writing(root):
            os.ftruncate(descriptor, 0)
            os.write(descriptor, _about_us(time.time()))
        yield
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _on_a_store(root: UPath) -> Iterator[None]:
    path, since = root / LOCK, time.time()
    seen = stamp(path)
    content = content_of(path)
    if content is not None and time.time() - _said(content).get("at", 0.0) < 3 * HEARTBEAT_SECONDS:
        raise _held(root, content)
    if not replace_file(path, _about_us(since), seen):
        raise _held(root, content_of(path))
    stop = threading.Event()

    def beat() -> None:
        while not stop.wait(HEARTBEAT_SECONDS):
            with contextlib.suppress(OSError):  # the store may be out of reach for a while
                path.fs.pipe_file(path.path, _about_us(since))

    beating = threading.Thread(target=beat, name="refresh heartbeat", daemon=True)
    beating.start()
    try:
        yield
    finally:
        stop.set()
        beating.join()
        with contextlib.suppress(FileNotFoundError):
            path.fs.rm_file(path.path)


def _about_us(since: float) -> bytes:
    said = {"host": socket.gethostname(), "pid": os.getpid(), "since": since, "at": time.time()}
    return json.dumps(said).encode()


def _said(content: bytes | None) -> dict[str, Any]:
    try:
        said = json.loads(content or b"{}")
    except ValueError:  # it is being written
        return {}
    return said if isinstance(said, dict) else {}


def _held(root: UPath, content: bytes | None) -> ConflictError:
    said = _said(content)
    since = datetime.datetime.fromtimestamp(said.get("since", time.time())).strftime("%Y-%m-%d %H:%M:%S")
    return ConflictError(
        f"the lake at {root} is being refreshed by process {said.get('pid', '?')} on {said.get('host', '?')} "
        f"since {since}; wait for it, or stop it"
    )
