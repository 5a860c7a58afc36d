"""`Search`: the period search as a step that a catalog maps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lcscale.arrays import options_in
from lcscale.errors import InputError
from lcscale.lightcurves import LightCurves, clean_light_curves, declared_bands
from lcscale.lightcurves.columns import ReadsLightCurves
from lcscale.periods.columns import COLUMNS, GIVEN
from lcscale.periods.families import asked_for
from lcscale.periods.given import PeriodFrom, at_given
from lcscale.periods.grid import FMAX, FrequencyGrid
from lcscale.periods.ladder import Coupling
from lcscale.periods.search import N_PEAKS, find
from lcscale.units import column_in
from lcscale.vocabulary import Column, append_columns


@dataclass(frozen=True)
class Search(ReadsLightCurves):
    """Append the columns of `find` to a catalog with light curves.

    The bands come from `bands`, else from the metadata of the light-curve field (``bands``), as for `Extract`;
    observations in other bands are left out. Without either all are searched.

    Parameters
    ----------
    grid
        Trial frequencies; None takes each object's default.
    column
        Name of the nested light-curve column.
    n_peaks
        Peaks ranked.
    bands
        Bands searched together.
    period_from
        Column of periods of others that are used instead of a search, or kept beside it; a name stands for the former.
    fmax, n_harmonics, bootstrap, coupling, families, device
        As in `find`. The device is no part of the fingerprint.
    """

    grid: FrequencyGrid | None = None
    column: str = "lightcurve"
    n_peaks: int = N_PEAKS
    bands: tuple[str, ...] | None = None
    fmax: float = FMAX
    n_harmonics: int = 1
    bootstrap: int = 0
    coupling: Coupling = "auto"
    families: tuple[str, ...] | None = None
    period_from: PeriodFrom | str | None = None
    device: str = field(default="cpu", repr=False)
    settings = ("grid", "n_peaks", "bands", "fmax", "n_harmonics", "bootstrap", "coupling", "families", "period_from")
    costly = True
    version = 10

    def __post_init__(self) -> None:
        options_in(self, fmax="1/d")
        bands: object = self.bands
        if bands is not None:
            object.__setattr__(self, "bands", (bands,) if isinstance(bands, str) else tuple(self.bands or ()))
        if self.families is not None:
            object.__setattr__(self, "families", tuple(self.families))
            asked_for(self.families)

    @property
    def _given(self) -> PeriodFrom | None:
        return PeriodFrom(self.period_from) if isinstance(self.period_from, str) else self.period_from

    @property
    def reads(self) -> tuple[Column, ...]:
        """The light curves, and the column of periods."""
        given = self._given
        return (*super().reads, *(() if given is None else (GIVEN[0].named(given.column),)))

    def gives(self, input_schema: pa.Schema) -> tuple[Column, ...]:
        """The columns of `find`.

        Raises
        ------
        InputError
            The catalog says which bands it has, and one asked for is none of them.
        """
        known = declared_bands(input_schema, self.column)
        unknown = [band for band in self.bands or () if known and band not in known]
        if unknown:
            raise InputError(f"Search: no band {', '.join(unknown)} in {self.column}; there are {', '.join(known)}")
        return COLUMNS if self.period_from is None else (*COLUMNS, *GIVEN)

    def __call__(self, table: pa.Table) -> pa.Table:
        """The rows of `table` with their periods."""
        bands = declared_bands(table.schema, self.column) if self.bands is None else self.bands
        lcs = clean_light_curves(table, self.column)
        asked = self._given
        if asked is None:
            return append_columns(table, self._found(lcs, bands))
        given = _periods_in(table, asked.column)
        taken = np.isfinite(given) & (asked.use == "instead")
        parts = [self._found(lcs.take(~taken), bands)]
        parts.append(at_given(lcs.of_bands(bands).take(taken) if bands else lcs.take(taken), given[taken]))
        back = np.argsort(np.concatenate([np.flatnonzero(~taken), np.flatnonzero(taken)]), kind="stable")
        periods = pa.concat_tables(parts).take(back).combine_chunks()
        source = np.where(taken, asked.column, "search")
        there = periods["period"].is_valid().to_numpy()
        new = (pa.array(given, mask=~np.isfinite(given)), pa.array(source, pa.string(), mask=~there))
        for column, values in zip(GIVEN, new, strict=True):
            periods = periods.append_column(column.field, values)
        return append_columns(table, periods)

    def _found(self, lcs: LightCurves, bands: Sequence[str]) -> pa.Table:
        return find(
            lcs,
            self.grid,
            self.n_peaks,
            bands=bands or None,
            fmax=self.fmax,
            n_harmonics=self.n_harmonics,
            bootstrap=self.bootstrap,
            coupling=self.coupling,
            families=self.families,
            device=self.device,
        )


def _periods_in(table: pa.Table, column: str) -> npt.NDArray[np.float64]:
    """Days, float64 [n]; NaN where there is none."""
    found = column_in(table, column, "d").cast(pa.float64()).to_numpy().astype(np.float64)
    return np.where((found > 0.0) & (found < np.inf), found, np.nan)
