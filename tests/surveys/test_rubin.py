"""Rubin: exported tables, alerts night by night, and the nested catalog, all in the schema of the release."""

from __future__ import annotations

import fastavro
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from skies import put

import lcscale as lc
from lcscale.errors import InputError
from lcscale.explore import show
from lcscale.ingest import ingest, preview
from lcscale.lake import HEALPIX_COLUMN, spatial_index
from lcscale.lightcurves import FLUX_TYPE, LightCurves
from lcscale.periods import FrequencyGrid
from lcscale.products import variable_candidates
from lcscale.simulation.rubin import simulate_rubin

FLAGS = ("psfFlux_flag", "pixelFlags_suspect", "pixelFlags_saturated", "pixelFlags_cr", "pixelFlags_bad")


@pytest.fixture(scope="module")
def release():
    return simulate_rubin(25, seed=3, years=1.0)


def good(table):
    """Rows of the photometry without a flag."""
    bad = np.any([table[name].to_numpy() for name in FLAGS], axis=0)
    return table.filter(pa.array(~bad)), int(bad.sum())


def test_exported_tables_with_times_by_visit(release, tmp_path):
    folder = release.write(tmp_path / "export")
    (folder / "truth.csv").unlink()
    (folder / "DiaSource.parquet").unlink()
    record = ingest("rubin", folder, tmp_path / "lake", "dp1", engine="serial")
    assert (record.exit_status, record.rows) == (0, 25)
    catalog = lc.Lake(tmp_path / "lake")["dp1"]
    said = {key.decode(): value.decode() for key, value in catalog.schema.field("lightcurve").metadata.items()}
    assert catalog.schema.field("lightcurve").type == FLUX_TYPE
    assert (said["bands"], said["time_scale"], said["unit"]) == ("r,g,i,z,u,y", "TAI", "time: d, flux: nJy")
    expected, n_bad = good(release.forced_source)
    times = dict(zip(*(release.visit[name].to_pylist() for name in ("visit", "expMidptMJD")), strict=True))
    rows = {row["object_id"]: row["lightcurve"] for row in catalog.to_arrow().to_pylist()}
    assert sum(len(curve["time"]) for curve in rows.values()) == expected.num_rows
    for name in release.dia_object["diaObjectId"].to_pylist()[:5]:
        own = expected.filter(pc.equal(expected["diaObjectId"], name)).to_pylist()
        wanted = sorted((times[row["visit"]], row["psfFlux"], row["psfFluxErr"], row["band"]) for row in own)
        assert list(zip(*rows[name].values(), strict=True)) == wanted
    assert any(flux < 0 for curve in rows.values() for flux in curve["flux"])
    counted = [int(note.split(": ")[2].split()[0].replace(",", "")) for note in record.notes if "flagged" in note]
    assert sum(counted) == n_bad > 0


def test_difference_fluxes_are_not_mixed_with_those_of_the_sources(release, tmp_path):
    """As a whole release lies in one folder, DiaSource beside the forced photometry."""
    folder = release.write(tmp_path / "export")
    (folder / "truth.csv").unlink()
    record = ingest("rubin", folder, tmp_path / "lake", "dp1", engine="serial")
    assert [("DiaSource: its fluxes" in one["error"]) for one in record.quarantined] == [True]
    curves = lc.Lake(tmp_path / "lake")["dp1"].to_arrow()["lightcurve"].to_pylist()
    assert sum(len(curve["time"]) for curve in curves) == good(release.forced_source)[0].num_rows


def test_photometry_of_unknown_visits_is_counted_and_without_visits_refused(release, tmp_path):
    folder = release.write(tmp_path / "export")
    (folder / "truth.csv").unlink()
    (folder / "DiaSource.parquet").unlink()
    pq.write_table(release.visit.slice(1), folder / "Visit.parquet")
    record = ingest("rubin", folder, tmp_path / "lake", "dp1", engine="serial", flags="none")
    assert any("visit that the table of visits lacks: 25 " in note for note in record.notes)
    (folder / "Visit.parquet").unlink()
    record = ingest("rubin", folder, tmp_path / "other", "dp1", engine="serial")
    assert any("give the table Visit too" in one["error"] for one in record.quarantined)
    (folder / "DiaObject.parquet").unlink()
    with pytest.raises(InputError, match="one table of objects"):
        ingest("rubin", folder, tmp_path / "third", "dp1", engine="serial")


def test_ids_that_were_doubles_are_refused(release, tmp_path):
    folder = release.write(tmp_path / "export")
    place = folder / "ForcedSourceOnDiaObject.parquet"
    table = pq.read_table(place)
    at = table.column_names.index("diaObjectId")
    pq.write_table(table.set_column(at, "diaObjectId", table["diaObjectId"].cast(pa.float64(), safe=False)), place)
    files = [folder / f"{name}.parquet" for name in ("DiaObject", "Visit", "ForcedSourceOnDiaObject")]
    record = ingest("rubin", files, tmp_path / "lake", "dp1", engine="serial")
    assert any("diaObjectId" in one["error"] for one in record.quarantined)


