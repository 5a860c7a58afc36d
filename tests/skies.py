"""Small catalogs on the sky, written with the lake's own draft."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from hats.pixel_math.spatial_index import compute_spatial_index

from lcscale.lake import HEALPIX_COLUMN, Lake, Pixel, write_leaf


def sky_table(n: int, seed: int = 0, *, lightcurves: bool = True) -> pa.Table:
    """Random positions all over the sky with an id, a magnitude and a short light curve."""
    rng = np.random.default_rng(seed)
    ra, dec = rng.uniform(0, 360, n), np.degrees(np.arcsin(rng.uniform(-1, 1, n)))
    index = compute_spatial_index(ra, dec)
    order = np.argsort(index)
    counts = rng.integers(0, 30, n)
    offsets = pa.array(np.concatenate([[0], np.cumsum(counts)]), pa.int32())
    total = int(counts.sum())
    lists = {
        "time": pa.array(rng.uniform(0, 1000, total)),
        "mag": pa.array(rng.normal(15, 0.1, total).astype(np.float32)),
        "mag_err": pa.array(np.full(total, 0.02, np.float32)),
        "band": pa.array(rng.choice(["g", "r"], total)),
    }
    nested = pa.StructArray.from_arrays(
        [pa.ListArray.from_arrays(offsets, values) for values in lists.values()], names=list(lists)
    )
    columns = {
        HEALPIX_COLUMN: pa.array(index[order]),
        "object_id": pa.array(np.arange(n)),
        "ra": pa.array(ra[order]),
        "dec": pa.array(dec[order]),
        "mean_mag": pa.array(rng.normal(15, 1, n)),
    }
    table = pa.table(columns)
    if lightcurves:
        field = pa.field("lightcurve", nested.type, metadata={"bands": "g,r"})
        table = table.append_column(field, nested)
    return table


def put(lake: Lake, name: str, table: pa.Table, order: int = 1, plan: str = "test"):
    """Write `table` as the catalog `name` with leaves of one order."""
    index = table.column(HEALPIX_COLUMN).to_numpy() >> 2 * (29 - order)
    with lake.draft(name, plan) as draft:
        leaves = [
            write_leaf(draft.folder, Pixel(order, int(number)), table.filter(pa.array(index == number)))
            for number in np.unique(index)
        ]
        draft.publish(leaves, table.schema, ra="ra", dec="dec")
    return lake[name]
