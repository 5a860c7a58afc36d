"""Limits of libraries' thread pools: they hold for the process, and several of its threads may ask for them at once."""

from __future__ import annotations

import threading
from collections.abc import Callable

Lift = Callable[[], object]


class ProcessLimit:
    """Context manager of a limit of the whole process: the first thread in sets it, the last one out lifts it.

    Parameters
    ----------
    impose
        Sets the limit; returns what lifts it.

    Examples
    --------
    >>> limit = ProcessLimit(lambda: print("set") or (lambda: print("lifted")))
    >>> with limit, limit:
    ...     print("held twice")
    set
    held twice
    lifted
    """

    def __init__(self, impose: Callable[[], Lift]) -> None:
        self._impose = impose
        self._lift: Lift | None = None
        self._lock = threading.Lock()
        self._holders = 0

    def __enter__(self) -> None:
        with self._lock:
            if not self._holders:
                self._lift = self._impose()
            self._holders += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._holders -= 1
            if not self._holders and self._lift is not None:
                self._lift()