def test_a_dry_run_says_how_the_tables_are_understood(release, tmp_path):
    folder = release.write(tmp_path / "export")
    files = [folder / f"{name}.parquet" for name in ("DiaObject", "Visit", "ForcedSourceOnDiaObject")]
    text = str(preview("rubin", files))
    assert "expMidptMJD" in text
    assert "psfFlux" in text
    assert "pixelFlags_cr" in text


def test_the_nested_catalog_runs_at_once(release, tmp_path):
    table = release.nested()
    index = spatial_index(table["ra"].to_numpy(), table["dec"].to_numpy())
    table = table.append_column(HEALPIX_COLUMN, pa.array(index)).take(pa.array(np.argsort(index)))
    catalog = put(lc.Lake(tmp_path), "dia_object", table, order=3)
    assert catalog.id_column == "diaObjectId"
    assert catalog.schema.field("lightcurve").type == FLUX_TYPE
    read = catalog.to_arrow()
    expected, _ = good(release.forced_source)
    lcs = LightCurves.from_arrow(read)
    assert int(lcs.counts.sum()) == expected.num_rows
    opened = lc.open_catalog(str(tmp_path / "dia_object"))
    candidates = variable_candidates(opened, "general", grid=FrequencyGrid(0.02, 3.0, 5e-4))
    candidates.write("variable_candidates", lake=tmp_path)
    rows = {row["diaObjectId"]: row for row in lc.Lake(tmp_path)["variable_candidates"].to_arrow().to_pylist()}
    bright = [name for name, n in zip(read["diaObjectId"].to_pylist(), lcs.counts, strict=True) if n > 60]
    classified = [name for name in bright if rows[name]["class"] is not None]
    assert len(classified) > 15
    page = show(lc.Lake(tmp_path), classified[0], tmp_path / "page.html").read_text("utf-8")
    assert "flux (nJy)" in page


def source(name, time, band, flux, *, ss=0, dia=7_000_000_000_000_000_001, ra=10.0, flag=False):
    return {
        "diaSourceId": name,
        "diaObjectId": dia,
        "ssObjectId": ss,
        "midpointMjdTai": time,
        "band": band,
        "ra": ra,
        "dec": -5.0,
        "psfFlux": flux - 100.0,
        "psfFluxErr": 2.0,
        "scienceFlux": flux,
        "scienceFluxErr": 1.0,
        "psfFlux_flag": flag,
    }


def packet(now, earlier=(), forced=(), ra=10.0):
    dia = None if now["ssObjectId"] else {"diaObjectId": float(now["diaObjectId"]), "ra": ra, "dec": -5.0}
    return {"diaSource": now, "prvDiaSources": list(earlier), "prvDiaForcedSources": list(forced), "diaObject": dia}


FIRST = source(1, 60001.25, "r", 900.0)
SECOND = source(2, 60002.25, "g", -20.0)
FORCED = [
    {"midpointMjdTai": 60001.25, "band": "r", "scienceFlux": 901.0, "scienceFluxErr": 1.0},
    {"midpointMjdTai": 60000.5, "band": "i", "scienceFlux": -3.0, "scienceFluxErr": 1.0},
]
NIGHTS = [
    [packet(FIRST), packet(source(3, 60001.5, "r", 50.0, ss=42, dia=0))],
    [packet(SECOND, [FIRST], FORCED, ra=10.00001), packet(source(4, 60002.5, "r", 5.0, dia=8, flag=True))],
]


def avro(packets, path):
    def kind(value):
        if isinstance(value, dict):
            return {"type": "record", "name": f"r{id(value)}", "fields": [f(k, v) for k, v in value.items()]}
        kinds = {bool: "boolean", int: "long", float: "double", str: "string"}
        return kinds[type(value)]

    def f(key, value):
        return {"name": key, "type": ["null", kind(value)]}

    one = {"type": "record", "name": "s", "fields": [f(k, v) for k, v in FIRST.items()]}
    two = {"type": "record", "name": "q", "fields": [f(k, v) for k, v in FORCED[0].items()]}
    three = {"type": "record", "name": "o", "fields": [f(k, 1.0) for k in ("diaObjectId", "ra", "dec")]}
    fields = [
        {"name": "diaSource", "type": one},
        {"name": "prvDiaSources", "type": {"type": "array", "items": "s"}},
        {"name": "prvDiaForcedSources", "type": {"type": "array", "items": two}},
        {"name": "diaObject", "type": ["null", three]},
    ]
    with open(path, "wb") as stream:
        fastavro.writer(stream, {"type": "record", "name": "alert", "fields": fields}, packets)


def parquet(packets, path):
    pq.write_table(pa.Table.from_pylist(packets), path)


