"""`clean_sample`: stars with spectroscopic [Fe/H] and Gaia's Fourier parameters, and why each is in or out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lcscale.crossmatch import match
from lcscale.kernels.compiling import Floats
from lcscale.surveys.positions import gaia_positions

_RADIUS_ARCSEC = 60.0
"""Positions that stand in a Gaia id are good to half an arcminute."""
_LEAST_ERROR = 0.05
"""Error of a spectroscopic [Fe/H] at least, dex: what measurements of one star by several authors scatter beyond their
errors."""


@dataclass(frozen=True)
class Cuts:
    """What keeps a star out."""

    phi31_error: float = 0.3
    """Largest error of φ31, rad."""
    least_a3_ratio: float = 3.0
    """Least A_3 over its error: below, the third harmonic, and so φ31, is not measured."""
    blazhko: bool = False
    """Whether stars with the Blazhko effect are in."""


def clean_sample(spectroscopy: pa.Table, parameters: pa.Table, cuts: Cuts | None = None) -> pa.Table:
    """One row a star of the spectroscopy, with Gaia's parameters where it has them and `reason` where it is out.

    Parameters
    ----------
    spectroscopy
        A row a measurement: `name`, `type` (RRab, RRab-BL, RRc …), `feh`, `e_feh`, `shift` to the common scale (null:
        none), `source`, `ra_gaia`, `dec_gaia` (degrees).
    parameters
        `source_id`, `pf`, `phi21_g`, `phi31_g`, `A1` to `A3`, each with ``_error``.
    cuts
        Default: those of `Cuts`.

    Returns
    -------
    pyarrow.Table
        `name`, `type`, `feh`, `feh_error` and `n_measurements` (weighted means of the shifted values, the error scaled
        up where they scatter more than their errors), `sources`, the parameters, and `reason`, null where it is in.
    """
    stars = _combined(spectroscopy)
    cuts = Cuts() if cuts is None else cuts
    ra, dec = gaia_positions(parameters["source_id"].to_numpy())
    here, there, _ = match(stars["ra_gaia"].to_numpy(), stars["dec_gaia"].to_numpy(), ra, dec, _RADIUS_ARCSEC)
    row_of: list[int | None] = [None] * len(stars)
    for a, b in zip(here, there, strict=True):
        row_of[a] = int(b)
    names = [name for name in parameters.column_names if not name.lower().startswith("feh")]
    found = parameters.select(names).take(pa.array(row_of, pa.int64()))
    for name in names:
        stars = stars.append_column(name, found[name])
    return stars.append_column("reason", pa.array([_reason(row, cuts) for row in stars.to_pylist()], pa.string()))


def columns_of(table: pa.Table, names: Sequence[str]) -> Floats:
    """Columns as float64 [n, k]."""
    return np.stack([table[name].cast(pa.float64()).to_numpy() for name in names], axis=1)


def _reason(row: dict[str, Any], cuts: Cuts) -> str | None:
    if not row["type"].startswith("RRab"):
        return f"{row['type']}: not RRab"
    if row["type"].endswith("-BL") and not cuts.blazhko:
        return "Blazhko effect"
    if row["source_id"] is None:
        return "no Fourier parameters of Gaia"
    if row["phi31_g_error"] > cuts.phi31_error:
        return f"error of φ31 above {cuts.phi31_error} rad"
    if row["A3"] < cuts.least_a3_ratio * row["A3_error"]:
        return f"A3 below {cuts.least_a3_ratio} errors"
    return None


def _combined(table: pa.Table) -> pa.Table:
    """Weighted means of the shifted measurements of each star."""
    rows: dict[str, list[dict[str, Any]]] = {}
    for row in table.filter(pc.is_finite(table["feh"])).to_pylist():
        rows.setdefault(row["name"], []).append(row)
    made = []
    for name, some in rows.items():
        value = np.array([row["feh"] + (row["shift"] or 0.0) for row in some])
        weight = np.array([max(row["e_feh"] or _LEAST_ERROR, _LEAST_ERROR) for row in some]) ** -2.0
        mean = float(np.average(value, weights=weight))
        excess = float((weight * (value - mean) ** 2).sum()) / max(len(some) - 1, 1)
        error = float(np.sqrt(max(excess, 1.0) / weight.sum()))
        kind = max((row["type"] for row in some), key=len)
        first = {key: some[0][key] for key in ("ra_gaia", "dec_gaia")}
        sources = ", ".join(sorted({row["source"] for row in some}))
        measured = {"feh": mean, "feh_error": error, "n_measurements": len(some), "sources": sources}
        made.append({"name": name, "type": kind, **first, **measured})
    return pa.Table.from_pylist(made)
