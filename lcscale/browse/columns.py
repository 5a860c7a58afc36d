"""Which columns the browser shows of a catalog, and those of other catalogs that it puts beside them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lcscale.lake import Catalog, Lake
from lcscale.lake.inputs import ROWS
from lcscale.models.heads.columns import CLASS, PROBABILITY
from lcscale.vocabulary import HEALPIX_COLUMN

BEST = "probability"
"""Column made here: probability of the class given."""
UNCERTAINTY = "uncertainty"
"""Column made here: entropy of the probabilities over that of no knowledge, 0 to 1."""

_FIRST = (
    *("class", BEST, "prediction_set", "period", "power", "fap", "mean", "g_mag", "phot_g_mean_mag", "AlertMag"),
    *("amplitude", "n_observations", "alias", "label", "Date", "feh", "distance_modulus"),
)
"""Columns shown at first, where the catalog has them."""
_BESIDE = (
    *("mean", "amplitude", "color_", "standard_deviation", "skewness", "snr", "n_cycles", "r21", "phi21", "wesenheit"),
    *("g_mag", "bp_rp", "bp_mag", "rp_mag", "parallax", "pmra", "pmdec", "j_mag", "h_mag", "k_mag", "ks_mag"),
    *("w1_mag", "w2_mag", "phot_g_mean_mag"),
)
"""Columns of other catalogs that are worth having beside: names, or beginnings that end in an underscore."""


@dataclass(frozen=True)
class Beside:
    """Columns of another catalog that stand beside those of the rows."""

    catalog: Catalog
    """The other catalog; made from the same rows."""
    names: tuple[str, ...]
    """Its columns."""


def beside(lake: Lake, catalog: Catalog) -> list[Beside]:
    """What other catalogs of the lake, made from the same light curves, know of the rows of `catalog`."""
    identity = catalog.id_column_or_none
    origin = {each.name for each in catalog.inputs if each.role == ROWS}
    taken = set(catalog.column_names)
    found = []
    for other in lake.readable()[0] if identity is not None and origin else ():
        ours = {each.name for each in other.inputs if each.role == ROWS}
        if other.name == catalog.name or not ours & origin or other.id_column_or_none != identity:
            continue
        names = tuple(name for name in other.column_names if name not in taken and _is_wanted(other.schema.field(name)))
        if names:
            found.append(Beside(other, names))
            taken |= set(names)
    return found


def _is_wanted(field: pa.Field) -> bool:
    names = {name for name in _BESIDE if not name.endswith("_")}
    begins = tuple(name for name in _BESIDE if name.endswith("_"))
    return is_number(field) and (field.name in names or field.name.startswith(begins)) and "scatter" not in field.name


def flat(schema: pa.Schema) -> list[str]:
    """Columns that a table can show: no lists, no structs."""
    return [field.name for field in schema if not pa.types.is_nested(field.type)]


def is_number(field: pa.Field) -> bool:
    """Whether a column can be drawn over an axis."""
    return bool(pa.types.is_floating(field.type) or pa.types.is_integer(field.type))


def shown_first(schema: pa.Schema, identity: str | None) -> list[str]:
    """Columns that a table shows until somebody chooses others."""
    names = [name for name in _FIRST if name in schema.names]
    by_band = [name for name in schema.names if name.startswith("n_observations_")]
    rest = [name for name in flat(schema) if name not in (HEALPIX_COLUMN, *names)] if len(names) < 3 else []
    return list(dict.fromkeys([*([] if identity is None else [identity]), *names, *by_band, *rest]))[:16]


def judged_by(table: pa.Table) -> pa.Table:
    """`table` with `BEST` and `UNCERTAINTY` after its probabilities, where it has some and no such columns yet."""
    found = replace(PROBABILITY, unmarked=True).found(table.schema)
    if len(found) < 2 or CLASS.name not in table.column_names or BEST in table.column_names:
        return table
    columns = [table.column(name).to_numpy() for name in found.values()]
    shares = np.stack(columns, axis=1).astype(np.float64) if columns else np.empty((table.num_rows, 0))
    given = np.array(table.column(CLASS.name).to_pylist(), dtype=object)
    place = {name: k for k, name in enumerate(found)}
    best = np.full(table.num_rows, np.nan)
    for name, k in place.items():
        of_class = given == name
        best[of_class] = shares[of_class, k]
    told = {"ucd": "stat.probability;src.class", "made_by": "lcscale.browse"}
    for name, values, about in (
        (BEST, best, "Probability of the class given."),
        (UNCERTAINTY, entropy(shares), "Entropy of the probabilities, over that of no knowledge: 0 sure, 1 a guess."),
    ):
        field = pa.field(name, pa.float32(), metadata=told | {"description": about})
        array = pa.array(values.astype(np.float32), mask=~np.isfinite(values))
        table = table.append_column(field, array)
    return table


def entropy(shares: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Entropy of each row of probabilities [n, n_classes] over the largest possible; NaN where there are none.

    Examples
    --------
    >>> entropy(np.array([[1.0, 0.0], [0.5, 0.5]])).tolist()
    [0.0, 1.0]
    """
    logs = np.log(shares, out=np.zeros_like(shares), where=shares > 0)
    return np.asarray(np.abs(-(shares * logs).sum(axis=1) / np.log(max(shares.shape[1], 2))))
