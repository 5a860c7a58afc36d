"""The first rows of a catalog: the same as those of the whole result, for little more than their own work."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import pyarrow as pa
import pytest
from skies import put, sky_table

from lcscale.errors import InputError


@dataclass(frozen=True)
class Counting:
    """Gives what it is given, and notes how many rows that is."""

    rowwise: bool = True
    given: list[int] = field(default_factory=list, compare=False)
    version: ClassVar[int] = 1
    columns: ClassVar[tuple[str, ...]] = ("mean_mag",)

    def schema(self, input_schema: pa.Schema) -> pa.Schema:
        return input_schema

    def fingerprint(self) -> str:
        return f"Counting {self.rowwise}"

    def __call__(self, table: pa.Table) -> pa.Table:
        self.given.append(table.num_rows)
        return table


@pytest.fixture
def rows(lake):
    """A catalog of 6,000 rows in 12 leaves."""
    return put(lake, "rows", sky_table(6000, lightcurves=False), order=0)


@pytest.mark.parametrize("n", [0, 1, 5, 700])
def test_rowwise_steps_are_given_no_more_rows_than_are_asked_for(rows, n):
    step = Counting()
    assert rows.map(step).head(n).object_id.tolist() == rows.to_arrow()["object_id"].to_pylist()[:n]
    assert sum(step.given) == n


@pytest.mark.parametrize("share", [0.5, 0.01])
def test_where_rows_are_not_kept_more_are_given_by_and_by(rows, share):
    limit = sorted(rows.to_arrow()["mean_mag"].to_pylist())[int(share * 6000)]
    before, after = Counting(), Counting()
    bright = rows.map(before).where(f"mean_mag < {limit}").map(after)
    assert bright.head(5).object_id.tolist() == bright.to_arrow()["object_id"].to_pylist()[:5]
    read = rows.where(f"mean_mag < {limit}").to_arrow()["object_id"][4].as_py()
    place = rows.to_arrow()["object_id"].to_pylist().index(read)
    before.given.clear()
    after.given.clear()
    bright.head(5)
    assert sum(before.given) <= 2 * place + 20
    assert sum(after.given) <= 2 * 5 + 10


def test_only_steps_behind_one_of_whole_partitions_are_spared(rows):
    whole, after = Counting(rowwise=False), Counting()
    mapped = rows.map(whole).map(after)
    assert mapped.head(3).object_id.tolist() == rows.to_arrow()["object_id"].to_pylist()[:3]
    assert whole.given == [rows.partitions[0].read(["ra"]).num_rows]
    assert after.given == [3]


def test_more_rows_than_there_are(rows):
    assert rows.head(10**6).shape[0] == 6000
    assert rows.where("mean_mag < -99").head().shape[0] == 0
    with pytest.raises(InputError, match="must not be negative"):
        rows.head(-1)
