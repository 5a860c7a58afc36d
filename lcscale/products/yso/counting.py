"""`count_candidates`: how many sources are of which class, and what was wrong with measurements."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow.compute as pc

from lcscale.lake import Catalog
from lcscale.products.yso.columns import OF_YSO
from lcscale.products.yso.photometry import PROBLEMS, count_problems

SURE = 0.9
"""Probability from which on a source counts as a candidate, as published counts have it."""


@dataclass(frozen=True)
class CandidateCounts:
    """Numbers of sources."""

    classes: Mapping[str, int]
    """By class; ``no class`` last, where there are such."""
    sure: int
    """With a probability of a YSO of at least `SURE`."""
    known: int
    """Of these, those that a catalog of known young stars has."""
    problems: Mapping[str, int]
    """Measurements that were not taken, by what was wrong."""


def count_candidates(catalog: Catalog) -> CandidateCounts:
    """Count what `yso_candidates` wrote, one partition at a time."""
    wanted = [name for name in ("class", OF_YSO.name, "known_yso", PROBLEMS) if name in catalog.column_names]
    classes: Counter[str] = Counter()
    problems: Counter[str] = Counter()
    sure = known = 0
    for table in catalog.columns(*wanted).to_batches():
        classes.update(name or "no class" for name in table.column("class").to_pylist())
        problems.update(count_problems(table.column(PROBLEMS)))
        certain = table.filter(pc.greater_equal(table.column(OF_YSO.name), SURE))
        sure += certain.num_rows
        known += certain.num_rows - certain.column("known_yso").null_count if "known_yso" in wanted else 0
    ordered = sorted(classes.items(), key=lambda item: (item[0] == "no class", -item[1]))
    return CandidateCounts(dict(ordered), sure, known, dict(problems.most_common()))
