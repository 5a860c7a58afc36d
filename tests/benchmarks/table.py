"""Turn pytest-benchmark's JSON into docs/benchmarks.md: groups with the peer in the same run, ratios to the fastest.

Run as `python tests/benchmarks/table.py RESULTS.json docs/benchmarks.md` (make bench does).
"""

from __future__ import annotations

import importlib.metadata
import json
import platform
import sys
from pathlib import Path
from typing import Any

GPU = "\n## A GPU beside two cores"
LIBRARIES = ("lcscale", "numpy", "numba", "pyarrow", "torch", "hats", "lsdb", "hats-import", "nifty-ls", "light-curve")


def table(results: dict[str, Any]) -> str:
    """The page as Markdown."""
    machine = results["machine_info"]["cpu"]
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in LIBRARIES)
    lines = [
        "# Benchmarks",
        "",
        "Written by `make bench`; each group ran with its peers in the same run. The ratio is to the fastest row",
        "of the group: a peer at 5.0 takes five times as long.",
        "",
        f"{machine.get('brand_raw', platform.processor())}, {machine.get('count')} cores, Python "
        f"{platform.python_version()}; {results['datetime'][:10]}; {versions}.",
    ]
    groups: dict[str, list[dict[str, Any]]] = {}
    for benchmark in results["benchmarks"]:
        groups.setdefault(benchmark["group"] or "others", []).append(benchmark)
    for group, rows in groups.items():
        rows.sort(key=lambda row: row["stats"]["median"])
        fastest = rows[0]["stats"]["median"]
        lines += ["", f"## {group}", "", "| | median | ratio | rounds | remarks |", "|---|---:|---:|---:|---|"]
        lines += [
            f"| {_name(row)} | {_seconds(row['stats']['median'])} | {row['stats']['median'] / fastest:.2f} "
            f"| {row['stats']['rounds']} | {_remarks(row)} |"
            for row in rows
        ]
    return "\n".join([*lines, ""])


def _name(row: dict[str, Any]) -> str:
    return str(row["name"]).removeprefix("test_").replace("_", " ")


def _remarks(row: dict[str, Any]) -> str:
    return ", ".join(f"{key} {value}" for key, value in row["extra_info"].items())


def _seconds(value: float) -> str:
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if value >= size:
            return f"{value / size:.3g} {unit}"
    return f"{value / 1e-9:.3g} ns"


if __name__ == "__main__":
    page = Path(sys.argv[2])
    earlier = page.read_text() if page.exists() else ""
    of_gpu = earlier[earlier.index(GPU) :] if GPU in earlier else ""  # make gpu wrote it
    page.write_text(table(json.loads(Path(sys.argv[1]).read_text())) + of_gpu)
