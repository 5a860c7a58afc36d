"""Rubin's real alerts and the schema of its nested catalog; sparse light curves in magnitudes and in fluxes."""

from __future__ import annotations

import numpy as np
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


def test_negative_fluxes_of_atlas_are_observations(taken, real_data):
    record, table = taken("atlas", "field_cases", "07_atlas_o_c.csv")
    assert (record.exit_status, observations(table)) == (0, 30)
    assert (LightCurves.from_arrow(table).flux <= 0).sum() == 6
    assert not any(LIMITS in note for note in record.notes)


@pytest.mark.parametrize(("folder", "options", "n", "least"), [
    ("s82_rrlyrae", {"survey": "s82"}, 263, 0.97),
    ("ps1_rrlyrae", {"survey": "lightcurves", "id": "ps1_id", "time": "mjd", "mag_err": "magerr", "band": "band"}, 93, 0.7),
])  # fmt: skip
def test_periods_of_rr_lyrae_in_magnitudes_and_in_fluxes(taken, real_data, folder, options, n, least):
    """The published period, within a cycle over the baseline or an alias of a year; in fluxes as in magnitudes."""
    options = dict(options)
    objects = str(real_data / folder / "objects.csv")
    record, table = taken(options.pop("survey"), folder, "photometry.parquet", objects=objects, **options)
    frame = table.drop_columns(["lightcurve"]).to_pandas()
    rows = np.flatnonzero(frame["period"] > 0)[:120]
    assert (frame["period"] > 0).sum() == n
    lcs = LightCurves.from_arrow(table).take(rows)
    published = frame["period"].to_numpy()[rows]
    for one in (lcs, lcs.in_fluxes()):
        found = find(one, fmax=5.0).column("period").to_numpy()
        right = np.abs(found / published - 1) < 1e-3
        print(folder, one.unit, right.mean())
        assert right.mean() >= least
