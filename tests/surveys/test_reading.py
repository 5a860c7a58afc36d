"""Tables in bounded batches: headers, types that a later block decides, wide rows."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lcscale.surveys.delimited import header_of
from lcscale.surveys.reading import read_batches, suffix
from lcscale.surveys.release import Part, ReleaseFileError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a,b\n1,2\n", (["a", "b"], 1)),
        ("# made by hand\n# twice\na,b\n1,2\n", (["a", "b"], 3)),
        ("#Name, Date\nx,2020\n1,2\n", (["Name", "Date"], 1)),
        ('a ,"b, c", d\r\n1,2,3\r\n', (["a", "b, c", "d"], 1)),
        ("# a, b\nx,y\n1,2\n", (["x", "y"], 2)),
        ("a\n1\n", (["a"], 1)),
    ],
)
def test_header(tmp_path, text, expected):
    (tmp_path / "t.csv").write_text(text)
    assert header_of(str(tmp_path / "t.csv"), ",") == expected


def test_suffix_without_that_of_the_compression():
    assert suffix("/x/A.CSV.GZ") == ".csv"
    assert suffix("a.parquet") == ".parquet"
    assert suffix("a.gz") == ""


@pytest.fixture
def in_blocks(monkeypatch):
    monkeypatch.setattr("lcscale.surveys.delimited._STREAM_BYTES", (1000, 100))
    monkeypatch.setattr("lcscale.surveys.delimited._BLOCK_BYTES", 500)


def rows_of(path):
    problems = []
    tables = list(read_batches(Part(str(path)), problems))
    assert len({table.schema for table in tables}) == 1
    return tables, pa.concat_tables(tables), problems


def test_a_later_block_may_decide_on_the_type(tmp_path, in_blocks):
    lines = [f"{i},{i},,{i},{'true' if i < 150 else 'maybe'}" for i in range(300)]
    lines[200] = "200,200.5,7,abc,maybe"
    lines[250] = "250,1,2"
    (tmp_path / "t.csv").write_text("\n".join(["id,x,late,text,flag", *lines]) + "\n")
    tables, table, problems = rows_of(tmp_path / "t.csv")
    assert len(tables) > 3
    assert [field.type for field in table.schema] == [pa.int64(), pa.float64(), pa.int64(), pa.string(), pa.string()]
    assert table.column("x")[200].as_py() == 200.5
    assert table.column("text")[10].as_py() == "10"
    assert table.num_rows == 299
    assert [problem.text.split(" (")[0] for problem in problems] == ["1 lines do not have 5 fields"]


def test_in_blocks_or_whole_it_is_the_same(tmp_path, in_blocks, monkeypatch):
    rng = np.random.default_rng(1)
    lines = [f"{i},{x:.6f},{'' if x < 0 else 'name'}" for i, x in enumerate(rng.normal(size=400))]
    (tmp_path / "t.csv").write_text("\n".join(["id,x,name", *lines]) + "\n")
    _, blocks, _ = rows_of(tmp_path / "t.csv")
    monkeypatch.setattr("lcscale.surveys.delimited._STREAM_BYTES", (1 << 30, 1 << 30))
    tables, whole, _ = rows_of(tmp_path / "t.csv")
    assert len(tables) == 1
    assert whole.equals(blocks.combine_chunks())


def test_text_that_is_none_is_refused_in_blocks_too(tmp_path, in_blocks):
    good = b"".join(b"%d,name\n" % i for i in range(300))
    (tmp_path / "t.csv").write_bytes(b"id,name\n" + good + b"5,\xff\xfe\n")
    with pytest.raises(ReleaseFileError, match="cannot read"):
        rows_of(tmp_path / "t.csv")


def test_wide_tables_come_in_smaller_batches(tmp_path, monkeypatch):
    table = pa.table({f"c{i}": np.arange(1000.0) for i in range(50)})
    pq.write_table(table, tmp_path / "t.parquet")
    monkeypatch.setattr("lcscale.surveys.reading._BATCH_BYTES", 50 * 8 * 100)
    tables, whole, _ = rows_of(tmp_path / "t.parquet")
    assert max(one.num_rows for one in tables) <= 100
    assert whole.combine_chunks().equals(table)
    narrow = list(read_batches(Part(str(tmp_path / "t.parquet")), [], ["c7"]))
    assert [one.num_rows for one in narrow] == [1000]
