"""Pipelines drawn at random, refreshed after random changes on either engine, hold what a fresh computation gives."""

from __future__ import annotations

import numpy as np
import pyarrow.parquet as pq
import pytest
from growing import add

from lcscale.engine import opened
from lcscale.ingest import withdraw
from lcscale.lake import Lake
from lcscale.refresh import Pipeline

QUIET = {"engine": "serial", "progress": False}
INGESTS = """
lake = "lake"
[catalogs.left]
ingest = "table"
files = "left/*.parquet"
id = "object_id"
partition_rows = 40
[catalogs.right]
ingest = "table"
files = "right/*.parquet"
partition_rows = 40
[catalogs.names]
select = "left"
columns = ["object_id"]
"""
CHANGES = ["add left", "add right", "edit", "remove", "withdraw", "option", "another entry"]


def entry(rng, before, name):
    """An entry of a pipeline, made from any of those `before` it."""
    source = rng.choice(before)
    told = {
        "crossmatch": f'crossmatch = ["{source}", "{rng.choice(["left", "right"])}"]\n'
        f"radius_arcsec = {rng.choice([60.0, 900.0, 9000.0])}\nn_neighbors = {rng.choice([0, 1, 2])}\n"
        f'how = "{rng.choice(["inner", "left", "anti"])}"\nsuffix = "_{name}"\n',
        "join": f'join = ["{source}", "names"]\non = "object_id"\nhow = "{rng.choice(["inner", "left"])}"\n',
        "select": f'select = "{source}"\nwhere = "mag < {rng.uniform(13, 18):.2f}"\n',
    }
    return f"[catalogs.{name}]\n{told[rng.choice(list(told))]}"


def drawn(rng, n):
    """Entries by name, in order."""
    entries: dict[str, str] = {}
    for k in range(n):
        entries[f"e{k}"] = entry(rng, ["left", *entries], f"e{k}")
    return entries


def content(pipeline):
    """All rows of every catalog, in an order that no history changes."""
    tables = {each.name: pipeline.lake[each.name].to_arrow() for each in pipeline.entries}
    return {name: table.sort_by([(each, "ascending") for each in table.column_names]) for name, table in tables.items()}


def change(folder, what, number, rng, entries):
    """One change of a release, or of the file; names that are withdrawn."""
    if what.startswith("add"):
        add(folder, what.split()[1], number, 3, rng)
    elif what == "edit":  # another brightness for each object of the first file, of the same names and places
        table = pq.read_table(folder / "left" / "0.parquet")
        brightness = table["mag"].to_numpy() + rng.normal(0, 1, len(table))
        pq.write_table(table.set_column(3, "mag", [brightness]), folder / "left" / "0.parquet")
    elif what == "remove":
        for file in sorted((folder / "right").glob("[1-9].parquet"))[:1]:
            file.unlink()
    elif what == "option":
        name = rng.choice(list(entries))
        entries[name] = entry(rng, ["left", *(each for each in entries if each < name)], name)
    elif what == "another entry":
        name = f"e{len(entries)}"
        entries[name] = entry(rng, ["left", *entries], name)
    (folder / "pipeline.toml").write_text(INGESTS + "".join(entries.values()))
    return [f"left0-{number}", f"left0-{number + 20}"] if what == "withdraw" else []


@pytest.fixture(scope="module")
def engines():
    with opened("local:1") as dask:
        yield {"serial": "serial", "dask": dask}


@pytest.mark.parametrize("seed", [*range(4), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(4, 60))])
def test_hold_what_a_fresh_computation_gives(tmp_path, engines, seed):
    rng, gone = np.random.default_rng(seed), []
    for side in ("left", "right"):
        add(tmp_path, side, 0, 60, rng)
    entries, path = drawn(rng, 3), tmp_path / "pipeline.toml"
    path.write_text(INGESTS + "".join(entries.values()))
    assert Pipeline.read(path).refresh(**QUIET).exit_status == 0
    for number, what in enumerate(rng.choice(CHANGES, 3), 1):
        if names := change(tmp_path, what, number, rng, entries):
            withdraw(Pipeline.read(path).lake, "left", names, **QUIET)
            gone += names
        engine = engines[rng.choice(list(engines))]
        record = Pipeline.read(path).refresh(engine=engine, progress=False, allow_removal=True)
        assert record.exit_status == 0, [step.text for step in record.steps]
    again = Pipeline.read(path, lake=Lake(tmp_path / "fresh"))
    assert again.refresh(**QUIET).exit_status == 0
    if gone:
        withdraw(again.lake, "left", gone, **QUIET)
        assert again.refresh(**QUIET).exit_status == 0
    fresh, found = content(again), content(Pipeline.read(path))
    for name, table in fresh.items():
        assert found[name].equals(table), (name, path.read_text())
