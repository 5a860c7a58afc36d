"""AllWISE: bulk files without a header as its schema describes them, and IPAC tables."""

from __future__ import annotations

import gzip

import pyarrow as pa
import pytest

from lcscale import surveys
from lcscale.surveys.allwise import COLUMNS


def row(number):
    values = dict.fromkeys(COLUMNS, "")
    values |= {
        "designation": f"J0000{number:02d}.00+000000.0",
        "ra": f"{number}.5",
        "dec": "-1.25",
        "cntr": f"{number}",
    }
    values |= {"w1mpro": "15.123", "satnum": "0000", "cc_flags": "0h00", "pmcode": "1N003", "tmass_key": "1245"}
    return list(values.values())


def read(path, survey="allwise"):
    adapter, problems = surveys.get(survey), []
    tables = [table for part in adapter.parts([str(path)], problems) for table in adapter.batches(part, problems)]
    return pa.concat_tables(tables, promote_options="permissive"), problems


@pytest.mark.parametrize("end", ["", "|"])
def test_bulk_files(tmp_path, end):
    lines = ["|".join(row(number)) + end for number in (1, 2, 3)]
    with gzip.open(tmp_path / "wise-allwise-cat-part01.gz", "wt") as stream:
        stream.write("\n".join(lines) + "\n")
    (tmp_path / "wise-allwise-cat-schema.txt").write_text("not a part of the catalog")
    table, problems = read(tmp_path)
    assert problems == []
    assert table.column_names == list(COLUMNS)
    assert len(COLUMNS) == 298
    assert table["ra"].to_pylist() == [1.5, 2.5, 3.5]
    first = table.slice(0, 1).to_pylist()[0]
    assert (first["satnum"], first["cc_flags"], first["pmcode"]) == ("0000", "0h00", "1N003")
    assert (first["cntr"], first["tmass_key"], first["w1mpro"], first["w2mpro"]) == (1, 1245, 15.123, None)
    assert table.schema.field("ra").metadata == {b"unit": b"deg", b"frame": b"ICRS"}


def test_lines_of_another_shape_are_counted(tmp_path):
    path = tmp_path / "wise-allwise-cat-part02"
    path.write_text("\n".join(["|".join(row(1)), "J0001|1|2"]) + "\n")
    table, (problem,) = read(path)
    assert table.num_rows == 1
    assert problem.text.startswith("1 lines do not have 298 fields")


def test_other_files_are_refused(tmp_path):
    (tmp_path / "notes").write_text("1|2\n3|4\n")
    with pytest.raises(surveys.ReleaseFileError, match="no bulk file of AllWISE"):
        read(tmp_path / "notes")


@pytest.mark.realdata
def test_the_archives_table(real_data):
    table, problems = read(real_data / "yso" / "allwise_w5.tbl.gz")
    assert (table.num_rows, problems) == (6_387, [])
    assert table.column_names[:3] == ["designation", "ra", "dec"]
    assert table["designation"][0].as_py().startswith("J")
    assert 40 < table["ra"][0].as_py() < 44
