"""What the jobs beside this file read, and what they say at their end."""

from __future__ import annotations

import sys

from lcscale import Catalog, Lake, open_catalog
from lcscale.engine import RunRecord


def find_catalog(lake: Lake, name: str) -> Catalog:
    """A catalog of the lake by its name, or any HATS catalog by its URL."""
    return open_catalog(name) if "/" in name else lake[name]


def finish(record: RunRecord) -> int:
    """Say what was done, what was set aside and why nothing was published; returns the exit status."""
    print(record.summary(), *record.notes, sep="\n")
    for entry in record.quarantined:
        print(f"set aside: {entry['label']}: {entry['error']}", file=sys.stderr)
    if record.withheld:
        print(f"{record.name}: {record.withheld}", file=sys.stderr)
    return record.exit_status
