"""Training from a catalog that does not fit into memory: its training rows stream, some of the others are held."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lcscale.models.labels.curves import LabelledCurves
from lcscale.models.labels.splitting import Split, assign
from lcscale.models.labels.truth import Truth
from lcscale.models.training.training_set import Batch
from lcscale.steps import Declared
from lcscale.vocabulary import HEALPIX_COLUMN


@dataclass(frozen=True)
class OfSets(Declared):
    """Step that keeps the rows of some sets of a split whose label is among those given."""

    split: Split
    """Which row is in which set."""
    sets: tuple[int, ...]
    """Those to keep."""
    label: str
    """Name of the column with the labels."""
    labels: tuple[str, ...] | None
    """Labels to keep, as the catalog spells them; None: all."""
    version = 1

    @property
    def columns(self) -> tuple[str, ...]:
        """Place and label."""
        return (HEALPIX_COLUMN, self.label)

    def __call__(self, table: pa.Table) -> pa.Table:
        """The rows that are kept."""
        chosen = np.isin(assign(table.column(HEALPIX_COLUMN).to_numpy(), self.split), self.sets)
        label = table.column(self.label)
        known = pc.is_valid(label)
        if self.labels is not None:
            known = pc.is_in(label.cast(pa.string()), value_set=pa.array(self.labels, pa.string()))
        return table.filter(pc.and_(pa.array(chosen), known))


@dataclass(frozen=True, eq=False)
class Streamed:
    """A training set whose stars come from the catalog anew every epoch, mixed in a buffer."""

    stream: Any
    """`lcscale.lake.streaming.CatalogStream` of the training rows."""
    n: int
    """Number of these rows."""
    reader: Callable[[LabelledCurves], tuple[Truth, npt.NDArray[np.float32]]]
    """Truth and weights of stars that come (`Head.reader`)."""
    reading: Mapping[str, Any] = field(default_factory=dict)
    """How `LabelledCurves.from_tables` reads the rows."""

    def __len__(self) -> int:
        return self.n

    def batches(self, epoch: int, size: int, rng: np.random.Generator) -> Iterator[Batch]:
        """The stars in the stream's order of this epoch; `size` is that of the stream."""
        self.stream.set_epoch(epoch)
        for table in self.stream:
            curves = LabelledCurves.from_tables([table], **self.reading)
            yield Batch(curves, *self.reader(curves))

    def per_epoch(self, size: int) -> int:
        """Number of batches."""
        return -(-self.n // size)


def as_it_is(table: pa.Table) -> pa.Table:
    """The table: what streams give when light curves are made of it elsewhere."""
    return table


def some_of(tables: Iterable[pa.Table], most: int, total: int) -> Iterator[pa.Table]:
    """At most about `most` of the `total` rows of `tables`, spread evenly over them."""
    step = max(1, -(-total // most))
    seen = 0
    for table in tables:
        rows = np.arange(-seen % step, table.num_rows, step)
        seen += table.num_rows
        if rows.size:
            yield table.take(pa.array(rows))
