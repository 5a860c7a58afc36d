"""Plain tables: of several writers each is told whether its table is the one that stands."""

from __future__ import annotations

import multiprocessing

import pyarrow as pa
import pytest

from lcscale.errors import ConflictError, InputError
from lcscale.lake import Lake, tables


def test_the_loser_of_a_race_on_an_object_store_is_told(lake, monkeypatch):
    lake.write_table("counts", pa.table({"a": [1]}))
    whole = tables.replace_file
    monkeypatch.setattr(
        tables, "replace_file", lambda path, *rest: path.name != "current" and whole(path, *rest)
    )  # what S3 answers to the second of two
    with pytest.raises(ConflictError, match="'counts'.*was published while .*run the same command again"):
        lake.write_table("counts", pa.table({"a": [2]}))
    assert lake.table("counts").to_pydict() == {"a": [1]}
    lake.write_table("counts", pa.table({"a": [1]}))  # what stands is what was to be written


def test_the_loser_of_a_race_on_a_disk_is_told(lake, monkeypatch):
    """Somebody publishes between the moment we begin and that in which we would publish."""
    lake.write_table("counts", pa.table({"a": [1]}))
    whole = tables.replace_file

    def overtaken(path, *rest):
        monkeypatch.setattr(tables, "replace_file", whole)
        if path.name != "current":
            Lake(lake.root).write_table("counts", pa.table({"a": [3]}))
        return whole(path, *rest)

    monkeypatch.setattr(tables, "replace_file", overtaken)
    with pytest.raises(ConflictError):
        lake.write_table("counts", pa.table({"a": [2]}))
    assert lake.table("counts").to_pydict() == {"a": [3]}


def _write(root, number, told):
    try:
        told.put((number, Lake(root).write_table("race", pa.table({"a": [number]}))))
    except ConflictError:
        told.put((number, None))


def test_of_many_writers_those_who_were_not_told_otherwise_have_published(lake):
    """The table that stands is of one who was told so; all who were told so had their version there."""
    context = multiprocessing.get_context("fork")
    told = context.Queue()
    writers = [context.Process(target=_write, args=(str(lake.root), number, told)) for number in range(8)]
    for each in writers:
        each.start()
    answers = dict(told.get(timeout=60) for _ in writers)
    for each in writers:
        each.join()
    (standing,) = lake.table("race").to_pydict()["a"]
    assert answers[standing] is not None


def test_a_table_whose_version_is_gone_is_named(lake):
    version = lake.write_table("counts", pa.table({"a": [1]}))
    (lake.root / "tables" / "counts" / version / "part-0.parquet").unlink()
    with pytest.raises(InputError, match="counts.*broken"):
        lake.table("counts")


def test_a_table_of_other_columns_is_replaced_only_when_told(lake):
    first = lake.write_table("counts", pa.table({"a": [1], "b": ["x"]}))
    lake.write_table("counts", pa.table({"a": [2], "b": ["y"]}))
    for other in (pa.table({"a": [1]}), pa.table({"a": [1.5], "b": ["x"]})):
        with pytest.raises(ConflictError, match="'counts' holds another result.*differs in (a|b)"):
            lake.write_table("counts", other)
    assert lake.table("counts")["a"].to_pylist() == [2]
    assert lake.write_table("counts", pa.table({"a": [1]}), replace=True) != first
    assert lake.table("counts").column_names == ["a"]
