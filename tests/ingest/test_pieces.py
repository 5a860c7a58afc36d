"""Pieces joined, against plain Python."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from lcscale.ingest.pieces import join_pieces
from lcscale.lightcurves import LIGHTCURVE_TYPE

PIECE = st.tuples(
    st.sampled_from("abcd"),
    st.lists(st.tuples(st.integers(0, 9).map(float), st.sampled_from(["g", "r"])), max_size=4),
)


def table_of(pieces):
    rows = [
        {
            "time": [time for time, _ in curve],
            "mag": [10.0 + i] * len(curve),
            "mag_err": [0.5] * len(curve),
            "band": [band for _, band in curve],
        }
        for i, (_, curve) in enumerate(pieces)
    ]
    ids = [name for name, _ in pieces]
    return pa.table(
        {
            "_healpix_29": pa.array([7 if name in "ab" else 9 for name in ids], pa.int64()),
            "object_id": pa.array(ids, pa.string()),
            "extra": pa.array([f"of {name}" for name in ids], pa.string()),
            "lightcurve": pa.array(rows, LIGHTCURVE_TYPE),
            "more": pa.array(np.zeros(len(ids))),
        }
    )


@given(st.lists(PIECE, max_size=12), st.integers(0, 3))
@settings(max_examples=150, deadline=None)
def test_against_plain_python(pieces, skipped):
    table = table_of(pieces).slice(skipped)
    pieces = pieces[skipped:]
    joined = join_pieces(table, "object_id")
    assert joined.schema.equals(table.schema)
    found = {row["object_id"]: row for row in joined.to_pylist()}
    assert len(found) == joined.num_rows == len({name for name, _ in pieces})
    for name, row in found.items():
        expected = sorted(point for other, curve in pieces if other == name for point in curve)
        curve = row["lightcurve"]
        assert curve["time"] == [time for time, _ in expected]
        assert sorted(zip(curve["time"], curve["band"], strict=True)) == expected
        assert row["extra"] == f"of {name}"
    index = joined.column("_healpix_29").to_numpy()
    assert (np.diff(index) >= 0).all()


def test_ids_that_are_null_stay_together_and_apart_from_others():
    table = table_of([("a", [(1.0, "g")]), ("a", [])])
    table = table.set_column(1, "object_id", pa.array([None, "a"]))
    assert join_pieces(table, "object_id").num_rows == 2
