"""What a worker does with one partition: read its rows, apply the steps, give the result."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from lcscale.lake.layout import Layout
from lcscale.lake.leaf import Leaf, Ranges
from lcscale.lake.region import Region
from lcscale.lightcurves.sharing import shared_cleaning
from lcscale.steps import Step, chain_schema


@dataclass(frozen=True)
class PartitionPlan:
    """Everything the partitions of one job share."""

    columns: tuple[str, ...]
    """Columns to read."""
    layout: Layout
    """How the catalog's files hold its rows."""
    steps: tuple[Step, ...] = ()
    """Steps to apply, in order."""
    region: Region | None = None
    """Part of the sky wanted, or None for all."""
    leaf_options: Mapping[str, Any] | None = None
    """How to write the result's leaves; see `lcscale.lake.leaf.parquet_options`."""

    @property
    def schema(self) -> pa.Schema:
        """Schema of the result."""
        return chain_schema(self.steps, self.input_schema)

    @property
    def input_schema(self) -> pa.Schema:
        """Schema of the rows before the steps."""
        schema = self.layout.schema
        return pa.schema([schema.field(name) for name in self.columns], schema.metadata)

    def batches(self, leaf: Leaf, ranges: Ranges | None = None) -> Iterator[pa.Table]:
        """The rows of `leaf` before the steps, in batches while every step is rowwise, else in one table.

        Only rows whose `_healpix_29` lies in `ranges` are read, where these are given.
        """
        if ranges is None and self.region is not None:
            ranges = self.region.ranges()
        batches = self.layout.batches(leaf, self.columns, ranges)
        if self.region is not None:
            region, layout = self.region, self.layout
            batches = (batch.filter(pa.array(region.contains(batch, layout.ra, layout.dec))) for batch in batches)
        fields = self.input_schema
        batches = (batch.cast(fields) if batch.schema != fields else batch for batch in batches)
        if not all(step.rowwise for step in self.steps):
            batches = iter([pa.concat_tables([fields.empty_table(), *batches]).combine_chunks()])
        yield from (batch for batch in batches if batch.num_rows)

    def tables(self, leaf: Leaf, ranges: Ranges | None = None) -> Iterator[pa.Table]:
        """The result for `leaf`, in the same batches."""
        for batch in self.batches(leaf, ranges):
            yield apply(self.steps, batch)

    def table(self, leaf: Leaf) -> pa.Table:
        """The result for `leaf` in one table."""
        return pa.concat_tables([self.schema.empty_table(), *self.tables(leaf)])


def apply(steps: Sequence[Step], table: pa.Table) -> pa.Table:
    """`table` through `steps`, one after the other; they share its light curves, cleaned once.

    Where a device runs out of memory and the steps are rowwise, each half of the rows goes through on its own, down
    to single rows.
    """
    try:
        result = table
        with shared_cleaning():
            for step in steps:
                result = step(result)
    except RuntimeError as error:
        small = table.num_rows < 2 or not all(step.rowwise for step in steps)
        if small or "out of memory" not in str(error).lower():
            raise
    else:
        return result
    half = table.num_rows // 2
    return pa.concat_tables([apply(steps, table.slice(0, half)), apply(steps, table.slice(half))])
