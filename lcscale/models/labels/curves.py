"""Labelled light curves: what networks are trained on, gathered from a catalog and changed a little at every look."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lcscale.arrays import floats, integers, modulo_360, selection, texts
from lcscale.errors import InputError
from lcscale.features import columns as features
from lcscale.lightcurves import LightCurves, declared_bands
from lcscale.lightcurves.faults import numbers
from lcscale.lightcurves.wesenheit import WESENHEIT
from lcscale.models.labels.roles import Role, cast
from lcscale.models.labels.taxonomy import map_labels
from lcscale.periods import columns as periods
from lcscale.periods.columns import PERIOD
from lcscale.units import column_in
from lcscale.vocabulary import HEALPIX_COLUMN, is_made

_OURS = {each.name for each in (*features.COLUMNS, *periods.COLUMNS, WESENHEIT)} - {PERIOD.name}
SIMULATED = "simulated"
"""Origin of stars that are simulated where others are real: their figures are kept apart."""


@dataclass(frozen=True, eq=False)
class LabelledCurves:
    """Light curves with period, class and place on the sky (which decides over splits alone)."""

    lcs: LightCurves
    """n_objects light curves in magnitudes."""
    period: npt.NDArray[np.float64]
    """float64 [n_objects], days; NaN where there is none."""
    label: npt.NDArray[np.object_]
    """object [n_objects], class, or None."""
    healpix_29: npt.NDArray[np.int64]
    """int64 [n_objects], nested HEALPix index at order 29."""
    bands: tuple[str, ...] = ()
    """Bands of the catalog."""
    columns: Mapping[str, npt.NDArray[Any]] = field(default_factory=dict)
    """Further numbers by name."""
    origin: npt.NDArray[np.object_] | None = None
    """object [n_objects], the catalog each comes from, where there are several."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "period", floats(self.period, "period", "d"))
        object.__setattr__(self, "label", texts(self.label, "label"))
        object.__setattr__(self, "healpix_29", integers(self.healpix_29, "healpix_29"))
        kinds = (np.float32, np.float64)
        columns = {name: floats(values, f"column {name!r}", kinds=kinds) for name, values in self.columns.items()}
        object.__setattr__(self, "columns", columns)

    def __len__(self) -> int:
        return len(self.lcs)

    def take(self, index: npt.ArrayLike) -> LabelledCurves:
        """The objects at `index`, copied."""
        index = selection(index, "index")
        return LabelledCurves(
            self.lcs.take(index),
            self.period[index],
            self.label[index],
            self.healpix_29[index],
            self.bands,
            {name: values[index] for name, values in self.columns.items()},
            None if self.origin is None else self.origin[index],
        )

    def content(self) -> str:
        """A text that stands for every array, with its name."""
        lcs, origin = self.lcs, None if self.origin is None else self.origin.tolist()
        digest = hashlib.blake2b(repr((self.bands, lcs.bands, self.label.tolist(), origin)).encode(), digest_size=16)
        arrays = {name: getattr(lcs, name) for name in ("time", "mag", "mag_err", "offsets", "band")}
        arrays |= {"period": self.period, "healpix_29": self.healpix_29}
        arrays |= {f"column {name}": values for name, values in self.columns.items()}
        for name, values in arrays.items():
            digest.update(name.encode())
            digest.update(b"" if values is None else np.ascontiguousarray(values).tobytes())
        return digest.hexdigest()

    @classmethod
    def concatenate(cls, parts: Sequence[LabelledCurves]) -> LabelledCurves:
        """All objects of `parts`; the bands are those of the first, then others, and missing columns are NaN."""
        bands = tuple(dict.fromkeys(band for part in parts for band in part.bands))
        names = dict.fromkeys(name for part in parts for name in part.columns)
        origins = [part.origin for part in parts if part.origin is not None]
        return cls(
            LightCurves.concatenate([_with_bands(part.lcs, bands) for part in parts]),
            np.concatenate([part.period for part in parts]),
            np.concatenate([part.label for part in parts]),
            np.concatenate([part.healpix_29 for part in parts]),
            bands,
            {
                name: np.concatenate([part.columns.get(name, np.full(len(part), np.nan)) for part in parts])
                for name in names
            },
            np.concatenate(origins) if len(origins) == len(parts) else None,
        )

    def as_survey(self, origin: str, roles: Sequence[Role], survey: str | None = None) -> LabelledCurves:
        """The same stars ready to be joined with another survey's.

        A band that plays a role takes the name of the role's first band; other bands of the roles keep theirs, for
        stars that have few observations (`lcscale.models.inputs.players`), and bands of no role are left out. Labels
        become names of the taxonomy (None where it has none), and `origin` is noted.

        Parameters
        ----------
        origin
            Name of the catalog.
        roles
            Of the model to be trained.
        survey
            Whose names the labels are.
        """
        players = cast(self.bands, roles)
        others = [band for role in roles for band in role.bands if band in self.bands and band not in players]
        names = (*(role.bands[0] for role in roles), *others)
        place = {band: code for code, band in enumerate((*players, *others)) if band}
        lcs = self.lcs
        if lcs.band is None:
            alone = lcs.bands[0] if lcs.bands else ""
            code = np.full(lcs.time.size, place.get(alone, 0), np.int8)
        else:
            code = np.array([place.get(band, -1) for band in lcs.bands] + [-1], np.int8)[lcs.band]
        lcs = replace(lcs, band=code, bands=names, left_out=None)
        labels, origins = map_labels(self.label, survey), np.full(len(self), origin, object)
        return replace(self, lcs=lcs, label=labels, bands=names, origin=origins)

    @classmethod
    def from_tables(
        cls,
        tables: Iterable[pa.Table],
        *,
        column: str = "lightcurve",
        period: str | None = "period",
        label: str = "label",
        columns: Sequence[str] | Mapping[str, str | None] = (),
    ) -> LabelledCurves:
        """Gather the labelled rows of tables (a catalog's ``to_batches()``), one table at a time.

        Parameters
        ----------
        tables
            With a nested light-curve column, period (days), label, and `_healpix_29` or `ra` and `dec` (degrees).
        column, period, label
            Names of those columns; None as period where none is needed.
        columns
            Names of further numbers to keep, where the tables have them; or units by name, None for any.
        """
        parts = [_part(table, column, period, label, columns) for table in tables]
        parts = [part for part in parts if len(part)]
        if not parts:
            raise InputError(f"no row with a light curve has a {label!r}: nothing to train on")
        return cls.concatenate(parts)


