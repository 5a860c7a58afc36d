"""Rows of a catalog chosen by conditions and put in an order: the table behind the table."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lcscale.browse.columns import BEST, UNCERTAINTY, is_number
from lcscale.browse.database import Database, keep_order
from lcscale.browse.orders import Places, ascending, first
from lcscale.errors import InputError
from lcscale.expressions import holds, names_in
from lcscale.expressions.grammar import lists_in
from lcscale.lake import Cone
from lcscale.models.heads.columns import CLASS
from lcscale.vocabulary import HEALPIX_COLUMN

Bools = npt.NDArray[np.bool_]
NEXT = "next to judge"
"""The order that asks first for what teaches most: uncertain stars, of different classes and periods in turn."""
BEST_FIRST = "best first"
"""The order of the probability of the class given, in which those with a `doubt` come last."""
_SOON = 1000
"""Rows that come before their whole order is known."""
_T = TypeVar("_T")


@dataclass(frozen=True)
class Selection:
    """Which rows are wanted."""

    where: tuple[str, ...] = ()
    """Conditions that all have to hold; see `lcscale.expressions`."""
    classes: tuple[str, ...] = ()
    """Classes of which a row is to be one; none: any."""
    cone: Cone | None = None
    """Part of the sky."""


class Rows:
    """The rows of a version: masks, orders, pages and histograms; what was computed lately is kept.

    Parameters
    ----------
    database
        The rows.
    ra, dec
        Names of the columns of position.
    """

    def __init__(self, database: Database, ra: str, dec: str) -> None:
        self.database, self._position = database, (ra, dec)
        self._kept: OrderedDict[Hashable, Any] = OrderedDict()
        self._making: dict[Hashable, threading.Lock] = {}
        self._one_order = threading.Lock()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        """Number of rows."""
        return self.database.rows

    def mask(self, selection: Selection) -> Bools | None:
        """Which rows are wanted, bool [n_rows]; None: all."""
        wanted: list[Callable[[], Bools]] = []
        keys: list[Hashable] = []
        for text in selection.where:
            wanted.append(lambda text=text: self._where(text))  # type: ignore[misc]
            keys.append(("where", text))
        if selection.classes:
            wanted.append(lambda: self._of_classes(selection.classes))
            keys.append(("classes", selection.classes))
        if selection.cone is not None:
            cone = selection.cone
            wanted.append(lambda: self._within(cone))
            keys.append(("cone", cone))
        result: Bools | None = None
        for key, make in zip(keys, wanted, strict=True):
            packed = self._keeping(key, lambda make=make: np.packbits(make()))  # type: ignore[misc]
            bits = np.unpackbits(packed, count=len(self)).view(np.bool_)
            result = bits if result is None else result & bits
        return result

    def _where(self, text: str) -> Bools:
        """The rows for which a condition holds, computed by `expressions` on the columns that it names."""
        if lists_in(text):
            raise InputError(f"{text!r} names a list; the browser reads none: write the values out, in brackets")
        names = names_in(text)
        schema = self.database.schema
        missing = [name for name in names if name not in schema.names]
        if missing:
            raise InputError(f"no column {', '.join(map(repr, missing))}; there are {', '.join(schema.names)}")
        if not names:
            one = holds(text, pa.table({"": [None]}))[0].as_py()
            return np.full(len(self), one, np.bool_)
        return self._gathered(names, lambda batch: holds(text, batch).to_numpy())

    def _within(self, cone: Cone) -> Bools:
        return self._gathered(self._position, lambda batch: cone.contains(batch, *self._position))

    def _of_classes(self, names: Sequence[str]) -> Bools:
        codes, known = self.classes()
        return np.isin(codes, [known.index(name) for name in names if name in known])

    def _gathered(self, names: Sequence[str], of: Callable[[pa.Table], Any]) -> Bools:
        found = [np.asarray(of(batch), np.bool_) for batch in self.database.batches(names)]
        return np.concatenate([np.empty(0, np.bool_), *found])

    def classes(self) -> tuple[npt.NDArray[np.int16], list[str]]:
        """The class of each row, int16 [n_rows] (-1: none), and the names of the classes."""
        return self._keeping(CLASS.name, self._classes)

    def _classes(self) -> tuple[npt.NDArray[np.int16], list[str]]:
        if CLASS.name not in self.database.schema.names:
            return np.full(len(self), -1, np.int16), []
        text = [batch.column(0).cast(pa.string()) for batch in self.database.batches([CLASS.name])]
        encoded = pa.chunked_array([chunk for each in text for chunk in each.chunks], pa.string()).combine_chunks()
        coded = pc.dictionary_encode(encoded)
        coded = coded.combine_chunks() if isinstance(coded, pa.ChunkedArray) else coded
        codes = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int16)
        return codes, coded.dictionary.to_pylist()

    def counts(self, mask: Bools | None) -> dict[str, int]:
        """Rows of each class among those of `mask`, the most frequent first."""
        codes, names = self.classes()
        counts = np.bincount((codes if mask is None else codes[mask]) + 1, minlength=len(names) + 1)[1:]
        return {names[k]: int(counts[k]) for k in np.argsort(-counts, kind="stable")}

    def page(self, sort: str | None, descending: bool, mask: Bools | None, at: int, limit: int) -> tuple[Places, int]:
        """Numbers of the rows from the place `at` on, in an order, and how many are wanted in all.

        The first rows by a column that nobody sorted by before come at once; its whole order is made meanwhile.
        """
        if 0 < at + limit <= _SOON and sort is not None and not self._has_order(sort):
            found, wanted, values = self._first(sort, descending, mask, at + limit)
            making = threading.Thread(target=lambda: self._sorted(sort, values), daemon=True)
            making.start()
            if found is not None:
                return found[at:], wanted
        order = self.order(sort, descending, mask)
        return order[at : at + limit], int(order.size)

    def _has_order(self, sort: str) -> bool:
        """Whether rows are sorted by this already, or no column at all."""
        if sort not in self.database.schema.names or sort == CLASS.name:
            return True
        with self._lock:
            return ("sort", sort) in self._kept or self.database.order_path(sort).is_file()

    def _first(
        self, sort: str, descending: bool, mask: Bools | None, n: int
    ) -> tuple[Places | None, int, npt.NDArray[np.float64] | None]:
        """The first `n` wanted rows by a column (None: they take the whole order), how many are wanted, the column."""
        if is_number(self.database.schema.field(sort)):
            values = self.database.column(sort)
            wanted = np.arange(len(self), dtype=np.int32) if mask is None else np.flatnonzero(mask)
            return first(values, wanted, n, descending), int(wanted.size), values
        if mask is not None:
            return None, 0, None
        quoted, way = self.database.quoted(sort), "desc" if descending else "asc"
        text = f"select rowid, {quoted} is null from rows order by {quoted} {way} nulls last, rowid {way} limit {n}"
        rows = self.database.sql(text).fetchall()
        some_missing = len(rows) < n or any(missing for _, missing in rows)
        return None if some_missing else np.array([row for row, _ in rows], np.int32), len(self), None

    def order(self, sort: str | None, descending: bool, mask: Bools | None) -> npt.NDArray[np.int32]:
        """Numbers of the wanted rows, sorted: missing values come last, and equal ones in order of the sky."""
        if sort is None:
            rows = np.arange(len(self), dtype=np.int32)
        elif sort == NEXT:
            rows = self._keeping(NEXT, self._next_to_judge)
        elif sort == BEST_FIRST:
            rows = self._keeping(BEST_FIRST, self._best_first)
        else:
            rows, valid = self._sorted(sort)
            if descending:
                rows = np.concatenate([rows[:valid][::-1], rows[valid:]])
        return rows if mask is None else rows[mask[rows]]

    def _sorted(self, name: str, values: npt.NDArray[np.float64] | None = None) -> tuple[Places, int]:
        """Row numbers in ascending order of a column, and how many of them have a value; kept beside the rows."""
        self.database.quoted(name)
        return self._keeping(("sort", name), lambda: self._stored(name, values))

    def _stored(self, name: str, values: npt.NDArray[np.float64] | None) -> tuple[Places, int]:
        path = self.database.order_path(name)
        if path.is_file():
            stored = np.load(path, mmap_mode="r", allow_pickle=False)
            return stored[1:], int(stored[0])
        with self._one_order:  # two at a time would need twice the memory
            rows, valid = self._sorting(name) if values is None else ascending(values)
        keep_order(path, rows, valid)
        return rows, valid

    def _sorting(self, name: str) -> tuple[Places, int]:
        if is_number(self.database.schema.field(name)):
            return ascending(self.database.column(name))
        if name == CLASS.name:
            codes, known = self.classes()
            rank = np.append(np.argsort(np.argsort(known)).astype(np.float64), np.nan)  # the last one for no class
            return ascending(rank[codes])
        return self.database.text_order(name)

    def _best_first(self) -> Places:
        """Probable classes first, those that something speaks against behind the others, no class at all last."""
        names = self.database.schema.names
        if BEST not in names:
            raise InputError("the best come first by their probabilities; this catalog has none")
        probability = self.database.column(BEST)
        doubtful = self._gathered(["doubt"], lambda batch: batch.column("doubt").is_valid().to_numpy())
        return np.lexsort((-probability, doubtful, np.isnan(probability))).astype(np.int32)

    def _next_to_judge(self) -> Places:
        """Uncertain rows first, but in turn from each cell of class and period: k-th of its cell before the k+1-th."""
        names = self.database.schema.names
        if UNCERTAINTY not in names:
            raise InputError("the order to judge by needs probabilities; this catalog has none")
        uncertainty = np.nan_to_num(self.database.column(UNCERTAINTY), nan=-1.0)
        codes, known = self.classes()
        cell = codes.astype(np.int64) + 1
        if "period" in names:
            with np.errstate(invalid="ignore", divide="ignore"):
                step = np.floor(4 * np.log10(self.database.column("period")))
            cell = cell + (len(known) + 1) * (np.nan_to_num(step, nan=-64.0, posinf=63.0, neginf=-64.0) + 64).astype(
                int
            )
        best = np.lexsort((-uncertainty, cell))
        starts = np.flatnonzero(np.concatenate([[True], np.diff(cell[best]) != 0]))
        rank = np.arange(best.size) - np.repeat(starts, np.diff(np.append(starts, best.size)))
        turn = np.empty(best.size, np.int64)
        turn[best] = rank
        turn[uncertainty < 0] = best.size
        return np.lexsort((-uncertainty, turn)).astype(np.int32)

    def values(self, name: str) -> npt.NDArray[np.float32]:
        """A column of numbers for drawing, float32 [n_rows]."""
        field = self.database.schema.field(self.database.quoted(name)[1:-1].replace('""', '"'))
        if not is_number(field):
            raise InputError(f"{name} has no numbers: it is {field.type}")
        return self._keeping(("values", name), lambda: self.database.column(name).astype(np.float32))

    def _keeping(self, key: Hashable, make: Callable[[], _T]) -> _T:
        """What `make` gives, computed once as long as it is asked for now and then."""
        with self._lock:
            making = self._making.setdefault(key, threading.Lock())
        with making:  # who asks for the same meanwhile waits for it
            with self._lock:
                if key in self._kept:
                    self._kept.move_to_end(key)
                    return self._kept[key]  # type: ignore[no-any-return]
            try:
                made = make()
            finally:
                with self._lock:
                    self._making.pop(key, None)
            with self._lock:
                self._kept[key] = made
                while len(self._kept) > 12:
                    self._kept.popitem(last=False)
            return made

    def cells(self, order: int) -> npt.NDArray[np.int32]:
        """The nested HEALPix cell (of `order`, at most 8) of each row, int32 [n_rows]."""
        return self._keeping(("cells", order), lambda: self._cells(order))

    def _cells(self, order: int) -> npt.NDArray[np.int32]:
        found = [
            (batch.column(0).to_numpy() >> 2 * (29 - order)).astype(np.int32)
            for batch in self.database.batches([HEALPIX_COLUMN])
        ]
        return np.concatenate([np.empty(0, np.int32), *found])
