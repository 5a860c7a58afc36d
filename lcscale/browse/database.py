"""The rows of one version of a catalog in a DuckDB file of the cache, made once; nothing else is ever read by it."""

from __future__ import annotations

import contextlib
import hashlib
import json
import multiprocessing
import shutil
import sys
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lcscale.browse.columns import beside, flat, is_number, judged_by
from lcscale.browse.orders import Places
from lcscale.errors import InputError, LcscaleError
from lcscale.lake import Catalog, Lake
from lcscale.vocabulary import HEALPIX_COLUMN

FORMAT = 1
"""Raised when what is cached changes."""
_MEMORY = "256MB"
_BATCH = 1 << 18


class Database:
    """A table ``rows`` whose row numbers are the catalog's order on the sky; read-only, and closed to all files.

    Parameters
    ----------
    catalog
        Its flat columns are copied; of other catalogs those that `beside` finds come along.
    lake
        Where those are.
    cache
        Folder of the copies.
    """

    def __init__(self, catalog: Catalog, lake: Lake, cache: Path) -> None:
        others = beside(lake, catalog)
        joined = catalog.columns(flat(catalog.schema))
        for other in others:
            joined = joined.join(other.catalog.columns(catalog.id_column, *other.names), on=catalog.id_column)
        self.joined = {
            name: f"{each.catalog.name} {each.catalog.source.version}" for each in others for name in each.names
        }
        key = hashlib.blake2b(f"{FORMAT}\n{joined.fingerprint()}\n{duckdb.__version__}".encode(), digest_size=12)
        self.folder = cache / f"{catalog.name}-{catalog.source.version}-{key.hexdigest()}"
        self.schema = judged_by(joined.schema.empty_table()).schema
        if not (self.folder / "rows.duckdb").is_file():
            self._make(joined)
        config: dict[str, Any] = {"threads": 2, "memory_limit": _MEMORY, "enable_external_access": False}
        file = str(self.folder / "rows.duckdb")
        self._connection = duckdb.connect(file, read_only=True, config=config | {"lock_configuration": True})
        self._local = threading.local()
        self.rows = int(self.sql("select count(*) from rows").fetchall()[0][0])

    def _make(self, joined: Catalog) -> None:
        """Copy the rows, in a folder beside that is renamed when it is whole."""
        draft = self.folder.with_name(f".{uuid.uuid4().hex}")
        draft.mkdir(parents=True)
        if joined.source.rows > _BATCH:
            print(f"browse: copying {joined.source.rows:,} rows into {self.folder}, once", file=sys.stderr)
        try:
            if joined.source.rows > _BATCH:  # in a process of its own: the server's memory stays small
                arguments = (joined, self.schema, draft)
                copying = multiprocessing.get_context("spawn").Process(target=_copy, args=arguments)
                copying.start()
                copying.join()
                if copying.exitcode:
                    raise LcscaleError(f"could not copy {joined.name} into {self.folder.parent}; is there room?")
            else:
                _copy(joined, self.schema, draft)
            (draft / "catalog.json").write_text(json.dumps({"url": joined.source.url, "columns": self.schema.names}))
            with contextlib.suppress(OSError):  # another server was quicker
                draft.rename(self.folder)
        finally:
            shutil.rmtree(draft, ignore_errors=True)

    def sql(self, text: str, values: Sequence[Any] = ()) -> duckdb.DuckDBPyRelation:
        """Ask a query of ours; `values` are bound, and names in `text` come from the schema by `quoted`."""
        if not hasattr(self._local, "cursor"):
            self._local.cursor = self._connection.cursor()
        cursor: duckdb.DuckDBPyConnection = self._local.cursor
        return cursor.sql(text, params=list(values)) if values else cursor.sql(text)

    def quoted(self, name: str) -> str:
        """`name` as SQL writes it; only that of a column there is."""
        if name not in self.schema.names:
            raise InputError(f"no column {name!r}; there are {', '.join(self.schema.names)}")
        return _quoted(name)

    def batches(self, columns: Sequence[str]) -> Iterator[pa.Table]:
        """All rows in order, some at a time."""
        names = ", ".join(map(self.quoted, columns)) or "null"
        reader = self.sql(f"select {names} from rows").to_arrow_reader(_BATCH)
        for batch in reader:
            yield pa.Table.from_batches([batch])

    def column(self, name: str) -> npt.NDArray[np.float64]:
        """A column of numbers, float64 [n_rows]; NaN where it is null."""
        found = np.empty(self.rows)
        at = 0
        for batch in self.batches([name]):
            values = batch.column(0).cast(pa.float64(), safe=False).to_numpy()
            found[at : at + values.size] = values
            at += values.size
        return found

    def take(self, rows: npt.NDArray[np.integer[Any]], columns: Sequence[str]) -> pa.Table:
        """The rows of these numbers, in this order."""
        wanted = rows.astype(np.int64)
        names = ", ".join(["rows.rowid", *(f"rows.{self.quoted(name)}" for name in columns)])
        text = f"select {names} from (select distinct unnest(?) as place) join rows on rows.rowid = place"
        table = self.sql(text, [wanted.tolist()]).to_arrow_table()  # a join fetches some rows without a look at all
        place = np.argsort(table.column("rowid").to_numpy())
        order = place[np.searchsorted(table.column("rowid").to_numpy()[place], wanted)]
        fields = [self.schema.field(name) for name in columns]
        return table.take(pa.array(order)).drop_columns(["rowid"]).cast(pa.schema(fields))

    def find(self, column: str, ids: Sequence[str]) -> dict[str, int]:
        """Row numbers of objects by their names; those that are not there are left out."""
        text = f"cast({self.quoted(column)} as varchar)"
        found = self.sql(
            f"select {text}, min(rowid) from rows where {text} in (select unnest(?)) group by 1", [list(map(str, ids))]
        )
        return {str(name): int(row) for name, row in found.fetchall()}

    def order_path(self, column: str) -> Path:
        """Where the order of a column is kept: how many rows have a value, and the numbers of the rows."""
        return self.folder / _order_name(self.schema, column)

    def text_order(self, column: str) -> tuple[Places, int]:
        """Row numbers in ascending order of a column, missing values last, and how many rows have a value."""
        return _text_order(self.sql, self.quoted(column))

    def index_of(self, row: int) -> int:
        """HEALPix index (order 29) of a row."""
        return int(self.sql(f'select "{HEALPIX_COLUMN}" from rows where rowid = ?', [row]).fetchall()[0][0])


