"""Requests about labels: read, judge, take back, bring in, take out."""

from __future__ import annotations

import io
from typing import Annotated, Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
from fastapi import APIRouter, Body, Path, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from lcscale.browse.answers import PlainResponse
from lcscale.browse.described import Changes, LabelRow, LabelRows, Taken, Undone
from lcscale.browse.exporting import FORMATS, as_file
from lcscale.browse.parameters import Catalogued, Place
from lcscale.errors import InputError
from lcscale.products.judgements import (
    LONGEST_COMMENT,
    LONGEST_NAME,
    LONGEST_TAG,
    MOST_TAGS,
    Label,
    of_row,
)

router = APIRouter(prefix="/api/labels", tags=["labels"])
Name = Annotated[str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$", description="Name of the labels.")]
_MOST_IMPORTED = 200_000
_MOST_CHANGES = 1000


class Judgement(BaseModel):
    """What a person says of an object."""

    model_config = ConfigDict(extra="forbid")

    object_id: str = Field(min_length=1, max_length=LONGEST_NAME)
    class_name: str | None = Field(default=None, max_length=100, description="Class of the taxonomy.")
    sure: bool = True
    period: float | None = Field(default=None, gt=0, le=1e7, allow_inf_nan=False, description="Days.")
    tags: list[Annotated[str, Field(min_length=1, max_length=LONGEST_TAG)]] = Field(default=[], max_length=MOST_TAGS)
    comment: str = Field(default="", max_length=LONGEST_COMMENT)
    person: str = Field(default="", max_length=LONGEST_NAME)
    ra: float | None = Field(default=None, ge=-360, le=360, allow_inf_nan=False)
    dec: float | None = Field(default=None, ge=-90, le=90, allow_inf_nan=False)
    catalog: str = Field(default="", max_length=LONGEST_NAME)
    class_given: str | None = Field(default=None, max_length=100)


@router.get("/{name}", response_model=LabelRows, summary="The current labels of a name")
def labels(
    place: Place,
    name: Name,
    object_id: Annotated[str | None, Query(max_length=LONGEST_NAME, description="Only of this object.")] = None,
    history: Annotated[bool, Query(description="With those that were superseded or taken back.")] = False,
) -> Response:
    """One label an object, the last one; with `history` all, in the order of their arrival."""
    judgements, current = place.judgements(name)
    found = judgements.entries() if history else list(current.values())
    chosen = [label.row() for label in found if object_id is None or label.object_id == object_id]
    return PlainResponse({"count": len(chosen), "labels": chosen})


@router.post("/{name}", status_code=201, response_model=LabelRow, summary="Judge an object")
def judge(place: Place, name: Name, judgement: Judgement) -> Response:
    """The label, with its name and time; it is on the disk when this is answered."""
    given = judgement.model_dump()
    label = Label(**{**given, "tags": tuple(given["tags"])})
    return PlainResponse(place.judge(name, [label])[0].row(), 201)


class Withdrawal(BaseModel):
    """Which label is taken back."""

    label_id: str = Field(min_length=1, max_length=64)


@router.post("/{name}/undo", response_model=Undone, summary="Take a label back")
def undo(place: Place, name: Name, asked: Withdrawal) -> Response:
    """What counts for the object now: the label before, or none."""
    judgements, current = place.judgements(name)
    label = next((each for each in judgements.entries() if each.label_id == asked.label_id), None)
    if label is None:
        raise InputError(f"{name} has no label {asked.label_id}")
    place.judge(name, [Label(label.object_id, person=label.person, withdrawn=label.label_id)])
    now = current.get(label.object_id)
    return PlainResponse({"object_id": label.object_id, "label": None if now is None else now.row()})


@router.get(
    "/{name}/changes", response_model=Changes, summary="What the classifier says of the judged objects, then and now"
)
def changes(place: Place, name: Name, opened: Catalogued) -> Response:
    """How many classes agreed with the labels when they were given and agree now, and the objects that changed."""
    _, current = place.judgements(name)
    judged = {key: label for key, label in current.items() if label.class_name is not None}
    found = opened.rows_of(list(judged)) if "class" in opened.database.schema.names else {}
    there = list(found)
    rows = opened.database.take(np.array([found[key] for key in there], np.int64), ["class"]) if there else None
    now = dict(zip(there, [] if rows is None else rows.column("class").to_pylist(), strict=True))
    then = {key: judged[key].class_given for key in there}
    changed = [
        {"object_id": key, "label": judged[key].class_name, "then": then[key], "now": now[key]}
        for key in there
        if then[key] != now[key]
    ]
    return PlainResponse(
        {
            "version": opened.version,
            "judged": len(there),
            "agreed_then": sum(then[key] == judged[key].class_name for key in there),
            "agree_now": sum(now[key] == judged[key].class_name for key in there),
            "changed": changed[:_MOST_CHANGES],
        }
    )


@router.get("/{name}/export", summary="The current labels as a file")
def export(place: Place, name: Name, format: Annotated[str, Query(pattern=FORMATS)] = "csv") -> Response:
    """CSV, Parquet or VOTable, one row an object."""
    judgements, _ = place.judgements(name)
    table = judgements.table()
    return as_file(table.schema, [table], f"labels-{name}", format)


@router.post("/{name}/import", status_code=201, response_model=Taken, summary="Bring labels in from a file")
def bring_in(
    place: Place,
    name: Name,
    content: Annotated[bytes, Body(media_type="application/octet-stream", description="The file.")],
    format: Annotated[str, Query(pattern=FORMATS)] = "csv",
) -> Response:
    """Each row with an `object_id` becomes a label of now; times and names in the file are not taken over."""
    rows = _rows_in(content, format)
    labels = []
    for number, row in enumerate(rows, 1):
        try:
            labels.append(of_row({**row, "object_id": str(row.get("object_id") or ""), "withdrawn": None}))
        except (InputError, TypeError, ValueError) as error:
            raise InputError(f"row {number} of the file: {error}; nothing was brought in") from error
    place.judge(name, labels)
    return PlainResponse({"count": len(labels)}, 201)


def _rows_in(content: bytes, format: str) -> list[dict[str, Any]]:
    try:
        if format == "csv":
            texts = {"object_id": pa.string(), "tags": pa.string(), "comment": pa.string(), "person": pa.string()}
            options = pa.csv.ConvertOptions(column_types=texts, strings_can_be_null=True)
            table = pa.csv.read_csv(io.BytesIO(content), convert_options=options)
        elif format == "parquet":
            table = pq.read_table(pa.BufferReader(content))
        else:
            table = _votable(content)
    except (pa.ArrowException, OSError, ValueError, TypeError, KeyError) as error:
        raise InputError(f"the file is no {format} of labels: {str(error)[:200]}") from error
    if "object_id" not in table.column_names:
        raise InputError("the file has no column object_id")
    if table.num_rows > _MOST_IMPORTED:
        raise InputError(f"the file has {table.num_rows:,} rows; at most {_MOST_IMPORTED:,} are taken")
    found: list[dict[str, Any]] = table.to_pylist()
    return found


def _votable(content: bytes) -> pa.Table:
    from astropy.io.votable import parse_single_table

    found = parse_single_table(io.BytesIO(content)).to_table(use_names_over_ids=True)
    columns = {}
    for name in found.colnames:
        column = found[name]
        missing = np_mask(column)
        columns[name] = [None if gone else _python(value) for value, gone in zip(column, missing, strict=True)]
    return pa.table({name: pa.array(values) for name, values in columns.items()})


def np_mask(column: Any) -> list[bool]:
    """Which values of an astropy column are masked."""
    mask = getattr(column, "mask", None)
    return [False] * len(column) if mask is None else list(mask)


def _python(value: Any) -> Any:
    found = value.item() if hasattr(value, "item") else value
    return found.decode() if isinstance(found, bytes) else found
