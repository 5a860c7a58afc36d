"""Small labelled sets of simulated light curves, as arrays and as a table."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from lcscale.lightcurves import LIGHTCURVE_TYPE
from lcscale.models import LabelledCurves
from lcscale.periods import PERIOD_SCHEMA
from lcscale.simulation.synthesis import synthesize


def curves(n=90, seed=3, classes=("RRab", "EA", "LPV")):
    made = synthesize([classes[i % len(classes)] for i in range(n)], seed, n_observations=(40, 80))
    place = np.random.default_rng(seed).integers(0, 12 << 58, n)
    return LabelledCurves(made.lcs, made.period, made.label.astype(object), place, made.lcs.bands)


def as_table(labelled: LabelledCurves) -> pa.Table:
    field = pa.field("lightcurve", LIGHTCURVE_TYPE, metadata={"bands": "g,r"})
    schema = pa.schema(
        [
            pa.field("_healpix_29", pa.int64()),
            field,
            PERIOD_SCHEMA.field("period"),
            pa.field("label", pa.string()),
        ]
    )
    arrays = [labelled.healpix_29, labelled.lcs.to_arrow(), labelled.period, labelled.label.tolist()]
    return pa.Table.from_arrays([pa.array(values) for values in arrays], schema=schema)
