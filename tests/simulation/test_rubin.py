"""Simulated Rubin: the schema of the release to the letter, and stars whose periods come out again."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from lcscale.lightcurves import LightCurves
from lcscale.periods import find
from lcscale.simulation.rubin import DEPTHS, simulate_rubin


@pytest.fixture(scope="module")
def made():
    return simulate_rubin(120, seed=2, years=2.0, mag_range=(17.0, 21.0))


def curves(made, column="diaObjectForcedSource"):
    return LightCurves.from_arrow(made.nested(), column, time="midpointMjdTai", flux="psfFlux", flux_err="psfFluxErr")


def test_the_same_numbers_for_the_same_arguments():
    one, other = simulate_rubin(5, seed=9, years=0.5), simulate_rubin(5, seed=9, years=0.5)
    for name in ("dia_object", "dia_source", "forced_source", "visit", "truth"):
        assert getattr(one, name).equals(getattr(other, name))


def test_errors_are_a_fifth_of_the_depth_for_faint_stars():
    made = simulate_rubin(40, seed=4, years=1.0, mag_range=(24.5, 26.0))
    table = made.forced_source
    band, error = np.array(table["band"].to_pylist()), table["psfFluxErr"].to_numpy()
    for name, depth in DEPTHS.items():
        assert np.median(error[band == name]) == pytest.approx(10 ** (0.4 * (31.4 - depth)) / 5, rel=0.1)
    assert (table["psfFlux"].to_numpy() < 0).mean() > 0.05


def test_periods_of_pulsating_stars_come_out_again(made):
    truth = made.truth.to_pandas()
    rows = np.flatnonzero(truth.label.isin(["RRab", "RRc", "DCEP_F"]))
    lcs = curves(made).take(rows)
    assert lcs.bands == ("g", "i", "r", "u", "y", "z")
    found = find(lcs).column("period").to_numpy()
    right = np.abs(found / truth.true_period.to_numpy()[rows] - 1) < 0.001
    assert rows.size > 15
    assert right.mean() > 0.8


@pytest.mark.realdata
def test_names_and_types_are_those_of_the_release(made, real_data):
    import pandas as pd
    import pyarrow.parquet as pq

    from lcscale.simulation import rubin_schema as declared

    kinds = {"long": pa.int64(), "int": pa.int32(), "double": pa.float64(), "float": pa.float32()}
    kinds |= {"char": pa.string(), "boolean": pa.bool_(), "timestamp": pa.timestamp("ns")}
    rows = pd.read_csv(real_data / "rubin_lsst" / "schema_columns.csv.gz")
    tables = {"DiaObject": made.dia_object, "DiaSource": made.dia_source, "Visit": made.visit}
    for name, table in (tables | {"ForcedSourceOnDiaObject": made.forced_source}).items():
        own = rows[(rows.schema == "dp1") & (rows.table == name)]
        columns = list(zip(own.column, own.datatype.map(kinds), strict=True))
        if name == "DiaObject":  # the file has its bands in another order of no meaning
            assert set(columns) == {(field.name, field.type) for field in table.schema}
        else:
            assert columns == [(field.name, field.type) for field in table.schema]
    nested = pq.read_schema(real_data / "rubin_lsst" / "mock_dp1_dia_object" / "_common_metadata")
    assert [nested.field(field.name).type for field in declared.NESTED] == declared.NESTED.types
    assert made.nested().schema.names == [name for name in nested.names if name != "_healpix_29"]
