"""A catalog as torch's `IterableDataset`; only those who train import this module, for it needs torch."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypedDict

import numpy as np
import pyarrow as pa
import torch
from torch.utils.data import IterableDataset, get_worker_info

from lcscale.errors import InputError
from lcscale.lake.leaf import Leaf
from lcscale.lake.partition import PartitionPlan, apply
from lcscale.nested import Nested, parts_of

if TYPE_CHECKING:
    from lcscale.lake.view import View

_MIXED = 4
"""Partitions that are open at a time when rows are shuffled."""
_FEWEST_EACH = 4
"""Partitions a reader must have for itself, or all readers share all partitions: their loads are even then too."""


class StreamOptions(TypedDict, total=False):
    """Options of `CatalogStream`, by name."""

    shuffle: bool
    seed: int
    buffer_rows: int
    transform: Callable[[pa.Table], Any] | None
    rank: int | None
    world: int | None


class CatalogStream(IterableDataset[Any]):
    """Batches of a catalog's rows: each row once an epoch, by one of all loader workers of all ranks.

    Shuffled, the partitions come in another order each epoch, some are read at a time, and their rows are mixed in a
    buffer; memory is that of the buffer and of what is read at once, however large the catalog is. Where there are
    few partitions for the number of readers, several of them share a partition, each reading its own rows of it.

    Parameters
    ----------
    catalog
        Any; its steps run where the batches are made.
    batch_size
        Rows of a batch; the last of a reader may have fewer.
    shuffle
        Whether rows are mixed; without, they come in the order of the sky.
    seed
        Of the order; equal seeds, epochs and numbers of readers give equal batches.
    buffer_rows
        Rows that are mixed with each other.
    transform
        Makes of an Arrow table what is yielded; default `as_tensors`. It is pickled to loader workers.
    rank, world
        This process among all that train; default: what `torch.distributed` says, where it runs.

    Notes
    -----
    Ranks may get different numbers of batches: train under ``torch.distributed.algorithms.Join``.
    """

    def __init__(
        self,
        catalog: View,
        batch_size: int = 256,
        *,
        shuffle: bool = True,
        seed: int = 0,
        buffer_rows: int = 8192,
        transform: Callable[[pa.Table], Any] | None = None,
        rank: int | None = None,
        world: int | None = None,
    ) -> None:
        if batch_size < 1 or buffer_rows < 1:
            raise InputError(f"to_torch: batch_size {batch_size} and buffer_rows {buffer_rows} must be at least 1")
        self.plan, self.leaves = catalog.plan(), list(catalog.partitions)
        self.batch_size, self.buffer_rows = batch_size, max(batch_size, buffer_rows)
        self.shuffle, self.seed = shuffle, seed
        self.transform = transform or as_tensors
        self.rank, self.world = _place(rank, world)
        self._epoch = torch.zeros((), dtype=torch.int64)
        self._epoch.share_memory_()  # type: ignore[no-untyped-call]  # loader workers that stay alive see it

    def set_epoch(self, epoch: int) -> None:
        """Choose the order of the next pass; loader workers that are alive already see it too."""
        self._epoch.fill_(epoch)

    def __iter__(self) -> Iterator[Any]:
        worker = get_worker_info()
        workers, number = (1, 0) if worker is None else (worker.num_workers, worker.id)
        readers, reader = self.world * workers, self.rank * workers + number
        for table in self._batches(reader, readers):
            yield self.transform(table)

    def _batches(self, reader: int, readers: int) -> Iterator[pa.Table]:
        """Tables of `batch_size` rows for one of all readers."""
        rng = np.random.default_rng([self.seed, int(self._epoch), reader])
        left: pa.Table | None = None
        for block in self._blocks(reader, readers):
            table = block if left is None else pa.concat_tables([left, block])
            if self.shuffle:
                table = table.take(pa.array(rng.permutation(table.num_rows)))
            whole = table.num_rows // self.batch_size * self.batch_size
            for first in range(0, whole, self.batch_size):
                yield table.slice(first, self.batch_size)
            left = table.slice(whole).combine_chunks()
        if left is not None and left.num_rows:
            yield left

    def _blocks(self, reader: int, readers: int) -> Iterator[pa.Table]:
        """Tables of about `buffer_rows` rows, from several partitions at a time where rows are to be mixed."""
        waiting = deque(self._share(reader, readers))
        mixed = _MIXED if self.shuffle else 1
        running: list[Iterator[pa.Table]] = []
        gathered: list[pa.Table] = []
        while waiting or running:
            while waiting and len(running) < mixed:
                running.append(_pieces(self.plan, *waiting.popleft(), max(1, self.buffer_rows // mixed)))
            for stream in list(running):
                piece = next(stream, None)
                if piece is None:
                    running.remove(stream)
                    continue
                gathered.append(piece)
            if sum(piece.num_rows for piece in gathered) >= self.buffer_rows:
                yield pa.concat_tables(gathered)
                gathered = []
        if gathered:
            yield pa.concat_tables(gathered)

    def _share(self, reader: int, readers: int) -> list[tuple[Leaf, int, int]]:
        """Partitions of a reader, each with the part of its rows that it reads: part k of n is every nth row from k."""
        order = np.arange(len(self.leaves))
        if self.shuffle:
            order = np.random.default_rng([self.seed, int(self._epoch)]).permutation(order)
        if len(order) >= _FEWEST_EACH * readers:
            return [(self.leaves[k], 0, 1) for k in order[reader::readers]]
        return [(self.leaves[k], int(reader + k) % readers, readers) for k in order]


def as_tensors(table: pa.Table) -> dict[str, Any]:
    """The columns of a batch as torch takes them.

    Numbers are tensors (nulls are NaN; whole numbers with nulls become float64), texts are lists. Lists are
    dictionaries of `offsets` (int64 [n_rows + 1]) and flat `values`, which `offsets` cuts up by row; a light curve has
    the values of each field under the field's name.

    Examples
    --------
    >>> as_tensors(pa.table({"period": [0.5, None], "object_id": ["a", "b"]}))
    {'period': tensor([0.5000,    nan], dtype=torch.float64), 'object_id': ['a', 'b']}
    """
    return {name: _as_tensor(table.column(name).combine_chunks()) for name in table.column_names}


def _as_tensor(column: pa.Array) -> Any:
    kind = column.type
    if pa.types.is_struct(kind) and all(pa.types.is_list(field.type) for field in kind):
        parts = parts_of(column)
        offsets = torch.from_numpy(next(iter(parts.values())).offsets)
        return {"offsets": offsets, **{name: _as_tensor(part.values) for name, part in parts.items()}}
    if pa.types.is_list(kind):
        lists = Nested.of(column)
        return {"offsets": torch.from_numpy(lists.offsets), "values": _as_tensor(lists.values)}
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind):
        if column.null_count:
            column = column.cast(pa.float64())
        return torch.from_numpy(np.array(column.to_numpy(zero_copy_only=False)))
    return column.to_pylist()


def _pieces(plan: PartitionPlan, leaf: Leaf, part: int, parts: int, rows: int) -> Iterator[pa.Table]:
    """Every `parts`-th row of a partition's result, from row `part` on, in tables of at most `rows` rows.

    Where each row is computed by itself, only the rows wanted are.
    """
    rowwise = all(step.rowwise for step in plan.steps)
    seen = 0
    for batch in plan.batches(leaf):
        table = batch if rowwise else apply(plan.steps, batch)
        if parts > 1:
            wanted = np.arange((part - seen) % parts, table.num_rows, parts)
            seen += table.num_rows
            table = table.take(pa.array(wanted))
        for first in range(0, table.num_rows, rows):
            piece = table.slice(first, rows)
            yield apply(plan.steps, piece) if rowwise else piece


def _place(rank: int | None, world: int | None) -> tuple[int, int]:
    if (rank is None) != (world is None):
        raise InputError("to_torch: give rank and world together, or neither")
    if rank is None or world is None:
        on = torch.distributed.is_available() and torch.distributed.is_initialized()
        return (torch.distributed.get_rank(), torch.distributed.get_world_size()) if on else (0, 1)
    if not 0 <= rank < world:
        raise InputError(f"to_torch: rank {rank} is not one of {world}")
    return rank, world
