"""Tables without a position: ``tables/<name>/<version>/*.parquet`` and a small file that names the version."""

from __future__ import annotations

import hashlib
import io

import pyarrow as pa
import pyarrow.parquet as pq
from upath import UPath

from lcscale.engine.disk import make_folder
from lcscale.errors import ConflictError, InputError
from lcscale.lake.storage import children, content_of, is_local, publishing, replace_file, stamp, writing

TABLES = "tables"
_CURRENT = "current"


def table_names(root: UPath) -> list[str]:
    """Names of the published tables, sorted."""
    folder = root / TABLES
    return sorted(child.name for child in children(folder) if (child / _CURRENT).exists())


def read_table(root: UPath, name: str) -> pa.Table:
    """The current version of the table `name`."""
    entry = root / TABLES / name
    version = _current_version(entry / _CURRENT)
    if version is None:
        known = ", ".join(table_names(root)) or "none yet"
        raise InputError(f"no table {name!r} in the lake at {root}; there are: {known}")
    try:
        parts = []
        for path in sorted((entry / version).glob("*.parquet"), key=str):
            content = pa.BufferReader(path.read_bytes())
            file = pq.ParquetFile(content)  # read_table's threads may outlive a short program
            parts.append(file.read(use_threads=False))
        return pa.concat_tables(parts)
    except (OSError, ValueError) as error:
        raise InputError(
            f"the table {name!r} in the lake at {root} is broken: its version {version} cannot be read ({error}); "
            "write it again"
        ) from error


def write_table(root: UPath, name: str, table: pa.Table, *, replace: bool = False) -> str:
    """Publish `table`: the same content is the same version, and publishing it again changes nothing.

    A table of the same columns is a newer version of the one there; one of others takes its place where `replace`.

    Raises
    ------
    ConflictError
        Where the name holds a table of other columns, and not `replace`; or somebody else published another version
        meanwhile.
    """
    if not replace:
        _check_columns(root, name, table.schema)
    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="zstd", compression_level=3)
    version = f"v-{hashlib.blake2b(buffer.getvalue(), digest_size=6).hexdigest()}"
    entry = root / TABLES / name
    current, part = entry / _CURRENT, entry / version / "part-0.parquet"
    with writing(root):
        seen, base = stamp(current), _current_version(current)
        if is_local(entry):
            make_folder((entry / version).path)
        replace_file(part, buffer.getvalue(), stamp(part))  # who was first there wrote the same
        with publishing(entry):
            now = _current_version(current)
            if now not in (base, version) or not replace_file(current, f"{version}\n".encode(), seen):
                now = _current_version(current)
                if now != version:
                    raise ConflictError(
                        f"table {name!r}: version {now} was published while {version} was written; "
                        "run the same command again to publish it on top"
                    )
    return version


def _check_columns(root: UPath, name: str, planned: pa.Schema) -> None:
    try:
        held = read_table(root, name).schema
    except InputError:  # there is none, or it is broken
        return
    fields = [{(field.name, field.type) for field in schema} for schema in (held, planned)]
    unlike = sorted({name for name, _ in fields[0] ^ fields[1]})
    if unlike:
        raise ConflictError(
            f"the table {name!r} holds another result, which this would replace: it differs in {', '.join(unlike)}. "
            "Say that it may (--replace, in Python replace=True), or choose another name"
        )


def _current_version(path: UPath) -> str | None:
    """The version that the file at `path` names; None where there is no file."""
    content = content_of(path)
    return None if content is None else content.decode().strip()
