"""`Catalog`: a lazy view of a HATS catalog, to explore at a notebook or to run as a job."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Unpack

from upath import UPath

from lcscale.errors import InputError
from lcscale.expressions import Condition, Listed, ValueList
from lcscale.expressions import condition as condition_with
from lcscale.lake.draft import Draft, check_name
from lcscale.lake.inputs import Input, from_properties
from lcscale.lake.joining import Join
from lcscale.lake.neighbours import Crossmatch
from lcscale.lake.region import Moc, Region, as_region
from lcscale.lake.source import open_source
from lcscale.lake.storage import LakeSpec, StorageOption, place_of
from lcscale.lake.view import View, listed
from lcscale.lightcurves import LightCurveFields
from lcscale.steps import Step, Where

if TYPE_CHECKING:
    from lcscale.crossmatch.options import MatchFields
    from lcscale.engine import EngineSpec, MaxFailed, RunRecord
    from lcscale.lake.exporting import Exported
    from lcscale.lake.streaming import CatalogStream, StreamOptions


@dataclass(frozen=True, repr=False)
class Catalog(View):
    """Rows on the sky, partitioned by HEALPix pixel, and the steps to apply to them; nothing is read until asked.

    Catalogs are immutable: every method gives a new one. Look with `head`, `to_arrow`, `to_dask`, `to_lsdb`; run as a
    resumable job with `write`. All of them run the same functions on the same partitions.

    Examples
    --------
    >>> import lcscale as lc
    >>> catalog = lc.open_catalog("lake/crts_north")  # doctest: +SKIP
    >>> catalog.region(lc.Cone(180.0, 30.0, 3600)).map(lc.features.Extract()).head()  # doctest: +SKIP
    """

    def without(self, *names: str | Iterable[str]) -> Catalog:
        """All columns but these, names or lists of names."""
        left_out = listed(names)
        return self.columns(name for name in self.column_names if name not in left_out)

    def where(self, condition: str | Condition, **lists: Listed | ValueList) -> Catalog:
        """Only rows for which a condition such as ``"mag < 15 and period is not null"`` holds.

        Parameters
        ----------
        condition
            See `lcscale.expressions`.
        lists
            Lists that it looks rows up in, of any length: ``where("source_id in @mine", mine=ids)``, an array or the
            path of a file; ``where("source_id in @mine.csv")`` names the file itself.
        """
        return self.map(Where(condition_with(condition, **lists)))

    def region(self, region: Region | Moc) -> Catalog:
        """Only rows within a `Cone`, a `Box` or a `mocpy.MOC`; partitions and row groups elsewhere are not read."""
        if self.area is not None or not all(step.rowwise for step in self.steps):
            raise InputError("region: choose one region, before any step that needs whole partitions")
        return replace(self, area=as_region(region))

    def map(self, *steps: Step) -> Catalog:
        """Apply `steps` to every partition, one after the other, in one pass."""
        for step in steps:
            if not isinstance(step, Step):
                raise InputError(f"map: {step!r} is no step (see lcscale.steps.Step)")
        return self.mapped(*steps)

    def crossmatch(
        self,
        other: Catalog,
        *,
        association: bool = False,
        left_id: str | None = None,
        right_id: str | None = None,
        **options: Unpack[MatchFields],
    ) -> Catalog:
        """Join each row with its neighbours in `other`, exactly, also across partition borders.

        Parameters
        ----------
        other
            The right-hand catalog: a whole one, or with `columns` chosen.
        association
            Keep only the ids of both sides and the separation (and the left position, which places the row).
        left_id, right_id
            Columns of the ids of an association; default: each catalog's `id_column`.
        options
            Fields of `lcscale.crossmatch.MatchOptions`: ``radius_arcsec`` (default 1), ``n_neighbors``, ``how``
            (``inner``, ``left``, ``anti``), ``suffix`` …

        Returns
        -------
        Catalog
            Left columns, right columns (with the suffix where names clash), ``separation_arcsec``; in left order.
        """
        from lcscale.crossmatch import MatchOptions

        step = Crossmatch(self, other, MatchOptions(**options))
        if association:
            return self.map(step).columns(*step.association(left_id, right_id))
        if left_id is not None or right_id is not None:
            raise InputError("crossmatch: left_id and right_id belong to association=True")
        return self.map(step)

    def join(self, other: Catalog, on: str | None = None, how: str = "left") -> Catalog:
        """Append the further columns of `other`, a catalog made from this one: features to light curves, say.

        Parameters
        ----------
        other
            The other catalog.
        on
            Column of the ids (default: this catalog's `id_column`): rows belong together when it and the position are
            the same.
        how
            ``left`` keeps all rows of this catalog, with nulls where `other` has no such row; ``inner`` keeps those
            that `other` has too.
        """
        return self.map(Join(other, on or self.id_column, how))

    @property
    def inputs(self) -> list[Input]:
        """Catalogs, with versions and roles, that the version it reads was made from; none where it was ingested."""
        return from_properties(dict(self.source.properties))

    def light_curves(self, fields: LightCurveFields | None = None) -> Catalog:
        """The very version of the catalog with the light curves that these rows were made from.

        Parameters
        ----------
        fields
            As in `open_catalog`, for a catalog of others.

        Raises
        ------
        InputError
            The catalog does not tell, or that version was removed.
        """
        if "lightcurve" in self.column_names:
            return self
        told = self._light_curves()
        if told is None:
            raise InputError(f"{self.name} {self.source.version} does not tell from which light curves it was made")
        return self._opened(f"the light curves of {told[0]}", told[1], fields)

    def input_catalog(self, told: Input) -> Catalog:
        """The version that `told`, one of `inputs`, names.

        Raises
        ------
        InputError
            It was removed.
        """
        folder = UPath(told.folder(self.source.folder.parent.parent), **dict(self.source.options))
        return self._opened(told.name, folder)

    def _opened(self, name: str, folder: UPath, fields: LightCurveFields | None = None) -> Catalog:
        if not folder.exists():
            raise InputError(
                f"{self.name} {self.source.version} was made from {name} {folder.name}, "
                f"and {folder} is not there any more"
            )
        return open_with(str(folder), dict(self.source.options), self.entries, fields)

    def head(self, n: int = 5) -> Any:
        """The first `n` rows as a pandas dataframe; reads and computes little more than that takes."""
        import pandas as pd

        return self.first_rows(n).to_pandas(types_mapper=pd.ArrowDtype)

    def to_dask(self) -> Any:
        """A Dask dataframe: Arrow dtypes, indexed by `_healpix_29` with known divisions, a partition a pixel."""
        from lcscale.lake.frames import to_dask

        return to_dask(self)

    def to_lsdb(self) -> Any:
        """An LSDB catalog of the same rows (needs lsdb)."""
        from lcscale.lake.frames import to_lsdb

        return to_lsdb(self)

    def to_pandas(self) -> Any:
        """All rows as a pandas dataframe of Arrow dtypes (nulls stay nulls), computed here."""
        import pandas as pd

        return self.to_arrow().to_pandas(types_mapper=pd.ArrowDtype)

    def to_astropy(self) -> Any:
        """All rows as an `astropy.table.Table`, computed here: units, UCDs and descriptions kept, nulls masked.

        Light curves are Python objects in it; ``map(lcscale.lightcurves.Detections())`` gives a row an observation.
        """
        from lcscale.lake.astropy_tables import to_astropy

        return to_astropy(self.to_arrow())

    def export(
        self,
        path: str | os.PathLike[str],
        *,
        columns: Sequence[str] = (),
        where: str | None = None,
        light_curves: str | None = None,
        overwrite: bool = False,
    ) -> Exported:
        """Write the rows into one file for others: CSV, Parquet, FITS, VOTable or ECSV, by the ending of its name.

        Parameters
        ----------
        path
            File to write.
        columns, where, light_curves, overwrite
            See `lcscale.lake.export`.
        """
        from lcscale.lake.exporting import export

        return export(self, path, columns=columns, where=where, light_curves=light_curves, overwrite=overwrite)

    def to_torch(self, batch_size: int = 256, **options: Unpack[StreamOptions]) -> CatalogStream:
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
        self,
        name: str,
        *,
        lake: LakeSpec | None = None,
        engine: EngineSpec = None,
        progress: bool | None = None,
        retries: int = 2,
        max_failed: MaxFailed = 0,
        replace: bool = False,
    ) -> RunRecord:
        """Run every partition once and publish the result as `name` of the lake.

        Interrupted, the same call goes on where it stopped; finished, it is a no-op; with another plan it makes a new
        version. Partitions that fail are set aside and named in the record; where more fail than `max_failed` allows,
        nothing is published, `RunRecord.withheld` says what to do, and the version before stays.

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
        max_failed
            How many partitions may be missing in what is published: a number, or a share of all as a float. They
            stand in the record, in ``lcscale jobs`` and in the catalog's properties; the same call tries them again.
        replace
            Whether the name may hold a result of other inputs, another model, or other periods, features or matches,
            which this then replaces; newer versions of the same inputs need no word.

        Raises
        ------
        ConflictError
            Where the name holds such a result, and not `replace`.
        """
        from lcscale.lake.job import Plan, write_view

        root = self.entries if lake is None else place_of(lake)
        if root is None:
            raise InputError(f"write({name!r}): the catalog came from no lake; say which with lake=")
        check_name(name)
        plan = Plan(self)
        options: dict[str, Any] = {"engine": engine, "progress": progress, "retries": retries}
        draft = Draft(root / name, plan.text)
        return write_view(plan, draft, max_failed=max_failed, replaces=replace, **options)


def open_catalog(
    url: str, *, light_curves: LightCurveFields | None = None, **storage_options: StorageOption
) -> Catalog:
    """Open any HATS catalog or collection: ours or others', local, ``https://`` or ``s3://``.

    Parameters
    ----------
    url
        Its folder or URL.
    light_curves
        Names of its light curves' columns and fields, where they are not ours; every step then finds them in the
        column `lightcurve`. Forms of ZTF's releases are known without.
    storage_options
        Options of the file system, such as ``anon=True`` for public buckets.

    Examples
    --------
    >>> from lcscale.lightcurves import LightCurveFields
    >>> fields = LightCurveFields(time="mjd", mag="psfmag", mag_err="psfmagerr", band="filter")
    >>> open_catalog("s3://survey/objects", light_curves=fields)  # doctest: +SKIP
    """
    return open_with(url, storage_options, light_curves=light_curves)


def open_with(
    url: str,
    options: Mapping[str, Any],
    entries: UPath | None = None,
    light_curves: LightCurveFields | None = None,
) -> Catalog:
    """`open_catalog` for a catalog of the lake at `entries`."""
    return Catalog(open_source(url, options, light_curves), entries=entries)
