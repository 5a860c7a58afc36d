"""Columns of ours: told from others by their maker, appended by steps."""

from __future__ import annotations

import pyarrow as pa
import pytest

from lcscale.errors import InputError
from lcscale.periods import PERIOD
from lcscale.vocabulary import Column, append_columns, appended_schema, brought_field, is_made, schema_of

FIELDS = pa.schema([("id", pa.int64()), Column("reason", pa.string(), maker="a step").field, ("period", pa.float64())])
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
    schema = schema_of([PERIOD])
    assert PERIOD.is_in(schema)
    assert is_made(schema, "period")
    brought = pa.schema([brought_field(PERIOD.field)])
    assert not PERIOD.is_in(brought)
    assert not is_made(brought, "period")
    assert brought.field("period").metadata[b"unit"] == b"d"


def test_a_period_of_a_survey_is_another_than_ours():
    of_survey = pa.schema([pa.field("period", pa.float64(), metadata={"unit": "d"})])
    assert not PERIOD.is_in(of_survey)
    assert PERIOD.found(of_survey) == {}
    with pytest.raises(InputError, match="survey's own.*put Search before"):
        PERIOD.refuse_another(of_survey, "Search")
    for fine in (pa.schema([]), schema_of([PERIOD])):
        PERIOD.refuse_another(fine, "Search")


def test_fields_of_lakes_written_before_are_understood():
    """They say their maker and unit, and nothing else."""
    old = pa.field("period", pa.float64(), metadata={"made_by": "lcscale.periods", "unit": "d"})
    assert PERIOD.is_in(pa.schema([old]))
    unmarked = Column("separation", pa.float64(), maker="lcscale.crossmatch", unmarked=True)
    assert unmarked.is_in(pa.schema([("separation", pa.float64())]))
    assert unmarked.is_in(schema_of([unmarked]))
    assert not unmarked.is_in(schema_of([Column("separation", pa.float64(), maker="another")]))


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("n_g_band", "g"),
        ("n_a_b_band", "a_b"),
        ("n__band", None),
        ("n_band", None),
        ("n_g_bands", None),
        ("m_g_band", None),
    ],
)
def test_a_word_stands_for_any(name, word):
    column = Column("n_<word>_band", pa.int32(), about="How many in <word>.", maker="m")
    schema = pa.schema([pa.field(name, pa.int32(), metadata={"made_by": "m"})])
    assert column.found(schema) == ({} if word is None else {word: name})
    assert column.names(name) == (word is not None)
    if word is not None:
        assert column.of(word).name == name
        assert column.of(word).about == f"How many in {word}."


def test_the_name_of_one_column_takes_no_word():
    with pytest.raises(InputError, match="no 'g' can stand in it"):
        PERIOD.of("g")
