"""Names are checked wherever they come in: none leads out of the lake."""

from __future__ import annotations

import pyarrow as pa
import pytest
from skies import put, sky_table

from lcscale.errors import InputError
from lcscale.lake import Lake

OUTSIDE = ["../other/cat", "../../other/cat", "cat/../cat", "/etc", "", ".", "..", "tables", "a b", "cat\n", "caté"]


@pytest.fixture
def lakes(tmp_path):
    """A lake, and beside it another with a catalog and a table."""
    other, lake = Lake(tmp_path / "other"), Lake(tmp_path / "lake")
    for each in (other, lake):
        put(each, "cat", sky_table(10), order=0)
        each.write_table("secret", pa.table({"a": [42]}))
    return lake, other


@pytest.mark.parametrize("name", [*OUTSIDE, "../../other/tables/secret", "-x", None, 3])
def test_no_name_leads_out_of_the_lake(lakes, name):
    lake, other = lakes
    assert name not in lake
    for ask in (
        lake.__getitem__,
        lake.versions,
        lake.current,
        lake.table,
        lake.prune,
        lambda name: lake.draft(name, "plan"),
        lambda name: lake.write_table(name, pa.table({"a": [1]})),
        lambda name: lake["cat"].write(name, lake=lake),
    ):
        with pytest.raises(InputError, match="cannot be a name"):
            ask(name)
    assert other.versions("cat") == [other.current("cat")]


def test_good_names_are_found(lakes):
    lake, _ = lakes
    assert "cat" in lake
    assert "other" not in lake
    assert lake.current("cat") == lake.versions("cat")[0]
    assert (lake.current("none"), lake.versions("none")) == (None, [])
    assert lake.table("secret").num_rows == 1
