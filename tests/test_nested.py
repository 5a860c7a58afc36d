"""Lists of rows: whichever way Arrow holds them, the same values of the same rows."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from lcscale.lightcurves import LightCurves
from lcscale.nested import parts_of

TIME, MAG = [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], [[15.0, 15.5], [16.0, 16.5], [17.0, 17.5]]
ROWS = [[{"time": t, "mag": m} for t, m in zip(*row, strict=True)] for row in zip(TIME, MAG, strict=True)]
SIDE_BY_SIDE = [pa.array(TIME), pa.array(MAG)]
NAMES = ["time", "mag"]
LAYOUTS = {
    "struct of lists": pa.StructArray.from_arrays(SIDE_BY_SIDE, NAMES),
    "of large lists": pa.StructArray.from_arrays(
        [each.cast(pa.large_list(pa.float64())) for each in SIDE_BY_SIDE], NAMES
    ),
    "of lists of one size": pa.StructArray.from_arrays(
        [each.cast(pa.list_(pa.float64(), 2)) for each in SIDE_BY_SIDE], NAMES
    ),
    "list of structs": pa.array(ROWS),
    "a slice": pa.array([ROWS[2], *ROWS, ROWS[0]]).slice(1, 3),
}


@pytest.mark.parametrize("nested", LAYOUTS.values(), ids=LAYOUTS)
def test_every_layout_has_the_same_parts(nested):
    parts = parts_of(nested)
    assert {name: part.to_arrow().to_pylist() for name, part in parts.items()} == {"time": TIME, "mag": MAG}
    assert list(parts_of(nested, {"mag"})) == ["mag"]
    lcs = LightCurves.from_arrow(nested)
    np.testing.assert_array_equal(lcs.offsets, [0, 2, 4, 6])
    np.testing.assert_array_equal(lcs.mag, np.concatenate(MAG))
