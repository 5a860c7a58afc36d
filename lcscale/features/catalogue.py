"""All features, family by family."""

from __future__ import annotations

from lcscale.features import (
    counts,
    distribution,
    flux,
    folded,
    fourier,
    moments,
    morphology,
    multiband,
    outburst,
    pairwise,
    robust,
    sequence,
    shape,
    trends,
    variability,
)
from lcscale.features.declaration import Family, Feature, PairFamily

FAMILIES: tuple[Family, ...] = (
    counts.FAMILY,
    counts.CADENCE_FAMILY,
    moments.FAMILY,
    moments.SCATTER_FAMILY,
    variability.FAMILY,
    sequence.FAMILY,
    morphology.FAMILY,
    robust.FAMILY,
    distribution.FAMILY,
    trends.FAMILY,
    trends.WEIGHTED_FAMILY,
    outburst.FAMILY,
    folded.FAMILY,
    folded.FAMILY_TWICE,
    fourier.FAMILY,
    shape.FAMILY,
    pairwise.FAMILY,
    flux.FAMILY,
)
"""Families of features of one band, in the order of their columns."""

PAIR_FAMILIES: tuple[PairFamily, ...] = (multiband.FAMILY,)
"""Families of features of a further band with the primary one."""

PERIOD = Feature("period", "d", "period the periodic features are folded with: given, or found by lcscale.periods.find")

PAIR_FEATURES: dict[str, Feature] = {feature.name: feature for family in PAIR_FAMILIES for feature in family.features}
"""Features that only further bands have, by name."""

FEATURES: dict[str, Feature] = {
    feature.name: feature for feature in (*(f for family in FAMILIES for f in family.features), PERIOD)
} | PAIR_FEATURES
"""Every feature by name."""

OPTIONAL: tuple[str, ...] = tuple(feature.name for feature in FEATURES.values() if feature.optional)
"""Features made only when asked for by name."""

NAMES: tuple[str, ...] = tuple(name for name in FEATURES if name not in OPTIONAL and name not in PAIR_FEATURES)
"""Names of the features that every light curve gets by default (several bands: `PAIR_FEATURES` too)."""

PERIODIC: frozenset[str] = frozenset(
    {feature.name for family in FAMILIES if family.periodic for feature in family.features}
    | {"period", "amplitude_ratio", "phase_lag"}
)
"""Names of the features that need a period."""