@pytest.mark.parametrize(("write", "ending"), [(avro, "avro"), (parquet, "parquet")])
def test_alerts_are_appended_night_by_night(tmp_path, write, ending):
    for number, night in enumerate(NIGHTS):
        (tmp_path / f"night{number}").mkdir()
        write(night, tmp_path / f"night{number}" / f"alerts.{ending}")
    lake = tmp_path / "lake"
    record = ingest("rubin_alerts", tmp_path / "night0", lake, "alerts", engine="serial")
    assert (record.exit_status, record.rows) == (0, 1)
    assert any("solar-system" in note and "1 observations" in note for note in record.notes)
    record = ingest("rubin_alerts", tmp_path / "night1", lake, "alerts", engine="serial", append=True)
    assert any("flagged: 1" in note for note in record.notes)
    rows = {row["object_id"]: row for row in lc.Lake(lake)["alerts"].to_arrow().to_pylist()}
    assert set(rows) == {7_000_000_000_000_000_001, 8}  # exact, though diaObject has it as a double
    row = rows[7_000_000_000_000_000_001]
    curve = row["lightcurve"]
    assert curve["time"] == [60000.5, 60001.25, 60002.25]  # the detection of the first night once, its forced one not
    assert curve["flux"] == [-3.0, 900.0, -20.0]
    assert curve["band"] == ["i", "r", "g"]
    assert row["ra"] == 10.00001
    assert rows[8]["lightcurve"]["time"] == []
    again = ingest("rubin_alerts", tmp_path, tmp_path / "other", "alerts", engine="serial")
    together = {row["object_id"]: row for row in lc.Lake(tmp_path / "other")["alerts"].to_arrow().to_pylist()}
    assert again.rows == 2
    assert together[row["object_id"]]["lightcurve"] == curve


@pytest.mark.parametrize(("write", "ending"), [(avro, "avro"), (parquet, "parquet")])
def test_files_of_one_call_in_several_tasks_give_what_one_task_gives(tmp_path, monkeypatch, write, ending):
    """The same detections stand in packets of both nights, and the object was moved between them."""
    (tmp_path / "in").mkdir()
    moved = packet({**SECOND, "midpointMjdTai": 60003.25, "diaSourceId": 99}, earlier=[FIRST, SECOND], ra=40.5)
    for number, night in enumerate([*NIGHTS, [moved]]):
        write(night, tmp_path / "in" / f"night{number}.{ending}")
    ingest("rubin_alerts", tmp_path / "in", tmp_path / "lake", "one", engine="serial")
    monkeypatch.setattr("lcscale.surveys.rubin_alerts._BYTES_OF_A_PART", 1)
    record = ingest("rubin_alerts", tmp_path / "in", tmp_path / "lake", "several", engine="serial")
    one, several = (lc.Lake(tmp_path / "lake")[name].to_arrow() for name in ("one", "several"))
    assert record.exit_status == 0
    assert several.equals(one)
    assert {row["object_id"]: row["ra"] for row in one.to_pylist()}[7_000_000_000_000_000_001] == 40.5


def test_solar_system_detections_are_taken_apart(tmp_path):
    parquet(NIGHTS[0], tmp_path / "night.parquet")
    ingest(
        "rubin_alerts", tmp_path / "night.parquet", tmp_path / "lake", "moving", engine="serial", solar_system="true"
    )
    (row,) = lc.Lake(tmp_path / "lake")["moving"].to_arrow().to_pylist()
    assert (row["object_id"], row["ss_object_id"], row["lightcurve"]["flux"]) == (3, 42, [50.0])


def test_difference_fluxes_on_request(tmp_path):
    parquet(NIGHTS[0], tmp_path / "night.parquet")
    ingest("rubin_alerts", tmp_path / "night.parquet", tmp_path / "lake", "diff", engine="serial", flux="psfFlux")
    (row,) = lc.Lake(tmp_path / "lake")["diff"].to_arrow().to_pylist()
    assert (row["lightcurve"]["flux"], row["lightcurve"]["flux_err"]) == ([800.0], [2.0])


@pytest.mark.parametrize("size", [1, 1 << 30])
def test_a_file_that_rounds_the_ids_is_refused_and_costs_itself_alone(tmp_path, monkeypatch, size):
    monkeypatch.setattr("lcscale.surveys.rubin_alerts._BYTES_OF_A_PART", size)
    (tmp_path / "in").mkdir()
    parquet(NIGHTS[0], tmp_path / "in" / "a.parquet")
    rounded = [packet({**SECOND, "diaObjectId": 7e18})]
    parquet(rounded, tmp_path / "in" / "b.parquet")
    (tmp_path / "in" / "c.avro").write_bytes(b"Obj\x01 torn")
    record = ingest("rubin_alerts", tmp_path / "in", tmp_path / "lake", "alerts", engine="serial")
    assert record.rows == 1
    said = " ".join(one["error"] for one in record.quarantined)
    assert "diaSource.diaObjectId is double, which rounds ids" in said
    assert "no whole Avro container" in said
