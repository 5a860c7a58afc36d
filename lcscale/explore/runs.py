"""What ran: figures of the catalogs' versions, from their ledgers and properties."""

from __future__ import annotations

from dataclasses import dataclass

from lcscale.engine import Ledger
from lcscale.lake import Catalog


@dataclass(frozen=True)
class Run:
    """How a version of a catalog was made."""

    name: str
    """Name of the catalog."""
    version: str
    """Its version."""
    rows: int
    """Rows it has."""
    partitions: int
    """Leaves it has."""
    tasks: int
    """Tasks that made it; 0 for catalogs of others, which have no ledger."""
    set_aside: int
    """Tasks that failed and have not succeeded since."""
    seconds: float
    """Working time of its tasks, summed over workers."""
    stages: dict[str, float]
    """Seconds of the tasks' stages."""
    bytes: int
    """Size of the leaves it wrote."""
    created: str
    """When it was made."""
    builder: str
    """What made it."""

    @property
    def rate(self) -> float | None:
        """Rows in a second of one worker."""
        return self.rows / self.seconds if self.seconds > 0 else None


def run_of(catalog: Catalog) -> Run:
    """Figures of the version that `catalog` reads."""
    ledger = Ledger(catalog.source.folder / "ledger")
    seconds: dict[str, float] = {}
    results = {}
    for entry in ledger.entries():
        if entry["error"] is None:
            seconds[entry["key"]] = float(entry["seconds"])
            results[entry["key"]] = entry["result"]
    stages: dict[str, float] = {}
    for result in results.values():
        for stage, spent in result.get("stages", {}).items():
            stages[stage] = stages.get(stage, 0.0) + float(spent)
    properties = dict(catalog.source.properties)
    return Run(
        name=catalog.name,
        version=catalog.source.version,
        rows=catalog.source.rows,
        partitions=len(catalog.source.leaves),
        tasks=len(results),
        set_aside=len(ledger.set_aside()),
        seconds=sum(seconds.values()),
        stages=stages,
        bytes=sum(
            int(result.get("bytes", 0)) for result in results.values() if "pixel" in result and "merged" not in result
        ),
        created=properties.get("hats_creation_date", ""),
        builder=properties.get("hats_builder", ""),
    )
