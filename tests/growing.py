"""A small pipeline of release files that grow: two catalogs, and four entries made from them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from lcscale.refresh import Pipeline

PIPELINE = """
lake = "lake"

[catalogs.pairs]
crossmatch = ["left", "right"]
radius_arcsec = 900.0

[catalogs.left]
ingest = "table"
files = ["left/*.parquet"]
id = "object_id"
partition_rows = 60

[catalogs.right]
ingest = "table"
files = "right/*.parquet"
partition_rows = 60

[catalogs.bright]
select = "left"
where = "mag < 15"
columns = ["object_id", "mag"]

[catalogs.joined]
join = ["pairs", "bright"]
on = "object_id"

[tables.counts]
alerts = "left"
by = ["year", ["year", "class"]]
time = "time"
definitions = { right = "right", own = { labels = ["YSO"] } }
"""
NAMES = ("left", "right", "pairs", "bright", "joined")


def add(folder: Path, side: str, number: int, n: int, rng: np.random.Generator) -> Path:
    """A further release file of `side`, with `n` objects: all over the sky the first, near one place the others."""
    if number:
        ra, dec = (rng.uniform(0, 360) + rng.normal(0, 0.01, n)) % 360, rng.uniform(-80, 80) + rng.normal(0, 0.01, n)
    else:
        ra, dec = rng.uniform(0, 360, n), np.degrees(np.arcsin(rng.uniform(-1, 1, n)))
    columns = {"object_id": [f"{side}{number}-{k}" for k in range(n)], "ra": ra, "dec": dec}
    columns |= {"mag": rng.normal(15, 2, n), "time": rng.uniform(57000, 59000, n)}
    columns |= {"label": rng.choice(["YSO", "SN"], n)}
    path = folder / side / f"{number}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), path)
    return path


def survey(folder: Path, n: int = 300, seed: int = 0) -> Path:
    """The folder of a pipeline, with its first release files; gives the path of its file."""
    rng = np.random.default_rng(seed)
    for side in ("left", "right"):
        add(folder, side, 0, n, rng)
    path = folder / "pipeline.toml"
    path.write_text(PIPELINE)
    return path


def content(pipeline: Pipeline, names: Sequence[str] = NAMES) -> dict[str, pa.Table]:
    """All rows of all catalogs and of the table, in an order that no history changes."""
    found = {name: pipeline.lake[name].to_arrow().sort_by([("object_id", "ascending")]) for name in names}
    counts = pipeline.lake.table("counts").drop_columns(["alerts_version", "yso_version"])
    return {**found, "counts": counts.replace_schema_metadata(None)}
