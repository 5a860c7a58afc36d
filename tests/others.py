"""HATS catalogs as other tools write them: what is in their folders is rewritten file by file."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

Rewrite = Callable[[pa.Table, int], pa.Table]


def copied(catalog, place: Path) -> Path:
    """The catalog's folder copied to `place`, without what only this package writes."""
    shutil.copytree(catalog.source.url, place)
    shutil.rmtree(place / "ledger", ignore_errors=True)
    (place / "leaves.parquet").unlink(missing_ok=True)
    return place


def leaves_of(folder: Path) -> list[Path]:
    return sorted(folder.glob("dataset/Norder=*/Dir=*/Npix=*.parquet"))


def rewrite(folder: Path, change: Rewrite, *, schema: bool = True, **options) -> None:
    """Write every leaf anew as `change` gives it for the leaf's number; the metadata too, if `schema`."""
    tables = [change(pq.read_table(leaf, partitioning=None), n) for n, leaf in enumerate(leaves_of(folder))]
    for leaf, table in zip(leaves_of(folder), tables, strict=True):
        pq.write_table(table, leaf, **options)
    if schema:
        pq.write_metadata(tables[0].schema, folder / "dataset" / "_common_metadata")
        (folder / "dataset" / "_metadata").unlink(missing_ok=True)


def state(folder: Path, **properties: str | None) -> None:
    """Set entries of ``hats.properties`` (None: remove them)."""
    for name in ("hats.properties", "properties"):
        lines = (folder / name).read_text().splitlines()
        kept = [line for line in lines if line.partition("=")[0] not in properties]
        kept += [f"{key}={value}" for key, value in properties.items() if value is not None]
        (folder / name).write_text("\n".join(kept) + "\n")


def into_folders(folder: Path, parts: int, cut: Callable[[pa.Table, int, int], pa.Table]) -> None:
    """Make every leaf a folder of `parts` files; `cut` gives the rows of one of them."""
    for leaf in leaves_of(folder):
        table = pq.read_table(leaf, partitioning=None)
        leaf.unlink()
        leaf.with_suffix("").mkdir()
        (leaf.with_suffix("") / "_SUCCESS").write_text("")
        for n in range(parts):
            pq.write_table(cut(table, n, parts), leaf.with_suffix("") / f"part-{n}.parquet", row_group_size=7)
    state(folder, hats_npix_suffix="/")
