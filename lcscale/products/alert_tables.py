"""Tables of alert statistics in a lake: whether one would take the place of another."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from lcscale.errors import ConflictError
from lcscale.lake import Lake


def check_statistics(lake: Lake, name: str, table: pa.Table) -> None:
    """`ConflictError` where the table `name` counts other alerts than `table`, by something else, or other young stars.

    Newer versions of the same catalogs are a refresh.
    """
    if name not in lake.table_names() or not table.num_rows:
        return
    held = lake.table(name)
    told = [_told(each) for each in (held, table)]
    found = [f"{what} {told[0].get(what, '?')}, now {now}" for what, now in told[1].items() if told[0].get(what) != now]
    if held.num_rows and found:
        raise ConflictError(
            f"the table {name} holds other statistics, which these would replace: {'; '.join(found)}. "
            "Say that they may (--replace), or choose another name"
        )


def _told(table: pa.Table) -> dict[str, Any]:
    """What the rows count, without the versions."""
    kinds = {"of": "alerts_version", "by": "by", "time": "time", "definitions": "meaning"}
    return {
        what: ", ".join(sorted({_name(value, column) for value in table.column(column).to_pylist()}))
        for what, column in kinds.items()
        if column in table.column_names
    }


def _name(value: str | None, column: str) -> str:
    """The value; of a catalog and its version the name."""
    return str(value).split(" ")[0] if column == "alerts_version" else str(value)
