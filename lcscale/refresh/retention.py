"""How long versions of a pipeline's catalogs are kept."""

from __future__ import annotations

import time

from lcscale.lake import Lake
from lcscale.lake.history import prune
from lcscale.refresh.entries import Declared, Entry


def remove_old(entry: Entry, declared: Declared, lake: Lake) -> list[str]:
    """Remove versions of an entry that the file lets go; returns their names.

    Versions older than the current one go, but for the last `keep` and those that were current within the last
    `keep_days`; where the file names neither, all stay. A version that the current one of another catalog was made from
    stays.
    """
    told = {**declared.retention, **{key: entry.values[key] for key in ("keep", "keep_days") if key in entry.values}}
    if not told or entry.section == "tables" or not entry.kind.writes or entry.name not in lake:
        return []
    told_at = lake.publications(entry.name)
    since = time.time() - 86_400.0 * told.get("keep_days", 0.0)
    ends = [*(each.at for each in told_at[1:]), float("inf")]
    recent = {each.version for each, end in zip(told_at, ends, strict=True) if end > since}
    older = [version for version in lake.versions(entry.name) if version not in recent]
    if len(older) <= int(told.get("keep", 0)):
        return []
    return prune(lake.root / entry.name, int(told.get("keep", 0)), frozenset({*recent, *lake.named_by(entry.name)}))
