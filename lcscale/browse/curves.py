"""Light curves of rows, and small pictures of them folded: found by their place on the sky and their names."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lcscale.errors import InputError, LcscaleError
from lcscale.explore.contents import contents_of
from lcscale.explore.folded import find_light_curve
from lcscale.lake import HEALPIX_COLUMN, Catalog, Lake
from lcscale.lightcurves import LightCurves, clean, declared_bands

THUMBNAIL_POINTS = 80
_KEPT = 20_000


@dataclass(frozen=True, eq=False)
class Curve:
    """The light curve of one row."""

    lcs: LightCurves
    """A batch of one, as the catalog has it."""
    source: Catalog
    """Where it is from."""

    def bands(self) -> tuple[str, ...]:
        """Names of its bands, the declared ones first."""
        told = [name for name in declared_bands(self.source.schema) if name in self.lcs.bands]
        return tuple(dict.fromkeys([*told, *self.lcs.bands]))

    def used(self) -> npt.NDArray[np.bool_]:
        """Which observations every kernel uses (`clean`), bool [n_observations]."""
        cleaned = clean(self.lcs)
        kept = {_key(cleaned, i) for i in range(cleaned.time.size)}
        return np.array([_key(self.lcs, i) in kept for i in range(self.lcs.time.size)], np.bool_)


def _key(lcs: LightCurves, i: int) -> tuple[bytes, ...]:
    band = b"" if lcs.band is None else lcs.band[i].tobytes()
    return lcs.time[i].tobytes(), lcs.value[i].tobytes(), lcs.error[i].tobytes(), band


class Curves:
    """Finds the light curves of the rows of a catalog.

    Parameters
    ----------
    lake
        Searched, where the catalog does not tell what it was made from.
    catalog
        The rows.
    """

    def __init__(self, lake: Lake, catalog: Catalog) -> None:
        self._identity = catalog.id_column_or_none
        self.catalogs: tuple[Catalog, ...]
        self.missing = ""
        try:
            self.catalogs = contents_of(lake).light_curves_of(catalog)
        except LcscaleError as error:  # they were removed: all else can be shown
            self.catalogs, self.missing = (), str(error)
        if not self.catalogs and not self.missing:
            self.missing = "there are no light curves in this lake"
        self._thumbnails: OrderedDict[int, dict[str, Any]] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, index: int, told: dict[str, Any]) -> Curve:
        """The light curve at a HEALPix index (order 29), of the object `told` (``ra``, ``dec``, ``object_id``)."""
        for catalog in self.catalogs:
            found = self._at(catalog, [index])
            names = self._names(catalog, found)
            place = names.index(str(told["object_id"])) if str(told.get("object_id")) in names else None
            place = 0 if names == [] and found.num_rows else place
            if place is not None:
                return Curve(LightCurves.from_arrow(found.slice(place, 1)), catalog)
        found_near = find_light_curve(self.catalogs, told)
        if found_near is None:
            raise InputError(self.missing or "no light curve where this object is")
        return Curve(*found_near)

    def _at(self, catalog: Catalog, indices: Sequence[int]) -> pa.Table:
        ranges = np.unique(np.array(indices, np.int64))
        column = self._name_of(catalog)
        chosen = catalog.columns("lightcurve", *([] if column is None else [column]))
        return chosen.rows_within(np.stack([ranges, ranges + 1], axis=1))

    def _name_of(self, catalog: Catalog) -> str | None:
        return catalog.id_column_or_none if self._identity is not None else None

    def _names(self, catalog: Catalog, found: pa.Table) -> list[str]:
        column = self._name_of(catalog)
        return [] if column is None else [str(name) for name in found.column(column).to_pylist()]

    def many(self, rows: Sequence[dict[str, Any]]) -> tuple[list[int], LightCurves | None]:
        """Light curves of rows (``index``, ``object_id``): the places in `rows` of those that have one, and a batch."""
        for catalog in self.catalogs[:1]:
            found = self._at(catalog, [row["index"] for row in rows])
            names = self._names(catalog, found) or [""] * found.num_rows
            keys = zip(found.column(HEALPIX_COLUMN).to_pylist(), names, strict=True)
            place = {key: k for k, key in enumerate(keys)}
            named = bool(names and names[0])
            where = [place.get((row["index"], str(row["object_id"]) if named else "")) for row in rows]
            there = [k for k, at in enumerate(where) if at is not None]
            if there:
                chosen = found.take(pa.array([where[k] for k in there], pa.int64()))
                return there, LightCurves.from_arrow(chosen)
        return [], None

    def thumbnails(self, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any] | None]:
        """Small folded light curves of rows (``row``, ``index``, ``object_id``, ``period``, ``epoch``).

        Each has ``points``: phase and brightness from 0 (bright) to 255 and the code of the band, in turn; ``bands``
        are their names. None where there is no light curve.
        """
        with self._lock:
            wanted = [row for row in rows if row["row"] not in self._thumbnails]
        if wanted:
            made = self._folded(wanted)
            with self._lock:
                self._thumbnails.update(made)
                while len(self._thumbnails) > _KEPT:
                    self._thumbnails.popitem(last=False)
        with self._lock:
            return [self._thumbnails.get(row["row"]) for row in rows]

    def _folded(self, rows: Sequence[dict[str, Any]]) -> dict[int, dict[str, Any]]:
        there, lcs = self.many(rows)
        if lcs is None:
            return {}
        chosen = [rows[k] for k in there]
        return dict(zip([row["row"] for row in chosen], small(clean(lcs), chosen), strict=True))


def small(lcs: LightCurves, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each light curve of a clean batch folded and reduced to bytes; over time where its row has no period."""
    period = np.array([row.get("period") or np.nan for row in rows], np.float64)
    epoch = np.array([np.nan if row.get("epoch") is None else row["epoch"] for row in rows], np.float64)
    first = np.array([lcs.time[a] if b > a else np.nan for a, b in zip(lcs.offsets[:-1], lcs.offsets[1:], strict=True)])
    phase = lcs.fold(period, np.where(np.isnan(epoch), first, epoch))
    found = []
    for i in range(len(lcs)):
        inside = slice(int(lcs.offsets[i]), int(lcs.offsets[i + 1]))
        folded = bool(period[i] > 0)
        x = phase[inside] if folded else _unit(lcs.time[inside])
        band = np.zeros(x.size, np.int8) if lcs.band is None else lcs.band[inside]
        faint = lcs.value[inside].astype(np.float64) * (-1 if lcs.fluxes else 1)
        for code in np.unique(band):
            faint[band == code] -= np.median(faint[band == code])
        if x.size > THUMBNAIL_POINTS:
            some = np.linspace(0, x.size - 1, THUMBNAIL_POINTS).astype(int)
            x, faint, band = x[some], faint[some], band[some]
        points = np.stack([np.clip(x * 256, 0, 255), 255 * _unit(faint), band], axis=1).astype(np.uint8)
        found.append({"folded": folded, "points": points.ravel().tolist(), "bands": list(lcs.bands)})
    return found


def _unit(values: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.float64]:
    """`values` from 0 to 1, the outermost hundredths cut."""
    if not values.size:
        return np.empty(0)
    low, high = np.quantile(values, [0.01, 0.99])
    return np.asarray(np.clip((values - low) / max(float(high - low), 1e-9), 0.0, 1.0), np.float64)
