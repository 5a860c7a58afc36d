"""`Search`: the period search as a step that a catalog maps."""

from __future__ import annotations

from dataclasses import dataclass, field

import pyarrow as pa

from lcscale.arrays import options_in
from lcscale.errors import InputError
from lcscale.lightcurves import clean_light_curves, declared_bands
from lcscale.lightcurves.columns import ReadsLightCurves
from lcscale.periods.columns import COLUMNS
from lcscale.periods.families import asked_for
from lcscale.periods.grid import FMAX, FrequencyGrid
from lcscale.periods.ladder import Coupling
from lcscale.periods.search import N_PEAKS, find
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
    device: str = field(default="cpu", repr=False)
    settings = ("grid", "n_peaks", "bands", "fmax", "n_harmonics", "bootstrap", "coupling", "families")
    costly = True
    version = 7

    def __post_init__(self) -> None:
        options_in(self, fmax="1/d")
        bands: object = self.bands
        if bands is not None:
            object.__setattr__(self, "bands", (bands,) if isinstance(bands, str) else tuple(self.bands or ()))
        if self.families is not None:
            object.__setattr__(self, "families", tuple(self.families))
            asked_for(self.families)

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
        return COLUMNS

    def __call__(self, table: pa.Table) -> pa.Table:
        """The rows of `table` with their periods."""
        bands = declared_bands(table.schema, self.column) if self.bands is None else self.bands
        periods = find(
            clean_light_curves(table, self.column),
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
        return append_columns(table, periods)
