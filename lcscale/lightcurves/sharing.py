"""Light curves of a table, cleaned once a task: steps that run one after the other on a table share the clean batch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import pyarrow as pa

from lcscale.lightcurves.batch import LightCurves

_CLEAN: ContextVar[dict[Any, tuple[pa.ChunkedArray, LightCurves]] | None] = ContextVar("_CLEAN", default=None)
"""Columns that were cleaned in this context, by where their values lie, kept alive so that nothing else lies there."""


@contextmanager
def shared_cleaning() -> Iterator[None]:
    """Context in which `clean_light_curves` cleans a column once, however many steps ask for it."""
    token = _CLEAN.set({})
    try:
        yield
    finally:
        _CLEAN.reset(token)


def clean_light_curves(table: pa.Table, column: str = "lightcurve") -> LightCurves:
    """The light curves of a nested `column` (`LightCurves.from_arrow`), cleaned (`lcscale.lightcurves.clean`)."""
    from lcscale.lightcurves.cleaning import clean

    cleaned = _CLEAN.get()
    if cleaned is None or column not in table.column_names:
        return clean(LightCurves.from_arrow(table, column))
    values = table.column(column)
    place = tuple(_place(chunk) for chunk in values.chunks)
    if place not in cleaned:
        cleaned[place] = values, clean(LightCurves.from_arrow(table, column))
    return cleaned[place][1]


def _place(array: pa.Array) -> tuple[Any, ...]:
    """Where an array's values lie in memory: equal for two arrays only where they are one."""
    kind = array.type
    inner: list[pa.Array] = []
    if pa.types.is_struct(kind):
        inner = [array.field(k) for k in range(kind.num_fields)]
    elif pa.types.is_list(kind) or pa.types.is_large_list(kind):
        inner = [array.values]
    buffers = tuple(None if buffer is None else buffer.address for buffer in array.buffers())
    return str(kind), len(array), array.offset, buffers, tuple(_place(each) for each in inner)
