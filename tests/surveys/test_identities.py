"""Names of objects are whole numbers or text, exactly as written, whatever a reader would guess."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lcscale as lc
from lcscale.ingest import ingest
from lcscale.surveys.identities import Known, identities, numbers_of_text
from lcscale.surveys.reading import read_table
from lcscale.surveys.release import Part, ReleaseFileError

BIG = 13260000000000000001


@pytest.mark.parametrize(
    ("ids", "kind"),
    [
        (["000757076", "000757099"], pa.string()),
        (["1E5", "2E5"], pa.string()),
        (["2011-05-01", "2011-05-02"], pa.string()),
        (["04:30:57", "05:30:57"], pa.string()),
        (["true", "false"], pa.string()),
        ([str(BIG), str(BIG + 1)], pa.string()),
        ([str(BIG), "299489677444933632"], pa.string()),
        (["0x1F", "0x20"], pa.string()),
        (["+5", "+6"], pa.string()),
        (["12", "13"], pa.int64()),
        (["-12", "0"], pa.int64()),
        (["9223372036854775807", "1"], pa.int64()),
        (["12702.0", "12703.0"], pa.int64()),
        (["12.5", "13.0"], pa.string()),
        ([" 12", "13 "], pa.int64()),
        (["a  ", "b"], pa.string()),
    ],
)
@pytest.mark.parametrize("delimiter", [",", "\t", "|"])
def test_ids_in_text(tmp_path, ids, kind, delimiter):
    lines = [delimiter.join([name, "1.5"]) for name in ids]
    (tmp_path / "t.csv").write_text("\n".join([delimiter.join(["id", "x"]), *lines]) + "\n")
    column = read_table(str(tmp_path / "t.csv"), [], ids=["id"]).column("id")
    assert column.type == kind
    ending = ".0" if kind == pa.int64() else ""
    assert [str(one) for one in column.to_pylist()] == [one.strip().removesuffix(ending) for one in ids]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (pa.array([1.0, float("nan"), 2.0**53 - 1]), [1, None, 2**53 - 1]),
        (pa.array([5.0], pa.float32()), [5]),
        (pa.array([BIG], pa.uint64()), [BIG]),
        (pa.array([7], pa.uint16()), [7]),
        (pa.array([Decimal(7)], pa.decimal128(10, 0)), [7]),
        (pa.array([Decimal(BIG)], pa.decimal128(20, 0)), [str(BIG)]),
        (pa.array(["a ", " b", ""]), ["a", "b", None]),
        (pa.array([b"a ", b"b", b""]), ["a", "b", None]),
    ],
)
def test_ids_in_containers(tmp_path, values, expected):
    pq.write_table(pa.table({"id": values}), tmp_path / "t.parquet")
    column = read_table(str(tmp_path / "t.parquet"), [], ids=["id"]).column("id")
    assert column.to_pylist() == expected
    assert not pa.types.is_floating(column.type)


@pytest.mark.parametrize(
    "values",
    [
        pa.array([1.5]),
        pa.array([2.0**53 + 2]),
        pa.array([2.0**24], pa.float32()),
        pa.array([b"\xff\xfe"]),
        pa.array([True]),
        pa.array([0], pa.date32()),
        pa.array([Decimal("1.5")]),
    ],
)
def test_what_cannot_name_an_object_is_refused(values):
    with pytest.raises(ReleaseFileError, match=r"the file: column 'id' .*names? (of )?objects"):
        identities(values, "id", "the file")


@given(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=20))
@settings(max_examples=50, deadline=None)
def test_all_integers_come_back(numbers):
    assert numbers_of_text(pa.array([str(number) for number in numbers])).to_pylist() == numbers


@given(st.lists(st.integers(0, 2**63 - 1), min_size=1, max_size=20, unique=True), st.randoms())
@settings(max_examples=50, deadline=None)
def test_whole_numbers_are_the_same_whatever_their_type(numbers, random):
    shuffled = random.sample(numbers, len(numbers))
    forms = [
        pa.array(shuffled),
        pa.array([str(one) for one in shuffled]),
        pa.array([f"{one:021d}" for one in shuffled]),
    ]
    for listed in (pa.array(numbers), pa.array([str(one) for one in numbers])):
        for names in forms[: 3 if pa.types.is_integer(listed.type) else 2]:
            rows = Known(listed).rows(names)
            assert [numbers[row] for row in rows] == shuffled


def test_ids_above_int64_stay_apart_when_files_are_added(tmp_path):
    (tmp_path / "a.csv").write_text(f"specobjid,ra,dec\n{BIG},10,1\n299489677444933632,12,1\n")
    (tmp_path / "b.csv").write_text(f"specobjid,ra,dec\n{BIG + 1},11,1\n")
    ingest("table", tmp_path / "a.csv", tmp_path / "lake", "q", id="specobjid")
    record = ingest("table", tmp_path / "b.csv", tmp_path / "lake", "q", id="specobjid", append=True)
    assert record.exit_status == 0
    ids = lc.Lake(tmp_path / "lake")["q"].to_arrow().column("specobjid").to_pylist()
    assert sorted(map(int, ids)) == [299489677444933632, BIG, BIG + 1]


def test_large_texts_have_one_type_of_id_in_all_blocks(tmp_path, monkeypatch):
    monkeypatch.setattr("lcscale.surveys.delimited._STREAM_BYTES", (1000, 100))
    monkeypatch.setattr("lcscale.surveys.delimited._BLOCK_BYTES", 500)
    for last, kind in ((400, pa.int64()), (BIG, pa.string()), ("A", pa.string())):
        (tmp_path / "t.csv").write_text("\n".join(["id,x", *(f"{i},{i / 2}" for i in range(400)), f"{last},1"]) + "\n")
        column = read_table(str(tmp_path / "t.csv"), [], ids=["id"]).column("id")
        assert column.type == kind
        assert str(column[400]) == str(last)
        assert str(column[0]) == "0"


@dataclass(frozen=True)
class Plain:
    """An adapter that hands on what its Parquet files hold."""

    name, ra, dec, identity, join_arcsec = "plain", "ra", "dec", "name", None
    properties: ClassVar[Mapping[str, str]] = {}

    def parts(self, paths, problems):
        return [Part(os.fspath(path)) for path in paths]

    def batches(self, part, problems):
        yield pq.read_table(part.path)


def put(path, names):
    n = len(names)
    pq.write_table(pa.table({"name": names, "ra": np.linspace(11, 10, n), "dec": np.zeros(n)}), path)
    return path


@pytest.mark.parametrize(
    ("names", "kept"),
    [
        (pa.array([3, 5], pa.int16()), pa.array([3, 5])),
        (pa.array([3, 5], pa.uint64()), pa.array([3, 5])),
        (pa.array([BIG, 5], pa.uint64()), pa.array([str(BIG), "5"])),
        (pa.array([3.0, 5.0]), pa.array([3, 5])),
        (pa.array([" a", "b"], pa.large_string()), pa.array(["a", "b"])),
        (pa.array(["a", "b"]).dictionary_encode(), pa.array(["a", "b"])),
    ],
)
def test_every_adapter_brings_whole_numbers_or_text(tmp_path, names, kept):
    lake = lc.Lake(tmp_path / "lake")
    ingest(Plain(), put(tmp_path / "a.parquet", names), lake, "sky")
    assert lake["sky"].id_column == "name"
    assert lake["sky"].to_arrow().column("name").combine_chunks().equals(kept)
    ingest(Plain(), put(tmp_path / "b.parquet", names.take([1])), lake, "sky", append=True)  # the same object again
    assert sorted(lake["sky"].to_arrow().column("name").to_pylist()) == sorted(kept.to_pylist())


def test_files_that_are_appended_have_names_of_the_kind_there(tmp_path):
    lake = lc.Lake(tmp_path / "lake")
    ingest(Plain(), put(tmp_path / "a.parquet", pa.array([3, 5])), lake, "numbers")
    refused = ingest(Plain(), put(tmp_path / "b.parquet", pa.array([BIG], pa.uint64())), lake, "numbers", append=True)
    assert "'name' is text in the files, int64 in the catalog" in refused.quarantined[0]["error"]
    assert not refused.published
    ingest(Plain(), put(tmp_path / "c.parquet", pa.array(["a"])), lake, "texts")
    ingest(Plain(), put(tmp_path / "d.parquet", pa.array([7], pa.int32())), lake, "texts", append=True)
    assert sorted(lake["texts"].to_arrow().column("name").to_pylist()) == ["7", "a"]


def test_ids_in_text_that_a_float_has_rounded_are_refused(tmp_path):
    (tmp_path / "t.csv").write_text("id,x\n1.2376487e+18,1\n1.2376488e+18,2\n")
    with pytest.raises(ReleaseFileError, match="no exact names of objects"):
        read_table(str(tmp_path / "t.csv"), [], ids=["id"])
