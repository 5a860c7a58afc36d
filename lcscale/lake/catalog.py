"""`Catalog`: a lazy view of a HATS catalog, to explore at a notebook or to run as a job."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from lcscale.engine.overlap import two_at_once
from lcscale.errors import InputError
from lcscale.lake.leaf import Ranges
from lcscale.lake.partition import PartitionPlan
from lcscale.lake.region import Region, as_region
from lcscale.lake.source import Source, open_source
from lcscale.steps import Narrowing, Select, Step, Where, chain_schema

if TYPE_CHECKING:
    from upath import UPath

    from lcscale.engine import RunRecord
    from lcscale.lake.streaming import CatalogStream


@dataclass(frozen=True)
class Catalog:
    """Rows on the sky, partitioned by HEALPix pixel, and the steps to apply to them; nothing is read until asked.

    Catalogs are immutable: every method gives a new one. Look with `head`, `to_arrow`, `to_dask`, `to_lsdb`; run as a
    resumable job with `write`. All of them run the same functions on the same partitions.

    Examples
    --------
    >>> import lcscale as lc
    >>> catalog = lc.open_catalog("lake/crts_north")  # doctest: +SKIP
    >>> catalog.region(lc.Cone(180.0, 30.0, 3600)).map(lc.features.Extract()).head()  # doctest: +SKIP
    """

    source: Source
    steps: tuple[Step, ...] = ()
    area: Region | None = None
    entries: UPath | None = None
    """Root of the lake it came from, where `write` puts its result."""

    @property
    def name(self) -> str:
        """Name of the catalog it reads."""
        return self.source.name

    @property
    def schema(self) -> pa.Schema:
        """Arrow schema of its rows after all steps."""
        return chain_schema(self.steps, self.source.schema)

    @property
    def column_names(self) -> list[str]:
        """Names of its columns after all steps."""
        return list(self.schema.names)

    def columns(self, *names: str) -> Catalog:
        """Keep only these columns; the HEALPix index and the coordinates always stay."""
        schema = self.schema
        unknown = [name for name in names if name not in schema.names]
        if unknown:
            raise InputError(
                f"{self.name}: no column {', '.join(map(repr, unknown))}; there are {', '.join(schema.names)}"
            )
        kept = [name for name in self.source.position if name not in names]
        return replace(self, steps=(*self.steps, Select((*kept, *dict.fromkeys(names)))))

    def without(self, *names: str) -> Catalog:
        """All columns but these."""
        return self.columns(*(name for name in self.column_names if name not in names))

    def where(self, condition: str) -> Catalog:
        """Only rows for which a condition such as ``"mag < 15 and is_valid(period)"`` holds; see `steps.Where`."""
        return self.map(Where(condition))

    def region(self, region: Any) -> Catalog:
        """Only rows within a `Cone`, a `Box` or a `mocpy.MOC`; partitions and row groups elsewhere are not read."""
        if self.area is not None or not all(step.rowwise for step in self.steps):
            raise InputError("region: choose one region, before any step that needs whole partitions")
        return replace(self, area=as_region(region))

    def map(self, *steps: Step) -> Catalog:
        """Apply `steps` to every partition, one after the other, in one pass."""
        for step in steps:
            if not isinstance(step, Step):
                raise InputError(f"map: {step!r} is no step (see lcscale.steps.Step)")
        chain_schema(steps, self.schema)
        return replace(self, steps=(*self.steps, *steps))

    def crossmatch(
        self,
        other: Catalog,
        *,
        association: bool = False,
        left_id: str | None = None,
        right_id: str | None = None,
        **options: Any,
    ) -> Catalog:
        """Join each row with its neighbours in `other`, exactly, also across partition borders.

        Parameters
        ----------
        other
            The right-hand catalog: a whole one, or with `columns` chosen.
        association
            Keep only the ids of both sides and the separation (and the left position, which places the row).
        left_id, right_id
            Columns of the ids of an association; default ``object_id``, ``source_id`` or ``id``.
        options
            Fields of `lcscale.crossmatch.MatchOptions`: ``radius_arcsec`` (default 1), ``n_neighbors``, ``how``
            (``inner``, ``left``, ``anti``), ``suffix`` …

        Returns
        -------
        Catalog
            Left columns, right columns (with the suffix where names clash), ``separation_arcsec``; in left order.
        """
        from lcscale.crossmatch import MatchOptions
        from lcscale.lake.neighbours import Crossmatch, associate

        if association:
            return associate(self, other, MatchOptions(**options), left_id, right_id)
        if left_id is not None or right_id is not None:
            raise InputError("crossmatch: left_id and right_id belong to association=True")
        return self.map(Crossmatch(self, other, MatchOptions(**options)))

    def join(self, other: Catalog, on: str = "object_id") -> Catalog:
        """Append the further columns of `other`, a catalog made from this one: features to light curves, say.

        Rows belong together when `on` and the position are the same; a row without its like gets nulls.
        """
        from lcscale.lake.joining import Join

        return self.map(Join(other, on))

    def plan(self) -> PartitionPlan:
        """How its partitions are read and computed: only columns that are needed are read, of other catalogs too."""
        columns, steps = self._needed()
        return PartitionPlan(
            columns=columns,
            input_schema=self.source.schema,
            ra=self.source.ra,
            dec=self.source.dec,
            steps=steps,
            region=self.area,
        )

    def _needed(self) -> tuple[tuple[str, ...], tuple[Step, ...]]:
        """Columns to read, and the steps, of which those that read other catalogs read what is kept in the end."""
        wanted: set[str] | None = None
        steps = []
        for step in reversed(self.steps):
            if isinstance(step, Select):
                wanted = set(step.names)
            elif wanted is not None:
                step = step.narrowed(wanted) if isinstance(step, Narrowing) else step
                wanted |= {*step.columns, *getattr(step, "optional_columns", ())}
            steps.append(step)
        names = self.source.schema.names
        wanted = set(names) if wanted is None else wanted.union(self.source.position)
        return tuple(name for name in names if name in wanted), tuple(reversed(steps))

    @property
    def partitions(self) -> list[Any]:
        """The leaves it reads, in order of the sky."""
        if self.area is None:
            return list(self.source.leaves)
        return self.source.leaves_within(self.area.ranges())

    def to_batches(self) -> Iterator[pa.Table]:
        """The rows, one table a partition, computed here as they are asked for, and the next one meanwhile."""
        return two_at_once(self.plan().table, self.partitions)

    def rows_within(self, ranges: Ranges) -> pa.Table:
        """The rows whose `_healpix_29` lies in `ranges`, in one table, computed here."""
        plan = self.plan()
        found = [table for leaf in self.source.leaves_within(ranges) for table in plan.tables(leaf, ranges)]
        return pa.concat_tables([plan.schema.empty_table(), *found]).combine_chunks()

    def to_arrow(self) -> pa.Table:
        """All rows in one Arrow table, computed here."""
        return pa.concat_tables([self.schema.empty_table(), *self.to_batches()]).combine_chunks()

    def head(self, n: int = 5) -> Any:
        """The first `n` rows as a pandas dataframe; reads no more than it must."""
        import pandas as pd

        found: list[pa.Table] = []
        plan = self.plan()
        for leaf in self.partitions:
            for table in plan.tables(leaf):
                found.append(table.slice(0, n - sum(part.num_rows for part in found)))
                if sum(part.num_rows for part in found) >= n:
                    break
            if sum(part.num_rows for part in found) >= n:
                break
        return pa.concat_tables([self.schema.empty_table(), *found]).to_pandas(types_mapper=pd.ArrowDtype)

    def to_dask(self) -> Any:
        """A Dask dataframe: Arrow dtypes, indexed by `_healpix_29` with known divisions, a partition a pixel."""
        from lcscale.lake.frames import to_dask

        return to_dask(self)

    def to_lsdb(self) -> Any:
        """An LSDB catalog of the same rows (needs lsdb)."""
        from lcscale.lake.frames import to_lsdb

        return to_lsdb(self)

    def to_torch(self, batch_size: int = 256, **options: Any) -> CatalogStream:
        """A torch `IterableDataset` of shuffled batches, each row once an epoch over all loader workers and ranks.

        Parameters
        ----------
        batch_size
            Rows of a batch; give ``DataLoader(..., batch_size=None)``, as the batches are made here.
        options
            ``shuffle``, ``seed``, ``buffer_rows``, ``transform``, ``rank``, ``world``: see
            `lcscale.lake.streaming.CatalogStream`.
        """
        from lcscale.lake.streaming import CatalogStream

        return CatalogStream(self, batch_size, **options)

    def write(
        self, name: str, *, lake: Any = None, engine: Any = None, progress: bool | None = None, retries: int = 2
    ) -> RunRecord:
        """Run every partition once and publish the result as `name` of the lake.

        Interrupted, the same call goes on where it stopped; finished, it is a no-op; with another plan it makes a new
        version. Partitions that fail are set aside and named in the record.

        Parameters
        ----------
        name
            Lake entry to write.
        lake
            `Lake` or its URL; default: the lake this catalog came from.
        engine
            See `lcscale.engine.resolve`; default: the active Dask client, else this process.
        progress
            True, False, or None to show it in a terminal only.
        retries
            How often a partition that fails is tried again.
        """
        from lcscale.lake.job import write_catalog

        return write_catalog(self, name, lake=lake, engine=engine, progress=progress, retries=retries)

    def fingerprint(self) -> str:
        """A text that stands for its content: the leaves' identities, the steps and the region."""
        identities = self.source.identities()
        parts = [f"{leaf.pixel}={identities[leaf.pixel]}" for leaf in self.partitions]
        digest = hashlib.blake2b("\n".join([*parts, self.steps_fingerprint()]).encode(), digest_size=16)
        return digest.hexdigest()

    def steps_fingerprint(self) -> str:
        """A text that stands for what is done to each partition."""
        return "\n".join([repr(self.area), *(step.fingerprint() for step in self.steps)])

    def inherited_properties(self) -> dict[str, str]:
        """Properties of the source that stay true of its rows: survey, epoch, references."""
        return {key: value for key, value in self.source.properties if key.startswith(("lcscale_", "obs_", "bib_"))}

    def __repr__(self) -> str:
        size = f"{self.source.rows:,} rows, {len(self.source.leaves)} partitions"
        lines = [f"Catalog {self.name} ({size}, {self.source.url})"]
        lines += [f"  in {self.area!r}"] if self.area is not None else []
        lines += [f"  -> {step!r}" for step in self.steps]
        return "\n".join([*lines, f"  columns: {', '.join(self.column_names)}"])


def open_catalog(url: str, **storage_options: Any) -> Catalog:
    """Open any HATS catalog or collection: ours or others', local, ``https://`` or ``s3://``.

    Parameters
    ----------
    url
        Its folder or URL.
    storage_options
        Options of the file system, such as ``anon=True`` for public buckets.
    """
    return open_with(url, storage_options)


def open_with(url: str, options: Mapping[str, Any], entries: UPath | None = None) -> Catalog:
    """`open_catalog` for a catalog of the lake at `entries`."""
    return Catalog(open_source(url, options), entries=entries)
