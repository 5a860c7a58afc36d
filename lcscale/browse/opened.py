"""The lake as the browser holds it: catalogs opened once, each in the version that was current then."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lcscale.browse.columns import is_number
from lcscale.browse.curves import Curve, Curves
from lcscale.browse.database import Database
from lcscale.browse.options import ServerOptions
from lcscale.browse.rows import Rows
from lcscale.errors import InputError
from lcscale.explore.sky import Places, places_of
from lcscale.lake import HEALPIX_COLUMN, Catalog, Cone, Lake
from lcscale.lightcurves import declared_bands
from lcscale.models.heads.columns import PROBABILITY
from lcscale.products.judgements import Judgements, Label

_MOST_NEIGHBOURS = 20


@dataclass(frozen=True, eq=False)
class Opened:
    """A catalog in one version, with its rows and light curves."""

    catalog: Catalog
    """As it stands in the lake."""
    database: Database
    """Its flat columns."""
    rows: Rows
    """What is chosen and sorted of them."""
    curves: Curves
    """The light curves that they were made from."""
    sky: Places
    """How many rows each part of the sky has."""
    found: dict[str, int] = field(default_factory=dict)
    """Row numbers of objects that were judged."""

    @property
    def version(self) -> str:
        """Name of the version."""
        return self.catalog.source.version

    @property
    def identity(self) -> str:
        """Column of the names of the objects; the HEALPix index where there is none."""
        return self.catalog.id_column_or_none or HEALPIX_COLUMN

    def row(self, number: int) -> dict[str, Any]:
        """All that the table knows of a row."""
        if not 0 <= number < len(self.rows):
            raise InputError(f"{self.catalog.name} has the rows 0 to {len(self.rows) - 1}, not {number}")
        names = self.database.schema.names
        return dict(self.database.take(np.array([number]), names).to_pylist()[0])

    def number_of(self, object_id: str) -> int:
        """The row of an object."""
        found = self.rows_of([object_id])
        if object_id not in found:
            raise InputError(f"{self.catalog.name} has no object {object_id[:80]!r}")
        return found[object_id]

    def rows_of(self, ids: Sequence[str]) -> dict[str, int]:
        """The rows of objects; those that are not there are left out."""
        unknown = [name for name in ids if name not in self.found]
        if unknown:
            new = self.database.find(self.identity, unknown)
            if len(self.found) < 1 << 20:
                self.found.update(new)
            return {name: row for name in ids if (row := self.found.get(name, new.get(name))) is not None}
        return {name: self.found[name] for name in ids}

    def told(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Position and name of a row, as light curves are found by."""
        source = self.catalog.source
        return {"ra": row[source.ra], "dec": row[source.dec], "object_id": row[self.identity]}

    def curve(self, row: Mapping[str, Any]) -> Curve:
        """The light curve of a row."""
        return self.curves.of(int(row[HEALPIX_COLUMN]), self.told(row))

    def judged_rows(self, labels: Mapping[str, Label]) -> np.ndarray[Any, np.dtype[np.int64]]:
        """Numbers of the rows that `labels` speak of."""
        return np.array(sorted(self.rows_of(list(labels)).values()), np.int64)

    def usual(self, class_name: str) -> dict[str, list[float | None]]:
        """The 5 %, 50 % and 95 % quantiles of every number among the rows of a class."""
        schema = self.database.schema
        names = [f.name for f in schema if is_number(f) and f.name != HEALPIX_COLUMN and not PROBABILITY.names(f.name)]
        if "class" not in schema.names or not names:
            return {}
        parts = ", ".join(
            f"approx_quantile(case when isnan({q}::double) then null else {q}::double end, [0.05, 0.5, 0.95])"
            for q in map(self.database.quoted, names)
        )
        found = self.database.sql(f'select {parts} from rows where "class" = ?', [class_name]).fetchall()[0]
        return {name: value for name, value in zip(names, found, strict=True) if value is not None}


