"""Stars as Rubin sees them: sparse visits in six bands, fluxes with errors that grow to the depth of a visit.

Tables are written in the schema of Data Preview 1 (`lcscale.simulation.rubin_schema`), so that what reads these reads
the release. The cadence is that of the wide survey in numbers: some 80 visits a year in pairs of bands, the depth of a
visit that of Ivezic et al. 2019 (ApJ 873, 111).
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from lcscale.lightcurves import LightCurves
from lcscale.lightcurves.fluxes import fluxes, magnitudes
from lcscale.nested import Nested, struct_of
from lcscale.simulation.rubin_schema import (
    BANDS,
    DIA_OBJECT,
    DIA_SOURCE,
    FORCED_SOURCE_ON_DIA_OBJECT,
    NESTED,
    VISIT,
)
from lcscale.simulation.synthesis import synthesize_at

WAVELENGTHS = {"u": 0.368, "g": 0.480, "r": 0.622, "i": 0.754, "z": 0.869, "y": 0.971}
"""Effective wavelengths, micrometres."""
VISITS_A_YEAR = {"u": 6, "g": 8, "r": 19, "i": 19, "z": 16, "y": 16}
DEPTHS = {"u": 23.9, "g": 25.0, "r": 24.7, "i": 24.0, "z": 23.3, "y": 22.1}
"""Magnitude of a source of 5 sigma in a visit."""
CLASSES = {"CONST": 20, "RRab": 14, "RRc": 8, "EA": 14, "EB": 6, "DCEP_F": 8, "DSCT": 6, "ROT": 10, "LPV": 6, "YSO": 8}
"""Shares of the classes."""
_AB = 31.4
_CENTRE, _SIZE_DEG = (53.13, -28.1), 1.2
_SATURATED = 16.5
_SYSTEMATIC = 0.005
_FIRST_NIGHT = 60_980
Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class SimulatedRubin:
    """Tables of simulated DiaObjects in the schema of Data Preview 1, and the truth."""

    dia_object: pa.Table
    """DiaObject; its statistics are null but for a few of the difference fluxes."""
    dia_source: pa.Table
    """DiaSource, detections of 5 sigma in the difference to the mean."""
    forced_source: pa.Table
    """ForcedSourceOnDiaObject: a row a visit and object, without times."""
    visit: pa.Table
    """Visit, with the times."""
    truth: pa.Table
    """diaObjectId, ra, dec, label, true_period (days; null where there is none)."""

    def nested(self) -> pa.Table:
        """The objects with their nested sources and forced photometry, in the form of the HATS collections."""
        visits = dict(zip(self.visit["visit"].to_pylist(), self.visit["expMidptMJD"].to_pylist(), strict=True))
        time = pa.array([visits[one] for one in self.forced_source["visit"].to_pylist()])
        mag, mag_err = _mag(self.forced_source, "psfFlux")
        forced = self.forced_source.append_column("midpointMjdTai", time)
        forced = forced.append_column("psfMag", mag).append_column("psfMagErr", mag_err)
        number = pa.array(np.arange(forced.num_rows))
        forced = forced.append_column("forcedSourceOnDiaObjectId", number)
        source = self.dia_source
        for start in ("psf", "science"):
            mag, mag_err = _mag(source, f"{start}Flux")
            source = source.append_column(f"{start}Mag", mag).append_column(f"{start}MagErr", mag_err)
        source = source.append_column("tract", pa.array(np.full(source.num_rows, 5063)))
        names = self.dia_object["diaObjectId"].to_numpy()
        columns = [self.dia_object[field.name] for field in NESTED if field.name in self.dia_object.column_names]
        columns.append(pa.array(np.full(names.size, 5063)))
        columns += [
            _gathered(table, names, NESTED.field(name).type)
            for name, table in (("diaSource", source), ("diaObjectForcedSource", forced))
        ]
        return pa.Table.from_arrays(columns, schema=NESTED)

    def write(self, folder: str | os.PathLike[str]) -> Path:
        """Write the tables as Parquet files named as the release's, and ``truth.csv``; gives the folder."""
        from pyarrow.csv import write_csv

        place = Path(folder)
        place.mkdir(parents=True, exist_ok=True)
        names = {"DiaObject": self.dia_object, "DiaSource": self.dia_source}
        names |= {"ForcedSourceOnDiaObject": self.forced_source, "Visit": self.visit}
        for name, table in names.items():
            pq.write_table(table, place / f"{name}.parquet")
        write_csv(self.truth, place / "truth.csv")
        return place


