"""ZTF in both of its forms, on rows made here."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.csv as pv
import pyarrow.parquet as pq
import pytest

import lcscale as lc
from lcscale import surveys
from lcscale.ingest import ingest
from lcscale.lightcurves import LightCurves


def read(survey, path):
    problems = []
    tables = [batch for part in survey.parts([str(path)], problems) for batch in survey.batches(part, problems)]
    return (pa.concat_tables(tables) if tables else None), problems


def bulk(folder):
    rows = {
        "objectid": [202116200000000, 202216200000001, 202116200000002],
        "filterid": pa.array([1, 2, 1], pa.uint8()),
        "fieldid": pa.array([202] * 3, pa.int16()),
        "rcid": pa.array([61] * 3, pa.uint8()),
        "objra": [10.0, 20.0, 30.0],
        "objdec": [-1.0, -2.0, -3.0],
        "nepochs": [2, 1, 1],
        "hmjd": [[59002.5, 59001.5], [59003.5], [59004.5]],
        "mag": [[18.5, 18.0], [19.0], [17.0]],
        "magerr": [[0.1, 0.2], [0.3], [0.4]],
        "clrcoeff": [[0.0, 0.0], [0.0], [0.0]],
        "catflags": [[0, 32768], [2], [32769]],
    }
    pq.write_table(pa.table(rows), folder / "field.parquet")
    return folder / "field.parquet"


@pytest.mark.parametrize(("largest", "expected"), [(0, [1, 0, 0]), (32767, [1, 1, 0]), (70000, [2, 1, 1])])
def test_bulk(tmp_path, largest, expected):
    table, problems = read(surveys.get("ztf", max_catflags=largest), bulk(tmp_path))
    assert problems == []
    lcs = LightCurves.from_arrow(table)
    assert lcs.counts.tolist() == expected
    assert table.column("object_id").to_pylist() == [202116200000000, 202216200000001, 202116200000002]
    if largest == 70000:
        assert lcs.time.tolist() == [59001.5, 59002.5, 59003.5, 59004.5]
        assert [lcs.bands[code] for code in lcs.band] == ["g", "g", "r", "g"]


def archive_rows():
    """Two stars 10 arcsec apart, on both sides of the pole of right ascension; three oids each."""
    rows = []
    for star, ra in ((0, 0.0), (1, 10 / 3600)):
        for k, code in enumerate(("zg", "zr", "zr")):
            oid = 1000 + 100 * k + star
            for t in range(3):
                shift = (0.2 * k - 0.2) / 3600
                rows.append((oid, 2459000.5 + t + 0.1 * k, 15.0 + star, 0.1, 0, code, (ra + shift) % 360, 5.0))
    return rows


def test_the_archive(tmp_path):
    """Every oid is a piece at the mean of its positions, also where right ascension begins anew."""
    names = ["oid", "hjd", "mag", "magerr", "catflags", "filtercode", "ra", "dec"]
    columns = dict(zip(names, map(list, zip(*archive_rows(), strict=True)), strict=True))
    pv.write_csv(pa.table(columns), tmp_path / "star.csv")
    table, problems = read(surveys.get("ztf"), tmp_path / "star.csv")
    assert problems == []
    rows = table.to_pylist()
    assert [row["object_id"] for row in rows] == [1000, 1001, 1100, 1101, 1200, 1201]
    for row, (k, star) in zip(rows, [(k, star) for k in range(3) for star in range(2)], strict=True):
        assert (row["ra"] + 180) % 360 - 180 == pytest.approx((10 * star + 0.2 * k - 0.2) / 3600, abs=1e-9)
        curve = row["lightcurve"]
        assert set(zip(curve["oid"], curve["band"], strict=True)) == {(row["object_id"], "rg"[k == 0])}
        assert curve["time"] == pytest.approx([59000.0 + t + 0.1 * k for t in range(3)])
        assert np.allclose(curve["mag"], 15.0 + star)
        member = {name: values for name, (values,) in row["members"].items()}
        assert member == {"oid": row["object_id"], "ra": row["ra"], "dec": row["dec"], "mag": 15.0 + star}


def test_a_file_without_rows_is_an_object_without_data(tmp_path):
    (tmp_path / "star.csv").write_text("oid,hjd,mag,magerr,catflags,filtercode,ra,dec\n")
    table, (problem,) = read(surveys.get("ztf"), tmp_path / "star.csv")
    assert table is None
    assert not problem.set_aside


def epochs(**columns):
    """Four observations of an oid in the archive's columns."""
    given = {"oid": [7] * 4, "filtercode": ["zg"] * 4, "hjd": [2459000.5 + i for i in range(4)], "mag": [15.0] * 4}
    given |= {"magerr": [0.1] * 4, "catflags": [0] * 4, "ra": [1.0] * 4, "dec": [2.0] * 4}
    return given | columns


def test_dictionary_columns_are_read(tmp_path):
    codes = pa.array(["zg", "zr", "zg", "zi"]).dictionary_encode()
    pq.write_table(pa.table(epochs(filtercode=codes)), tmp_path / "t.dat")
    table, problems = read(surveys.get("ztf"), tmp_path / "t.dat")
    assert problems == []
    assert table.column("lightcurve")[0].as_py()["band"] == ["g", "r", "g", "i"]


def test_flags_that_are_missing_are_not_clean_and_unknown_filters_stay_themselves(tmp_path):
    flags, codes = pa.array([0.0, None, 4.0, 32768.0]), pa.array(["zz", "zg", "zg", "zg"], pa.large_string())
    pq.write_table(pa.table(epochs(catflags=flags, filtercode=codes)), tmp_path / "t.parquet")
    record = ingest("ztf", tmp_path / "t.parquet", tmp_path / "lake", "it")
    curve = lc.Lake(tmp_path / "lake")["it"].to_arrow().column("lightcurve")[0].as_py()
    assert (curve["band"], curve["mag"]) == (["zz"], [15.0])
    said = " ".join(record.notes)
    assert "doubtful (max_catflags=32767, that is catflags < 32768, keeps them): 1 observations" in said
    assert "32768 and above, unusable: 1 observations" in said
    assert "not known to be clean: 1 observations" in said


def test_objects_that_end_without_an_observation_are_counted(tmp_path):
    pq.write_table(pa.table(epochs(oid=[7, 7, 8, 8], dec=[2, 2, 3, 3], catflags=[0, 0, 5, 6])), tmp_path / "t.parquet")
    record = ingest("ztf", tmp_path / "t.parquet", tmp_path / "lake", "it")
    assert "1 of 2 objects are without an observation" in record.notes
    again = ingest("ztf", tmp_path / "t.parquet", tmp_path / "lake", "it", append=True, max_catflags=32767)
    assert again.published
    lists = lc.Lake(tmp_path / "lake")["it"].to_arrow().column("lightcurve").to_pylist()
    assert [len(one["time"]) for one in lists] == [2, 2]
