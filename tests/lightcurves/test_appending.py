"""Columns appended by steps."""

from __future__ import annotations

import pyarrow as pa

from lcscale.lightcurves import append_columns, appended_schema, brought_field, made_field, maker_of

FIELDS = pa.schema([("id", pa.int64()), made_field("reason", pa.string(), "a step"), ("period", pa.float64())])
LEFT = pa.table({"id": [1, 2, 3], "reason": pa.array(["a", None, "b"]), "period": [1.0, 2.0, 3.0]}, schema=FIELDS)
NEW = pa.table({"period": [9.0, 8.0, 7.0], "reason": pa.array(["a", "c", None])})


def test_values_are_replaced_and_reasons_joined():
    result = append_columns(LEFT, NEW)
    assert result.column("period").to_pylist() == [9.0, 8.0, 7.0]
    assert result.column("reason").to_pylist() == ["a", "c", "b"]
    different = append_columns(LEFT, pa.table({"reason": pa.array(["x", None, None])}))
    assert different.column("reason").to_pylist() == ["a; x", None, "b"]


def test_the_schema_foretold_is_the_schema_made():
    left = LEFT.replace_schema_metadata({"a": "b"})
    field = pa.field("prob", pa.float32(), metadata={"unit": "none"})
    new = NEW.append_column(field, pa.array([0.1, 0.2, 0.3], pa.float32()))
    made = append_columns(left, new).schema
    assert made.equals(appended_schema(left.schema, new.schema), check_metadata=True)


def test_no_rows():
    assert append_columns(LEFT.slice(0, 0), NEW.slice(0, 0)).num_rows == 0


def test_a_reason_of_the_survey_is_none_of_ours():
    survey = pa.table({"id": [1, 2, 3], "reason": [7, 8, 9]})
    assert append_columns(survey, NEW).column("reason").to_pylist() == ["a", "c", None]


def test_what_another_catalog_brought_was_not_made_here():
    field = made_field("period", pa.float64(), "a step", "d")
    assert maker_of(pa.schema([field]), "period") == "a step"
    brought = brought_field(field)
    assert maker_of(pa.schema([brought]), "period") is None
    assert brought.metadata == {b"unit": b"d"}
