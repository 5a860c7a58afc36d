"""What people say of objects: append-only labels in a lake, superseded and never overwritten."""

from __future__ import annotations

import json
import math
import os
import re
import threading
import time
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
from upath import UPath

from lcscale.engine.disk import make_folder, sync
from lcscale.errors import InputError
from lcscale.lake.storage import children, content_of, is_local, writing
from lcscale.models.labels.taxonomy import classes as taxonomy

LABELS = "labels"
"""Folder of a lake with the labels, a folder a name."""
MOST_TAGS, LONGEST_TAG, LONGEST_COMMENT, LONGEST_NAME = 16, 40, 2000, 200
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")

SCHEMA = pa.schema(
    [
        pa.field("object_id", pa.string(), nullable=False, metadata={"ucd": "meta.id;meta.main"}),
        pa.field("ra", pa.float64(), metadata={"unit": "deg", "ucd": "pos.eq.ra"}),
        pa.field("dec", pa.float64(), metadata={"unit": "deg", "ucd": "pos.eq.dec"}),
        pa.field("class", pa.string(), metadata={"ucd": "src.class", "description": "Class of the taxonomy."}),
        pa.field("sure", pa.bool_(), metadata={"description": "Whether the person was sure."}),
        pa.field("period", pa.float64(), metadata={"unit": "d", "ucd": "time.period;src.var"}),
        pa.field("tags", pa.string(), metadata={"description": "Separated by commas."}),
        pa.field("comment", pa.string(), metadata={"ucd": "meta.note"}),
        pa.field("person", pa.string(), metadata={"ucd": "meta.id;meta.curation"}),
        pa.field("time", pa.string(), nullable=False, metadata={"description": "When, UTC."}),
        pa.field("catalog", pa.string(), metadata={"description": "Catalog and version that was looked at."}),
        pa.field("class_given", pa.string(), metadata={"description": "What the classifier had said."}),
        pa.field("label_id", pa.string(), nullable=False, metadata={"ucd": "meta.id"}),
        pa.field("withdrawn", pa.string(), metadata={"description": "Label that this one takes back, if any."}),
    ]
)
"""A row a label, in the order of their arrival."""


@dataclass(frozen=True)
class Label:
    """What a person says of an object."""

    object_id: str
    """As the catalog names it."""
    class_name: str | None = None
    """Class of the taxonomy; None: nothing is said of it."""
    sure: bool = True
    """Whether the person is sure."""
    period: float | None = None
    """Days."""
    tags: tuple[str, ...] = ()
    """Short words."""
    comment: str = ""
    """Anything."""
    person: str = ""
    """Who."""
    ra: float | None = None
    """Degrees."""
    dec: float | None = None
    """Degrees."""
    catalog: str = ""
    """Catalog and version that was looked at."""
    class_given: str | None = None
    """Class that stood there."""
    time: str = ""
    """When it arrived, UTC."""
    label_id: str = ""
    """Names the label."""
    withdrawn: str | None = None
    """Label that this one takes back; nothing else in it counts then."""

    def __post_init__(self) -> None:
        if not 0 < len(self.object_id) <= LONGEST_NAME:
            raise InputError(f"a label names an object with 1 to {LONGEST_NAME} characters")
        if self.class_name is not None and self.class_name not in taxonomy():
            raise InputError(f"no class {self.class_name[:60]!r} in the taxonomy; there are {', '.join(taxonomy())}")
        if self.period is not None and not (math.isfinite(self.period) and self.period > 0):
            raise InputError(f"a period is above 0 days, not {self.period}")
        if len(self.tags) > MOST_TAGS or any(not 0 < len(tag) <= LONGEST_TAG or "," in tag for tag in self.tags):
            raise InputError(f"a label has at most {MOST_TAGS} tags of 1 to {LONGEST_TAG} characters without commas")
        for name, most in (("comment", LONGEST_COMMENT), ("person", LONGEST_NAME), ("catalog", LONGEST_NAME)):
            if len(getattr(self, name)) > most:
                raise InputError(f"{name} has more than {most} characters")
        try:
            "".join(
                (self.object_id, self.comment, self.person, self.catalog, self.class_given or "", *self.tags)
            ).encode()
        except UnicodeEncodeError as error:
            raise InputError(f"a label holds text, not half a character: {error.reason}") from error
        for name in ("ra", "dec"):
            value = getattr(self, name)
            if value is not None and not math.isfinite(value):
                raise InputError(f"{name} is {value}")

    def row(self) -> dict[str, Any]:
        """The label as a row of `SCHEMA`."""
        found = asdict(self)
        found["class"] = found.pop("class_name")
        found["tags"] = ",".join(self.tags)
        return found


