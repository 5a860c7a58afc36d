"""All features, family by family."""

from __future__ import annotations

from lcscale.features import fourier, moments, morphology, trends, variability
from lcscale.features.declaration import Family, Feature

FAMILIES: tuple[Family, ...] = (
    moments.FAMILY,
    variability.FAMILY,
    morphology.FAMILY,
    trends.FAMILY,
    fourier.FAMILY,
)
"""Families in the order of their columns."""

PERIOD = Feature(
    "period", "day", "period the periodic features are folded with: given, or found by lcscale.periods.find"
)

FEATURES: dict[str, Feature] = {
    feature.name: feature for feature in (*(f for family in FAMILIES for f in family.features), PERIOD)
}
"""Every feature by name."""

NAMES: tuple[str, ...] = tuple(FEATURES)
"""Names of all features."""
