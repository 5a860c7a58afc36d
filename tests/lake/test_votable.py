"""What a catalog says of its columns in HATS' VOTable metadata, read by astropy."""

from __future__ import annotations

import io

import pyarrow as pa
import pyarrow.parquet as pq
from astropy.io.votable import parse, validate
from skies import put, sky_table

from lcscale.lake import Lake
from lcscale.periods import PERIOD, Search

CONTENT = b"IVOA.VOTable-Parquet.content"


def table_of(catalog):
    with (catalog.source.folder / "dataset" / "_common_metadata").open("rb") as stream:
        metadata = pq.read_schema(stream).metadata
    assert metadata[b"IVOA.VOTable-Parquet.version"] == b"1.0"
    assert validate(io.BytesIO(metadata[CONTENT]), output=io.StringIO())
    return parse(io.BytesIO(metadata[CONTENT])).get_first_table()


def test_units_ucds_and_meanings_reach_astropy(lake):
    made = put(lake, "sky", sky_table(40)).map(Search())
    made.write("periods")
    fields = {field.name: field for field in table_of(lake["periods"]).fields}
    names = {"lightcurve", *fields} - {name for name in fields if name.startswith("lightcurve.")}
    assert names == set(lake["periods"].column_names)
    assert {f"lightcurve.{part}" for part in ("time", "mag", "mag_err", "band")} <= set(fields)
    period = fields["period"]
    assert (period.datatype, str(period.unit), period.ucd, period.description) == (
        "double",
        "d",
        PERIOD.ucd,
        PERIOD.about,
    )
    assert (fields["ra"].ucd, str(fields["ra"].unit)) == ("pos.eq.ra;meta.main", "deg")
    assert (fields["lightcurve.mag"].datatype, str(fields["lightcurve.mag"].unit)) == ("float", "mag")


def test_what_is_made_of_a_catalog_does_not_carry_its_votable(lake):
    put(lake, "sky", sky_table(40)).columns("object_id").write("ids")
    assert lake["ids"].schema.metadata is None
    assert {field.name for field in table_of(lake["ids"]).fields} == set(lake["ids"].column_names)


def test_types_and_texts_that_votable_does_not_know(tmp_path):
    table = sky_table(12, lightcurves=False)
    n = table.num_rows
    odd = {
        "flag": pa.array([True] * n),
        "small": pa.array([1] * n, pa.int8()),
        "when": pa.array([0] * n, pa.timestamp("us")),
        "list": pa.array([[1.0]] * n),
        'a<b & "c"': pa.array(["x"] * n),
    }
    for name, values in odd.items():
        field = pa.field(name, values.type, metadata={"unit": "no such <unit>", "ucd": "no such & ucd"})
        table = table.append_column(field, values)
    with (put(Lake(tmp_path / "lake"), "odd", table).source.folder / "dataset" / "_common_metadata").open(
        "rb"
    ) as stream:
        content = pq.read_schema(stream).metadata[CONTENT]
    fields = parse(io.BytesIO(content)).get_first_table().fields
    assert {field.name: field.datatype for field in fields if field.name in odd} == {
        "flag": "boolean", "small": "short", "when": "unicodeChar", "list": "unicodeChar", "a<b & \"c\"": "unicodeChar",
    }  # fmt: skip