def simulate_rubin(
    n: int = 300, seed: int = 1, *, years: float = 2.0, mag_range: tuple[float, float] = (16.0, 25.0)
) -> SimulatedRubin:
    """Tables of `n` simulated stars, the same for the same arguments.

    Parameters
    ----------
    n
        Number of stars.
    seed
        Of all random numbers.
    years
        Length of the survey: about 80 visits a year, in pairs of bands half an hour apart.
    mag_range
        Range of mean magnitudes in r, evenly drawn: at the faint end most fluxes are noise, and many negative.

    Examples
    --------
    >>> made = simulate_rubin(4, years=0.5)
    >>> made.dia_object.num_rows, made.forced_source.column_names[:4]
    (4, ['diaObjectId', 'parentObjectId', 'coord_ra', 'coord_dec'])
    """
    rng = np.random.default_rng(seed)
    shares = np.array(list(CLASSES.values()), float)
    labels = rng.choice(list(CLASSES), n, p=shares / shares.sum()).tolist()
    visit, time, band = _visits(rng, years)
    owner = np.repeat(np.arange(n), time.size)
    times, bands = np.tile(time, n), np.tile(band, n).astype(np.int8)
    level = np.repeat(rng.uniform(*mag_range, n), time.size)
    offsets = np.arange(n + 1) * time.size
    cadence = LightCurves(times, level, np.zeros(times.size), offsets, bands, BANDS)
    made = synthesize_at(labels, cadence, seed, wavelengths=WAVELENGTHS)
    true, _ = fluxes(made.lcs.mag.astype(np.float64), np.zeros(times.size), _AB)
    depth = np.array([DEPTHS[name] for name in BANDS])[bands]
    error = np.hypot(10 ** (0.4 * (_AB - depth)) / 5, _SYSTEMATIC * true) * rng.uniform(0.85, 1.2, times.size)
    flux = true + error * rng.standard_normal(times.size)
    cells = owner * len(BANDS) + bands
    template = (np.bincount(cells, true) / np.bincount(cells).clip(1))[cells]
    dec = _CENTRE[1] + _SIZE_DEG * (rng.random(n) - 0.5)
    ra = _CENTRE[0] + _SIZE_DEG * (rng.random(n) - 0.5) / np.cos(np.radians(dec))
    names = 611_000_000_000_000_000 + rng.permutation(10**6)[:n].astype(np.int64)
    seen = {"visit": np.tile(visit, n), "band": np.array(BANDS)[bands], "detector": rng.integers(0, 9, times.size)}
    seen |= {"diaObjectId": names[owner], "coord_ra": ra[owner], "coord_dec": dec[owner]}
    seen |= {"pixelFlags_saturated": made.lcs.mag < _SATURATED, "pixelFlags_cr": rng.random(times.size) < 0.01}
    seen |= {"pixelFlags_suspect": made.lcs.mag < _SATURATED, "tract": np.full(times.size, 5063)}
    forced = seen | {"psfFlux": flux, "psfFluxErr": error, "psfDiffFlux": flux - template, "psfDiffFluxErr": error}
    forced |= {"parentObjectId": np.zeros(times.size), "patch": np.full(times.size, 34)}
    found = np.abs(flux - template) > 5 * error
    source = seen | {"psfFlux": flux - template, "psfFluxErr": error, "scienceFlux": flux, "scienceFluxErr": error}
    source |= {"midpointMjdTai": times, "ra": ra[owner], "dec": dec[owner], "snr": np.abs(flux - template) / error}
    source |= {"ssObjectId": np.zeros(times.size), "parentDiaSourceId": np.zeros(times.size)}
    source |= {"diaSourceId": 61_000_000_000 + np.arange(times.size), "reliability": np.full(times.size, 0.9)}
    sources = _table({name: values[found] for name, values in source.items()}, DIA_SOURCE)
    objects = {"ra": ra, "dec": dec, "diaObjectId": names, "radecMjdTai": np.full(n, time.max())}
    objects |= _statistics(names, sources)
    truth = {"diaObjectId": names, "ra": ra, "dec": dec, "label": labels}
    truth |= {"true_period": pa.array(made.period, mask=~np.isfinite(made.period))}
    visits = {"visit": visit, "band": np.array(BANDS)[band], "expMidptMJD": time, "obsStartMJD": time - 15 / 86_400}
    visits |= {"ra": np.full(time.size, _CENTRE[0]), "dec": np.full(time.size, _CENTRE[1])}
    visits |= {"physical_filter": np.array([f"{BANDS[code]}_03" for code in band]), "expTime": np.full(time.size, 30.0)}
    tables = (_table(objects, DIA_OBJECT), sources, _table(forced, FORCED_SOURCE_ON_DIA_OBJECT), _table(visits, VISIT))
    return SimulatedRubin(*tables, pa.table(truth))


