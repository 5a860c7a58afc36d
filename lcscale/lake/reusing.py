"""Rows of a partition that are as they were: what costly steps made of them is taken over, and the others are computed.

A survey's new night brings observations of a few objects to every partition. The key of a row (`lcscale.lake.row_keys`)
stands for all that the first costly step and those behind it are given: light curve, other columns, joined rows, units,
the steps with their options, versions and models. A row of the version before with an equal key is an equal result.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np
import pyarrow as pa
from upath import UPath

from lcscale.lake.coalescing import part_path
from lcscale.lake.leaf import Leaf, leaf_path
from lcscale.lake.partition import PartitionPlan, apply
from lcscale.lake.pixel import Pixel
from lcscale.lake.row_keys import Keys, read_keys, row_keys, write_keys
from lcscale.lake.view import ReadsOthers
from lcscale.steps import Step


def costly_from(steps: Sequence[Step]) -> int | None:
    """Number of the first costly step, where it and all behind it make each row from one row alone; else None."""
    first = next((number for number, step in enumerate(steps) if getattr(step, "costly", False)), None)
    if first is None or any(not step.rowwise or isinstance(step, ReadsOthers) for step in steps[first:]):
        return None
    return first


class Reuse:
    """The steps of a partition, which take over what the version at `before` (None: none) has of equal rows."""

    def __init__(self, plan: PartitionPlan, first: int, pixel: Pixel, before: UPath | None) -> None:
        self.cheap, self.costly, self.schema = plan.steps[:first], plan.steps[first:], plan.schema
        self.told = "\n".join(step.fingerprint() for step in self.costly)
        self.pixel, self.before = pixel, before
        self.taken = 0
        """Rows that were taken over."""
        self._keys: list[Keys] | None = []
        self._known: dict[bytes, int] | None = None
        self._rows: pa.Table | None = None

    @classmethod
    def of(cls, plan: PartitionPlan, pixel: Pixel, before: UPath | None) -> Self | None:
        """Of a plan with costly steps; None where there are none, or rows cannot be told apart behind them."""
        first = costly_from(plan.steps)
        return None if first is None else cls(plan, first, pixel, before)

    def apply(self, batch: pa.Table) -> pa.Table:
        """The result of `batch`."""
        table = apply(self.cheap, batch)
        keys = row_keys(table, f"{self.told}\n{table.schema.to_string(truncate_metadata=False)}")
        known = self._known_keys()
        places = np.array([known.get(key, -1) for key in map(bytes, keys)], np.int64)
        new = apply(self.costly, table.filter(pa.array(places < 0))) if (places < 0).any() or not places.size else None
        if new is not None and new.num_rows != np.count_nonzero(places < 0):  # rows were left out behind the first
            self._keys, self._known = None, {}
            return new if (places < 0).all() else apply(self.costly, table)
        if self._keys is not None:
            self._keys.append(keys)
        if (places < 0).all():
            return new
        self.taken += int(np.count_nonzero(places >= 0))
        old = self._old_rows().take(pa.array(places[places >= 0]))
        together = old if new is None else pa.concat_tables([old, new.cast(self.schema)])
        order = np.empty(places.size, np.int64)
        order[np.concatenate([np.flatnonzero(places >= 0), np.flatnonzero(places < 0)])] = np.arange(places.size)
        return together.take(pa.array(order))

    def keep(self, folder: UPath) -> bool:
        """Keep the keys of the rows beside their leaf in the version at `folder`; whether there were any."""
        if self._keys:
            write_keys(folder, self.pixel, np.concatenate(self._keys))
        return bool(self._keys)

    def _known_keys(self) -> dict[bytes, int]:
        """Row numbers of the version before by key."""
        if self._known is None:
            keys = None if self.before is None else read_keys(self.before, self.pixel)
            self._known = {}
            if keys is not None and self._old_rows().num_rows == keys.size:
                self._known = {key: number for number, key in enumerate(map(bytes, keys))}
        return self._known

    def _old_rows(self) -> pa.Table:
        """The rows of the version before; none where its leaf is gone, or has other columns."""
        if self._rows is None:
            assert self.before is not None
            self._rows = self.schema.empty_table()
            places = (leaf_path(self.before, self.pixel), part_path(self.before, self.pixel))
            path = next((each for each in places if each.exists()), None)
            if path is not None:
                leaf = Leaf(self.pixel, str(path), tuple(path.storage_options.items()))
                if leaf.schema().equals(self.schema):
                    self._rows = leaf.read().cast(self.schema)
        return self._rows