def bands_of(schema: pa.Schema, column: str) -> tuple[str, ...] | None:
    """Bands that the light-curve column's metadata names, in each light curve or one a row; None: none."""
    return declared_bands(schema, column) or declared_bands(schema, column, "band_of_row") or None


def numbers_of(table: pa.Table, names: Sequence[str], unit: str | None = None) -> dict[str, npt.NDArray[np.float64]]:
    """Those of the columns that the table has, as float64 with NaN for nulls, in `unit` where one is wanted.

    Of what has a name of ours, such as `amplitude` or `period_2`, only that which a step of ours made: a survey may
    mean something else by it.
    """
    return {
        name: numbers(table.column(name) if unit is None else column_in(table, name, unit))[0].astype(
            np.float64, copy=False
        )
        for name in names
        if name in table.column_names and (name not in _OURS or is_made(table.schema, name))
    }


def numbers_in(table: pa.Table, units: Mapping[str, str | None]) -> dict[str, npt.NDArray[np.float64]]:
    """`numbers_of` columns, each in a unit of its own."""
    return {key: values for name, unit in units.items() for key, values in numbers_of(table, [name], unit).items()}


def _part(
    table: pa.Table, column: str, period: str | None, label: str, columns: Sequence[str] | Mapping[str, str | None]
) -> LabelledCurves:
    missing = [name for name in (column, period, label) if name is not None and name not in table.column_names]
    if missing:
        raise InputError(
            f"training needs the column{'s' * (len(missing) > 1)} {', '.join(missing)}; "
            f"there are {', '.join(table.column_names)}"
        )
    if period == PERIOD.name:
        PERIOD.refuse_another(table.schema, "lcscale.periods.Search")
    table = table.filter(table.column(label).is_valid())
    lcs = LightCurves.from_arrow(table, column).in_magnitudes()
    bands = bands_of(table.schema, column) or lcs.bands
    return LabelledCurves(
        lcs,
        np.full(len(table), np.nan) if period is None else numbers_of(table, [period], "d")[period],
        np.array([str(value) for value in table.column(label).to_pylist()], dtype=object),
        _healpix(table),
        bands,
        numbers_in(table, columns if isinstance(columns, Mapping) else dict.fromkeys(columns)),
    )


def _healpix(table: pa.Table) -> npt.NDArray[np.int64]:
    if HEALPIX_COLUMN in table.column_names:
        return np.asarray(table.column(HEALPIX_COLUMN).to_numpy(), np.int64)
    if "ra" not in table.column_names or "dec" not in table.column_names:
        raise InputError(f"splitting needs {HEALPIX_COLUMN}, or ra and dec; there are {', '.join(table.column_names)}")
    from hats.pixel_math.spatial_index import compute_spatial_index

    position = numbers_of(table, ["ra", "dec"], "deg")
    return np.asarray(compute_spatial_index(modulo_360(position["ra"]), position["dec"]), np.int64)


def _with_bands(lcs: LightCurves, bands: tuple[str, ...]) -> LightCurves:
    """The batch with its codes counted in `bands`; observations of other bands get none."""
    if lcs.band is None or lcs.bands == bands:
        return lcs
    place = np.array([bands.index(name) if name in bands else -1 for name in lcs.bands] + [-1], np.int8)
    return replace(lcs, band=place[lcs.band], bands=bands, left_out=None)
