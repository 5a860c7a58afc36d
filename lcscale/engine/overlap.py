"""Reading, computing and writing at the same time: a device is not kept waiting for files."""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

S = TypeVar("S")
T = TypeVar("T")

_END: Any = object()


def ahead(items: Iterator[T]) -> Iterator[T]:
    """`items`, of which a thread takes the next one while this one is used.

    Examples
    --------
    >>> list(ahead(iter("abc")))
    ['a', 'b', 'c']
    """
    with ThreadPoolExecutor(1, "read-ahead") as reader:
        following = reader.submit(next, items, _END)
        while (item := following.result()) is not _END:
            following = reader.submit(next, items, _END)
            yield item


def two_at_once(function: Callable[[S], T], items: Iterable[S]) -> Iterator[T]:
    """`function` of each item, in order; two threads work at the one asked for and the one after it.

    Examples
    --------
    >>> list(two_at_once(str.upper, "abc"))
    ['A', 'B', 'C']
    """
    with ThreadPoolExecutor(2, "two-at-once") as pool:
        under_way: deque[Future[T]] = deque()
        for item in items:
            under_way.append(pool.submit(function, item))
            if len(under_way) == 2:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()


class _Here(threading.local):
    """What the engine arranged for the task that this thread runs."""

    seats: threading.Semaphore | None = None
    leave: Callable[[], None] | None = None


_here = _Here()


@contextlib.contextmanager
def arranged(seats: threading.Semaphore, leave: Callable[[], None]) -> Iterator[None]:
    """Run a task among others of its process: of those in `turn` there are never more than `seats`.

    `leave` gives the task's slot to the next one; it is called once, when the first turn begins. So one task
    computes, the next one reads and waits with its slot, and those before write.
    """
    _here.seats, _here.leave = seats, leave
    try:
        yield
    finally:
        _here.seats = _here.leave = None


@contextlib.contextmanager
def turn() -> Iterator[None]:
    """Hold the device: no other task of this worker computes meanwhile, but the next may read and the last write."""
    if _here.seats is None:
        yield
        return
    leave, _here.leave = _here.leave, None
    with _here.seats:
        if leave is not None:
            leave()
        yield