def _copy(joined: Catalog, schema: pa.Schema, folder: Path) -> None:
    """Write the rows of `joined` as the table ``rows`` of a database in `folder`."""
    with duckdb.connect(str(folder / "rows.duckdb"), config={"threads": 2, "memory_limit": _MEMORY}) as made:
        made.register("part", schema.empty_table())
        made.execute("create table rows as select * from part")
        for part in _gathered(joined.to_batches(), _BATCH):
            made.register("part", judged_by(part).cast(schema))
            made.execute("insert into rows select * from part")
        made.unregister("part")
        name = joined.id_column_or_none
        if name is not None and not is_number(schema.field(name)):  # names take long to sort
            order = _text_order(made.sql, _quoted(name))
            keep_order(folder / _order_name(schema, name), *order)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _order_name(schema: pa.Schema, column: str) -> str:
    return f"order-{schema.names.index(column)}.npy"


def _text_order(sql: Callable[[str], duckdb.DuckDBPyRelation], quoted: str) -> tuple[Places, int]:
    rows = sql(f"select rowid from rows order by {quoted} asc nulls last, rowid").fetchnumpy()["rowid"]
    valid = sql(f"select count({quoted}) from rows").fetchall()[0][0]
    return np.asarray(rows, np.int32), int(valid)


def keep_order(path: Path, rows: Places, valid: int) -> None:
    """Write an order whole or not at all."""
    beside = path.with_name(f".{uuid.uuid4().hex}.npy")
    np.save(beside, np.concatenate([np.array([valid], np.int32), rows]), allow_pickle=False)
    beside.replace(path)


def _gathered(tables: Iterable[pa.Table], rows: int) -> Iterator[pa.Table]:
    """The rows of `tables` in fewer and larger ones, of at least so many rows but for the last."""
    kept: list[pa.Table] = []
    for table in tables:
        kept.append(table)
        if sum(each.num_rows for each in kept) >= rows:
            yield pa.concat_tables(kept)
            kept = []
    if kept:
        yield pa.concat_tables(kept)
