"""A step that takes its time, importable by worker processes."""

from __future__ import annotations

import os
import time
import uuid
from dataclasses import dataclass

import pyarrow as pa


@dataclass(frozen=True)
class Slowly:
    """Sleeps, leaves a file in `folder` that says it ran, and adds a column."""

    seconds: float
    folder: str = ""
    columns = ()
    rowwise = False
    version = 1

    def schema(self, input_schema: pa.Schema) -> pa.Schema:
        return input_schema.append(pa.field("slow", pa.bool_()))

    def fingerprint(self) -> str:
        return f"{self!r} v{self.version}"

    def __call__(self, table: pa.Table) -> pa.Table:
        time.sleep(self.seconds)
        if self.folder:
            with open(os.path.join(self.folder, uuid.uuid4().hex), "w"):
                pass
        return table.append_column("slow", pa.array([True] * table.num_rows))


@dataclass(frozen=True)
class Device:
    """Stands for a GPU: busy for `seconds` a batch, while the processor is free; its log shows when."""

    seconds: float
    log: str
    columns = ()
    rowwise = True
    version = 1

    def schema(self, input_schema: pa.Schema) -> pa.Schema:
        return input_schema

    def fingerprint(self) -> str:
        return f"{self!r} v{self.version}"

    def __call__(self, table: pa.Table) -> pa.Table:
        start = time.time()
        time.sleep(self.seconds)
        with open(self.log, "a") as stream:
            stream.write(f"{start} {time.time()}\n")
        return table
