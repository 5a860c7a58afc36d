"""Tables without a position: ``tables/<name>/<version>/*.parquet`` and a small file that names the version."""

from __future__ import annotations

import hashlib
import io

import pyarrow as pa
import pyarrow.parquet as pq
from upath import UPath

from lcscale.errors import InputError
from lcscale.lake.storage import replace_file, stamp, writing

TABLES = "tables"
_CURRENT = "current"


def table_names(root: UPath) -> list[str]:
    """Names of the published tables, sorted."""
    folder = root / TABLES
    if not folder.exists():
        return []
    return sorted(child.name for child in folder.iterdir() if (child / _CURRENT).exists())


def read_table(root: UPath, name: str) -> pa.Table:
    """The current version of the table `name`."""
    entry = root / TABLES / name
    if not (entry / _CURRENT).exists():
        known = ", ".join(table_names(root)) or "none yet"
        raise InputError(f"no table {name!r} in the lake at {root}; there are: {known}")
    version = (entry / _CURRENT).read_text().strip()
    parts = []
    for path in sorted((entry / version).glob("*.parquet"), key=str):
        file = pq.ParquetFile(pa.BufferReader(path.read_bytes()))  # read_table's threads may outlive a short program
        parts.append(file.read(use_threads=False))
    return pa.concat_tables(parts)


def write_table(root: UPath, name: str, table: pa.Table) -> str:
    """Publish `table`: the same content is the same version, and publishing it again changes nothing."""
    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="zstd", compression_level=3)
    version = f"v-{hashlib.blake2b(buffer.getvalue(), digest_size=6).hexdigest()}"
    entry = root / TABLES / name
    with writing(root):
        (entry / version).mkdir(parents=True, exist_ok=True)
        replace_file(entry / version / "part-0.parquet", buffer.getvalue(), stamp(entry / version / "part-0.parquet"))
        replace_file(entry / _CURRENT, f"{version}\n".encode(), stamp(entry / _CURRENT))
    return version
