"""The Wesenheit index: reddening leaves it alone, and the steep relation of the LMC's Cepheids appears in it."""

from __future__ import annotations

import gzip

import numpy as np
import pyarrow as pa
import pytest

from lcscale.errors import InputError
from lcscale.lightcurves import LIGHTCURVE_TYPE
from lcscale.lightcurves.wesenheit import Wesenheit
from lcscale.steps import Step, chain_schema


def catalog(curves):
    field = pa.field("lightcurve", LIGHTCURVE_TYPE, metadata={"bands": "I,V"})
    return pa.Table.from_arrays([pa.array(curves, LIGHTCURVE_TYPE)], schema=pa.schema([field]))


def curve(v, i):
    time = list(np.arange(len(v) + len(i), dtype=float))
    return {"time": time, "mag": [*v, *i], "mag_err": [0.01] * len(time), "band": ["V"] * len(v) + ["I"] * len(i)}


def test_it_is_free_of_reddening_and_null_without_a_band():
    step = Wesenheit()
    reddened = curve([16.0 + 2.55, 16.2 + 2.55], [15.2 + 1.55, 15.4 + 1.55])  # A_V : A_I = 2.55 : 1.55
    table = catalog([curve([16.0, 16.2], [15.2, 15.4]), reddened, curve([16.0], []), None])
    result = step(table)
    found = result["wesenheit"].to_pylist()
    assert found[0] == pytest.approx(15.3 - 1.55 * 0.8, abs=1e-5)
    assert found[1] == pytest.approx(found[0], abs=1e-5)
    assert found[2:] == [None, None]
    assert isinstance(step, Step)
    assert result.schema.equals(chain_schema([step], table.schema), check_metadata=True)


def test_bands_that_are_not_there_are_named():
    field = pa.field("lightcurve", LIGHTCURVE_TYPE, metadata={"bands": "g,r"})
    with pytest.raises(InputError, match="needs the band V, I; there are g, r"):
        Wesenheit().schema(pa.schema([field]))


@pytest.mark.realdata
def test_the_index_of_the_lmc_s_cepheids_is_that_of_their_published_magnitudes(real_data, tmp_path):
    """OGLE-IV (Soszyński et al. 2015), whose means are of intensities: large amplitudes come out a little brighter."""
    import lcscale as lc
    from lcscale.ingest import ingest

    lake = lc.Lake(tmp_path)
    ingest("ogle", real_data / "ogle_lmc_cepheids", lake, "ogle", progress=False)
    table = lake["ogle"].map(Wesenheit()).columns("object_id", "wesenheit").to_arrow().to_pydict()
    with gzip.open(real_data / "ogle_lmc_cepheids" / "parameters.txt.gz", "rt") as lines:
        rows = [line.split("\t") for line in lines if not line.startswith("#")]
    published = {row[0]: (row[1].strip(), *map(_number, (row[4], row[5], row[7]))) for row in rows}
    mine, theirs, log_period = [], [], []
    for name, index in zip(table["object_id"], table["wesenheit"], strict=True):
        mode, i, v, period = published.get(name, ("", np.nan, np.nan, np.nan))
        if mode == "F" and index is not None and np.isfinite(v):
            mine.append(index)
            theirs.append(i - 1.55 * (v - i))
            log_period.append(np.log10(period))
    assert len(mine) > 2000
    assert np.median(np.abs(np.subtract(mine, theirs))) < 0.03
    ours, published_slope = (np.polyfit(log_period, values, 1)[0] for values in (mine, theirs))
    assert ours == pytest.approx(published_slope, abs=0.03)


def _number(text):
    value = float(text)
    return value if value > 0 else np.nan
