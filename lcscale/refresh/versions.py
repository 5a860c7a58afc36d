"""The versions of a catalog: when each was published, why, and how much it shares with the one before."""

from __future__ import annotations

from dataclasses import dataclass

from lcscale.ingest.sources import read_sources
from lcscale.ingest.withdrawing import read_withdrawn
from lcscale.lake import Lake, open_catalog
from lcscale.lake.source import Source
from lcscale.refresh.causes import causes


@dataclass(frozen=True)
class Version:
    """One publication of a catalog."""

    version: str
    """Name of the version."""
    date: str
    """When it became the current one, UTC."""
    cause: str
    """What differs from the version before."""
    rows: int = 0
    """Its rows."""
    bytes: int = 0
    """Bytes of its leaves."""
    shared: int = 0
    """How many of these are in leaves that the version before has too."""

    def __str__(self) -> str:
        share = f"{100 * self.shared / self.bytes:.0f} % shared" if self.bytes else "removed"
        return f"{self.date}  {self.version:20s} {self.rows:>12,} rows  {self.bytes:>14,} bytes, {share}: {self.cause}"


def versions_of(lake: Lake, name: str) -> list[Version]:
    """The publications of the catalog `name`, the first one first; those removed since have no rows."""
    lake[name]  # a name that is not there is told
    found, before = [], None
    for each in lake.publications(name):
        folder = lake.root / name / each.version
        if not (folder / "hats.properties").exists():
            found.append(Version(each.version, each.date, "removed since"))
            continue
        source = open_catalog(str(folder), **lake.root.storage_options).source
        sizes, old = _sizes(source), {} if before is None else _sizes(before)
        shared = sum(size for leaf, size in sizes.items() if leaf in old)
        again = any(earlier.version == each.version for earlier in found)
        cause = "used again" if again else _cause(before, source)
        found.append(Version(each.version, each.date, cause, source.rows, sum(sizes.values()), shared))
        before = source
    return found


def _sizes(source: Source) -> dict[tuple[int, int, str], int]:
    """Bytes of the leaves, by what stands for place and content."""
    if source.manifest is None:
        return {}
    table = source.manifest.table
    keys = zip(*(table[name].to_pylist() for name in ("order", "pixel", "digest")), strict=True)
    return dict(zip(keys, table["bytes"].to_pylist(), strict=True))


def _cause(before: Source | None, source: Source) -> str:
    """Why a version is another than the one before."""
    if before is None:
        return "the first"
    old, new = read_sources(before.folder), read_sources(source.folder)
    told = []
    if old.parts or new.parts:
        counts = {"more": len(new.parts - old.parts), "fewer": len(old.parts - new.parts)}
        told = [f"{n} part{'s' * (n > 1)} of the release {word}" for word, n in counts.items() if n]
        told += ["other options"] if old.options != new.options and None not in (old.options, new.options) else []
    gone = len(read_withdrawn(source.folder) or ()) - len(read_withdrawn(before.folder) or ())
    told += [f"{gone:,} name{'s' * (gone > 1)} withdrawn"] if gone > 0 else []
    told += causes(dict(before.properties), dict(source.properties))
    return "; ".join(told) or "other options, or other content of what it is made from"