class Workplace:
    """What the server works on: a lake, its catalogs and its labels.

    Parameters
    ----------
    lake
        Read, and written to only by labels.
    options
        The cache's place and the models' folders are taken from it.
    """

    def __init__(self, lake: Lake, options: ServerOptions) -> None:
        self.lake, self.options = lake, options
        self._opened: dict[str, Opened] = {}
        self._labels: dict[str, tuple[Judgements, dict[str, Label]]] = {}
        self._lock = threading.RLock()

    def names(self) -> list[str]:
        """Catalogs that can be looked at: all, those with classes first."""
        catalogs = self.lake.readable()[0]

        def worth(catalog: Catalog) -> tuple[bool, bool, str]:
            names = catalog.column_names
            return "class" not in names or "lightcurve" in names, "period" not in names, catalog.name

        return [catalog.source.folder.parent.name for catalog in sorted(catalogs, key=worth)]

    def open(self, name: str, renew: bool = False) -> Opened:
        """A catalog of the lake; `renew` takes the version that is current now."""
        with self._lock:
            if name not in self._opened or (renew and self.lake.current(name) != self._opened[name].version):
                catalog = self.lake[name]
                database = Database(catalog, self.lake, self.options.cache)
                rows = Rows(database, catalog.source.ra, catalog.source.dec)
                self._opened[name] = Opened(catalog, database, rows, Curves(self.lake, catalog), places_of(catalog))
            return self._opened[name]

    def judgements(self, name: str) -> tuple[Judgements, dict[str, Label]]:
        """The labels of a name, and the current ones by object as this server knows them."""
        with self._lock:
            if name not in self._labels:
                judgements = Judgements(self.lake.root, name)
                self._labels[name] = judgements, judgements.current()
            return self._labels[name]

    def judge(self, name: str, labels: Sequence[Label]) -> list[Label]:
        """Append labels; they are on the disk when this returns."""
        with self._lock:
            judgements, current = self.judgements(name)
            added = judgements.add(labels)
            if any(label.withdrawn for label in added):
                current.clear()
                current.update(judgements.current())
            for label in added:
                if label.withdrawn is None:
                    current[label.object_id] = label
            return added

    def neighbours(self, opened: Opened, row: Mapping[str, Any], radius_arcsec: float) -> list[dict[str, Any]]:
        """Objects of all catalogs around a row, the nearest first, each with its separation."""
        told = opened.told(row)
        found = []
        for catalog in self.lake.readable()[0]:
            source = catalog.source
            column = catalog.id_column_or_none
            extra = [name for name in ("class", "label", "g_mag", "period", "name") if name in catalog.column_names]
            columns = [*([] if column is None else [column]), *extra]
            near = catalog.region(Cone(told["ra"], told["dec"], radius_arcsec)).columns(*columns).to_arrow()
            for each in near.slice(0, _MOST_NEIGHBOURS).to_pylist():
                separation = _separation(told["ra"], told["dec"], each[source.ra], each[source.dec])
                name = each.get(column) if column is not None else each.get("name")
                more: dict[str, Any] = {key: each[key] for key in extra if key != column}
                found.append(
                    {
                        "catalog": source.folder.parent.name,
                        "object_id": None if name is None else str(name),
                        "separation_arcsec": separation,
                        "ra": each[source.ra],
                        "dec": each[source.dec],
                        **more,
                    }
                )
        return sorted(found, key=lambda each: each["separation_arcsec"])


def _separation(ra: float, dec: float, other_ra: float, other_dec: float) -> float:
    """Arcseconds between two positions in degrees."""
    from astropy.coordinates import angular_separation

    return float(np.degrees(angular_separation(*np.radians([ra, dec, other_ra, other_dec])))) * 3600


def bands_of(opened: Opened) -> list[str]:
    """Bands of the light curves behind a catalog, as declared or as its columns count them."""
    for catalog in opened.curves.catalogs:
        if told := declared_bands(catalog.schema):
            return list(told)
    found = [re.fullmatch(r"n_observations_(\w+)", name) for name in opened.database.schema.names]
    return [match[1] for match in found if match]
