"""How answers are written: flat JSON without NaN, or Arrow; and the errors of a request."""

from __future__ import annotations

import datetime
import decimal
import json
import math
from collections.abc import Iterable
from typing import Any

import pyarrow as pa
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.responses import JSONResponse, Response

from lcscale.errors import LcscaleError
from lcscale.lake.storage import StorageError

_EXACT = 1 << 53
"""Whole numbers above this one lose digits in JavaScript: they are sent as text."""
ARROW = "application/vnd.apache.arrow.stream"


def plain(value: Any) -> Any:
    """`value` as JSON holds it: NaN and infinities are null, times and long whole numbers text.

    Examples
    --------
    >>> plain({"a": float("nan"), "b": 2**60, "c": [1.5, None]})
    {'a': None, 'b': '1152921504606846976', 'c': [1.5, None]}
    """
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, int):
        return value if -_EXACT <= value <= _EXACT else str(value)
    if isinstance(value, dict):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if isinstance(value, datetime.date | datetime.datetime):
        return value.isoformat()
    if isinstance(value, decimal.Decimal):
        return plain(float(value))
    return str(value)


class PlainResponse(JSONResponse):
    """JSON of `plain` values."""

    def render(self, content: Any) -> bytes:
        """The bytes of the answer."""
        return json.dumps(plain(content), separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode(
            errors="replace"
        )


def rounded(table: pa.Table) -> list[dict[str, Any]]:
    """The rows of `table`; numbers of single precision with the digits that they have."""
    singles = {field.name for field in table.schema if pa.types.is_float32(field.type)}
    return [
        {name: _short(value) if name in singles else value for name, value in row.items()} for row in table.to_pylist()
    ]


def _short(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.7g}")


def arrow(table: pa.Table) -> Response:
    """`table` as an Arrow stream."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return Response(sink.getvalue().to_pybytes(), media_type=ARROW)


def say_errors(app: FastAPI) -> None:
    """Answer errors of ours with one line and a status that says whose they are."""

    def told(request: Request, error: Exception) -> Response:
        status = 409 if isinstance(error, StorageError) else 400
        return PlainResponse({"detail": str(error)}, status)

    def refused(request: Request, error: Exception) -> Response:
        found = error.errors() if isinstance(error, RequestValidationError) else []
        each = [{"loc": list(one["loc"]), "msg": one["msg"], "type": one["type"]} for one in found]
        return PlainResponse({"detail": each}, 422)  # without what was given, which may be anything

    app.add_exception_handler(LcscaleError, told)
    app.add_exception_handler(RequestValidationError, refused)


def csv(values: Iterable[str] | None) -> tuple[str, ...]:
    """Words of repeated parameters, each of which may hold several between commas.

    Examples
    --------
    >>> csv(["a,b", "c"])
    ('a', 'b', 'c')
    """
    return tuple(word for each in values or () for word in each.split(",") if word)