def _visits(rng: np.random.Generator, years: float) -> tuple[Integers, Floats, Integers]:
    """Ids, times (MJD TAI) and bands of the visits: a pair of neighbouring bands a night, for seven months a year."""
    wanted = np.repeat(np.arange(len(BANDS)), [max(1, round(VISITS_A_YEAR[band] * years)) for band in BANDS])
    night = np.floor(rng.uniform(0, years, wanted.size) * 365.25)
    season = 210.0
    night = 365.25 * (night // 365.25) + (night % 365.25) * season / 365.25
    night[1::2] = night[: wanted.size // 2 * 2 : 2]
    order = rng.permutation(wanted.size // 2 * 2).reshape(-1, 2)
    night[order[:, 1]] = night[order[:, 0]]
    hour = rng.uniform(0.05, 0.35, wanted.size)
    hour[order[:, 1]] = hour[order[:, 0]] + rng.uniform(0.015, 0.03, order.shape[0])
    time = _FIRST_NIGHT + np.floor(night) + hour
    by_time = np.argsort(time)
    return 2_025_000_000_000 + np.arange(wanted.size), time[by_time], wanted[by_time]


def _statistics(names: Integers, sources: pa.Table) -> dict[str, Any]:
    """Numbers of detections, and a few statistics of their difference fluxes by band."""
    place = {int(name): i for i, name in enumerate(names)}
    owner = np.array([place[name] for name in sources["diaObjectId"].to_pylist()], np.int64)
    flux, band = sources["psfFlux"].to_numpy().astype(np.float64), np.array(sources["band"].to_pylist(), dtype=str)
    found: dict[str, Any] = {"nDiaSources": np.bincount(owner, minlength=names.size)}
    for name in BANDS:
        rows = band == name
        count = np.bincount(owner[rows], minlength=names.size)
        mean = np.bincount(owner[rows], flux[rows], minlength=names.size) / np.maximum(count, 1)
        found[f"{name}_psfFluxNdata"] = count
        found[f"{name}_psfFluxMean"] = pa.array(mean, mask=count == 0)
    return found


def _table(columns: dict[str, Any], schema: pa.Schema) -> pa.Table:
    """A table of `schema`: flags that nobody gives are false, other columns null."""
    n = len(next(iter(columns.values())))
    arrays = []
    for field in schema:
        if field.name in columns:
            arrays.append(pa.array(columns[field.name]).cast(field.type))
        elif pa.types.is_boolean(field.type):
            arrays.append(pa.array(np.zeros(n, np.bool_)))
        else:
            arrays.append(pa.nulls(n, field.type))
    return pa.Table.from_arrays(arrays, schema=schema)


def _mag(table: pa.Table, name: str) -> tuple[pa.Array, pa.Array]:
    flux, error = (table[f"{name}{end}"].to_numpy().astype(np.float64) for end in ("", "Err"))
    mag, mag_err = magnitudes(flux, error, _AB)
    return pa.array(mag.astype(np.float32)), pa.array(mag_err.astype(np.float32))


def _gathered(table: pa.Table, names: Integers, kind: pa.StructType) -> pa.StructArray:
    """Struct of lists for each of `names`, of the rows of `table` with that diaObjectId."""
    place = {int(name): i for i, name in enumerate(names)}
    owner = np.array([place[name] for name in table["diaObjectId"].to_pylist()], np.int64)
    order = np.argsort(owner, kind="stable")
    rows = table.take(pa.array(order))
    values = {field.name: rows[field.name].combine_chunks().cast(field.type.value_type, safe=False) for field in kind}
    parts = {name: Nested.owned(array, owner[order], names.size) for name, array in values.items()}
    return struct_of(parts, list(kind))
