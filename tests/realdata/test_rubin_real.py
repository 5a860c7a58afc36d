"""Rubin's real alerts and the schema of its nested catalog; sparse light curves in magnitudes and in fluxes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import lcscale as lc
from lcscale.ingest import ingest
from lcscale.lightcurves import FLUX_TYPE, LightCurveFields, LightCurves
from lcscale.periods import find
from lcscale.surveys.measurements import LIMITS

pytestmark = pytest.mark.realdata


@pytest.fixture
def taken(real_data, tmp_path):
    def run(survey, *path, **options):
        record = ingest(survey, real_data.joinpath(*path), tmp_path / "lake", "it", engine="serial", **options)
        return record, lc.Lake(tmp_path / "lake")["it"].to_arrow()

    return run


def observations(table):
    return int(LightCurves.from_arrow(table).counts.sum())


def test_alerts_of_lsstcam(taken):
    """22 of 25 alerts are of DiaObjects; diaObject.diaObjectId is a double there, and every id is exact here."""
    record, table = taken("rubin_alerts", "rubin_lsst", "alerts_v10_real.parquet")
    assert (record.exit_status, record.rows, observations(table)) == (0, 22, 60)
    assert any("solar-system" in note and "3 observations" in note for note in record.notes)
    assert 169738309211783177 in table.column("object_id").to_pylist()
    assert table.schema.field("lightcurve").type == FLUX_TYPE


def test_solar_system_alerts_of_lsstcam(taken):
    record, table = taken("rubin_alerts", "rubin_lsst", "alerts_v10_real.parquet", solar_system=True)
    assert set(table.column("ss_object_id").to_pylist()) == {21163611661088578, 20892066498361688, 21164736943044929}
    assert observations(table) == 3


def test_alerts_of_the_rehearsal_have_difference_fluxes_alone(taken):
    record, _ = taken("rubin_alerts", "rubin_lsst", "alerts_v7_1_rehearsal.parquet", flux="psfFlux")
    assert (record.exit_status, record.rows) == (0, 50)


def test_the_schema_of_the_nested_catalog_is_recognised(real_data):
    schema = pq.read_schema(real_data / "rubin_lsst" / "mock_dp1_dia_object" / "_common_metadata")
    fields = LightCurveFields.recognised(schema)
    assert (fields.column, fields.flux, fields.flux_err) == ("diaObjectForcedSource", "psfFlux", "psfFluxErr")
    assert len(fields.flags) == 5
    read = fields.adapt(pq.read_table(real_data / "rubin_lsst" / "mock_dp1_dia_object" / "data_thumbnail.parquet"))
    assert read.schema.field("lightcurve").type == FLUX_TYPE


@pytest.mark.parametrize("release", ["dp1", "dp2"])
@pytest.mark.parametrize(
    ("table", "column"), [("ForcedSource", "objectForcedSource"), ("ForcedSourceOnDiaObject", "diaObjectForcedSource")]
)
def test_collections_of_both_previews_are_recognised(real_data, release, table, column):
    rows = pd.read_csv(real_data / "rubin_lsst" / "schema_columns.csv.gz")
    kinds = {"long": pa.int64(), "int": pa.int32(), "short": pa.int16(), "double": pa.float64(), "float": pa.float32()}
    kinds |= {"char": pa.string(), "boolean": pa.bool_()}
    own = rows[(rows.schema == release) & (rows.table == table)]
    parts = [pa.field(name, pa.list_(kinds[kind])) for name, kind in zip(own.column, own.datatype, strict=True)]
    nested = pa.struct([*parts, pa.field("midpointMjdTai", pa.list_(pa.float64()))])
    fields = LightCurveFields.recognised(pa.schema([("coord_ra", pa.float64()), (column, nested)]))
    assert (fields.column, fields.flux, fields.bands) == (column, "psfFlux", ("r", "g", "i", "z", "u", "y"))
    assert len(fields.flags) == 5


def test_negative_fluxes_of_atlas_are_observations(taken, real_data):
    record, table = taken("atlas", "field_cases", "07_atlas_o_c.csv")
    assert (record.exit_status, observations(table)) == (0, 30)
    assert (LightCurves.from_arrow(table).flux <= 0).sum() == 6
    assert not any(LIMITS in note for note in record.notes)


def test_periods_of_stripe_82_in_magnitudes_and_in_fluxes(taken, real_data):
    """263 RR Lyrae; of 100 nine in ten get the published period, and fluxes do not worse than magnitudes."""
    objects = str(real_data / "s82_rrlyrae" / "objects.csv")
    record, table = taken("s82", "s82_rrlyrae", "photometry.parquet", objects=objects)
    assert record.rows == 263
    lcs = LightCurves.from_arrow(table).take(np.arange(100))
    published = table.column("period").to_numpy()[:100]
    right = [
        np.abs(find(one, fmax=5.0).column("period").to_numpy() / published - 1) < 1e-3 for one in (lcs, lcs.in_fluxes())
    ]
    print("right in magnitudes", right[0].sum(), "in fluxes", right[1].sum(), "in both", (right[0] & right[1]).sum())
    assert right[0].sum() >= 88
    assert right[1].sum() >= right[0].sum() - 3


def test_pan_starrs_has_too_few_points_a_band_for_periods_without_a_template(taken, real_data):
    """93 RR Lyrae with about 20 points in five bands: the same stars are searched in magnitudes and in fluxes."""
    objects = str(real_data / "ps1_rrlyrae" / "objects.csv")
    options = {"id": "ps1_id", "time": "mjd", "mag_err": "magerr", "band": "band", "objects": objects}
    record, table = taken("lightcurves", "ps1_rrlyrae", "photometry.parquet", **options)
    assert (record.rows, observations(table)) == (2_973, 59_445)
    frame = table.drop_columns(["lightcurve"]).to_pandas()
    lcs = LightCurves.from_arrow(table).take(np.flatnonzero(frame["period"] > 0))
    assert len(lcs) == 93
    one, other = (find(each, fmax=3.0).column("reason").to_pylist() for each in (lcs, lcs.in_fluxes()))
    assert one == other