def of_row(row: dict[str, Any]) -> Label:
    """The label that `row` of `SCHEMA` holds; what it lacks is empty."""
    known = {each.name for each in fields(Label)}
    given = {name: value for name, value in row.items() if name in known and value is not None}
    given["tags"] = tuple(tag for tag in str(row.get("tags") or "").split(",") if tag)
    given["class_name"] = row.get("class") or None
    return Label(**given)


def check_label_name(name: str) -> str:
    """`name`, where labels may be called so."""
    if not _NAME.fullmatch(name):
        raise InputError(f"labels are called by letters, digits, - and _ (at most 64), not {name[:80]!r}")
    return name


class Judgements:
    """The labels of one name in a lake: files of JSON lines that only grow.

    A label is on the disk when `add` returns. Each process writes a file of its own, so that several may judge at a
    time; on object stores each call of `add` writes one file.

    Parameters
    ----------
    root
        Of the lake.
    name
        Of the labels.
    """

    def __init__(self, root: UPath, name: str) -> None:
        self.name = check_label_name(name)
        self.folder = root / LABELS / self.name
        self._lock = threading.Lock()
        self._descriptor: int | None = None
        self._size = 0

    def add(self, labels: Sequence[Label]) -> list[Label]:
        """Append `labels`; gives them with their names and times.

        Raises
        ------
        StorageError
            The lake takes no more, or is read-only: nothing was confirmed.
        """
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        named = [replace(label, time=now, label_id=uuid.uuid4().hex) for label in labels]
        lines = "".join(json.dumps(label.row(), separators=(",", ":")) + "\n" for label in named).encode()
        with self._lock, writing(self.folder):
            if is_local(self.folder):
                self._append(lines)
            else:
                (self.folder / _file_name()).write_bytes(lines)
        return named

    def _append(self, lines: bytes) -> None:
        if self._descriptor is None:
            make_folder(self.folder.path)
            path = os.path.join(self.folder.path, _file_name())
            self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o644)
            sync(self.folder.path)
        try:
            written = 0
            while written < len(lines):
                written += os.write(self._descriptor, lines[written:])
            os.fsync(self._descriptor)
        except OSError:
            os.ftruncate(self._descriptor, self._size)  # a part of a line must not stand before the next
            raise
        self._size += len(lines)

    def close(self) -> None:
        """Close the file of this process."""
        with self._lock:
            if self._descriptor is not None:
                os.close(self._descriptor)
                self._descriptor = None

    def entries(self) -> list[Label]:
        """Everything that was ever said, in the order of arrival."""
        found = [label for path in sorted(children(self.folder), key=str) for label in _labels_in(path)]
        return sorted(found, key=lambda label: label.time)

    def current(self) -> dict[str, Label]:
        """The last label of each object that was not taken back, by object."""
        return current_of(self.entries())

    def table(self) -> pa.Table:
        """The current labels, one row an object, as `SCHEMA`."""
        return pa.Table.from_pylist([label.row() for label in self.current().values()], schema=SCHEMA)


def current_of(entries: Iterable[Label]) -> dict[str, Label]:
    """The last of `entries` (in order of arrival) of each object that none of them takes back."""
    every = list(entries)
    gone = {label.withdrawn for label in every if label.withdrawn}
    found: dict[str, Label] = {}
    for label in every:
        if label.withdrawn is None and label.label_id not in gone:
            found.pop(label.object_id, None)
            found[label.object_id] = label
    return found


def label_names(root: UPath) -> list[str]:
    """Names of the labels of a lake, sorted."""
    return sorted(path.name for path in children(root / LABELS) if _NAME.fullmatch(path.name))


def _file_name() -> str:
    return f"{time.time_ns():020d}-{uuid.uuid4().hex[:8]}.jsonl"


def _labels_in(path: UPath) -> Iterator[Label]:
    """The labels in a file; a line that a crash has torn is not one."""
    for line in (content_of(path) or b"").splitlines() if path.name.endswith(".jsonl") else ():
        try:
            row = json.loads(line)
            yield of_row(row)
        except (json.JSONDecodeError, UnicodeDecodeError, TypeError, InputError):
            continue
