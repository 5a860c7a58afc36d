"""Light curves of simulated stars and a small table of candidates as a classifier would have written it."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from hats.pixel_math.spatial_index import compute_spatial_index

from lcscale.lake import HEALPIX_COLUMN
from lcscale.lightcurves import LIGHTCURVE_TYPE
from lcscale.models import read_card
from lcscale.simulation.synthesis import synthesize

CLASSES = ("RRab", "EA", "EW", "LPV")
HOSTILE = ("<script>alert(1)</script>", "../../x", "a'b\"c`d & e")


def stars(n: int = 160, seed: int = 5, n_observations: tuple[int, int] = (60, 120)) -> tuple[pa.Table, pa.Table]:
    """Light curves, and a table of candidates as a classifier would have written it."""
    rng = np.random.default_rng(seed)
    made = synthesize([CLASSES[i % len(CLASSES)] for i in range(n)], seed, n_observations=n_observations)
    ra, dec = (rng.normal(358, 3, n)) % 360, rng.normal(20, 3, n)
    index = compute_spatial_index(ra, dec)
    names = np.array([*HOSTILE, *(f"SIM-{i:05d}" for i in range(n - len(HOSTILE)))], dtype=object)
    shares = rng.dirichlet(np.full(len(CLASSES), 0.4), n).astype(np.float32)
    shares = 0.3 * shares + 0.7 * (np.array(CLASSES)[:, None] == made.label).T.astype(np.float32)
    best = shares.argmax(axis=1)
    amplitude = rng.lognormal(-1, 0.5, n)
    order = np.argsort(index)
    base = {HEALPIX_COLUMN: index, "object_id": names, "ra": ra, "dec": dec}
    base = {name: pa.array(values[order]) for name, values in base.items()}
    given = np.array(CLASSES, dtype=object)[best]
    given[7] = None
    columns = {
        "class": given,
        **{f"prob_{name}": shares[:, k] for k, name in enumerate(CLASSES)},
        "period": np.where(np.arange(n) == 7, np.nan, made.period),
        "period_2": made.period * 2,
        "g_mag": rng.normal(16, 1, n),
        "bp_rp": rng.normal(1, 0.4, n),
        "doubt": np.array([None if i % 5 else "alias" for i in range(n)], dtype=object),
        "amplitude": amplitude,
        "n_observations": made.lcs.counts.astype(np.int32),
        "model_id": np.full(n, read_card("demo").id, dtype=object),
    }
    told = {name: pa.array(values[order], from_pandas=True) for name, values in columns.items()}
    curves = made.lcs.take(order).to_arrow()
    field = pa.field("lightcurve", LIGHTCURVE_TYPE, metadata={"bands": "g,r", "mag_system": "AB"})
    return pa.table(base).append_column(field, curves), pa.table({**base, **told})
