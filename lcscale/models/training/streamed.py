"""Training from a catalog that does not fit into memory: its training rows stream, some of the others are held."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lcscale.models.labels.curves import LabelledCurves
from lcscale.models.labels.splitting import Split, assign
from lcscale.models.labels.targets import Targets
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
    labels: tuple[str, ...]
    """Labels to keep, as the catalog spells them."""
    version = 1

    @property
    def columns(self) -> tuple[str, ...]:
        """Place and label."""
        return (HEALPIX_COLUMN, self.label)

    def __call__(self, table: pa.Table) -> pa.Table:
        """The rows that are kept."""
        chosen = np.isin(assign(table.column(HEALPIX_COLUMN).to_numpy(), self.split), self.sets)
        known = pc.is_in(table.column(self.label).cast(pa.string()), value_set=pa.array(self.labels, pa.string()))
        return table.filter(pc.and_(pa.array(chosen), known))


@dataclass(frozen=True, eq=False)
class Streamed:
    """A training set whose stars come from the catalog anew every epoch, mixed in a buffer."""

    stream: Any
    """`lcscale.lake.streaming.CatalogStream` of the training rows."""
    n: int
    """Number of these rows."""
    taught: Mapping[str, tuple[npt.NDArray[np.bool_], float]]
    """For each label as the catalog spells it, the classes it allows and the weight of a star of it."""
    reading: Mapping[str, Any] = field(default_factory=dict)
    """How `LabelledCurves.from_tables` reads the rows."""

    def __len__(self) -> int:
        return self.n

    def batches(self, epoch: int, size: int, rng: np.random.Generator) -> Iterator[Batch]:
        """The stars in the stream's order of this epoch; `size` is that of the stream."""
        self.stream.set_epoch(epoch)
        for table in self.stream:
            curves = LabelledCurves.from_tables([table], **self.reading)
            rows = [self.taught[text] for text in curves.label]
            allowed = np.stack([row[0] for row in rows])
            yield Batch(curves, allowed, np.array([row[1] for row in rows], np.float32))

    def per_epoch(self, size: int) -> int:
        """Number of batches."""
        return -(-self.n // size)


def as_it_is(table: pa.Table) -> pa.Table:
    """The table: what streams give when light curves are made of it elsewhere."""
    return table


def taught_by_label(
    spelled: npt.NDArray[np.object_], targets: Targets, weights: npt.NDArray[np.float32]
) -> dict[str, tuple[npt.NDArray[np.bool_], float]]:
    """What stars of each label teach.

    Parameters
    ----------
    spelled
        object [n], labels as the catalog has them.
    targets, weights
        Of the same stars.
    """
    used = targets.allowed.any(axis=1)
    names, first = np.unique(spelled[used].astype(str), return_index=True)
    rows = np.flatnonzero(used)[first]
    return {str(name): (targets.allowed[row], float(weights[row])) for name, row in zip(names, rows, strict=True)}


def some_of(tables: Iterable[pa.Table], most: int, total: int) -> Iterator[pa.Table]:
    """At most about `most` of the `total` rows of `tables`, spread evenly over them."""
    step = max(1, -(-total // most))
    seen = 0
    for table in tables:
        rows = np.arange(-seen % step, table.num_rows, step)
        seen += table.num_rows
        if rows.size:
            yield table.take(pa.array(rows))
