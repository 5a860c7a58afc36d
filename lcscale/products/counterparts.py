"""Alerts joined with the nearest source of each catalog of young stellar objects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa

from lcscale.crossmatch import MatchOptions
from lcscale.crossmatch.naming import SEPARATION
from lcscale.lake import HEALPIX_COLUMN, Catalog
from lcscale.products.definitions import Definition, Near, as_definitions
from lcscale.steps import Declared
from lcscale.vocabulary import Column

OF_DEFINITION = Column(
    "separation_<definition>_arcsec",
    pa.float64(),
    "arcsec",
    "pos.angDistance",
    "Distance to the nearest source of that catalog; null where none is within the radius.",
    "lcscale.products",
    unmarked=True,
)


def separation_column(definition: str) -> str:
    """Column with the distance of an alert to the nearest source of a definition, arcsec; null where none is near."""
    return OF_DEFINITION.of(definition).name


@dataclass(frozen=True)
class KeepMatch(Declared):
    """Step behind a crossmatch: the left columns, and what is kept of the match under names of its own."""

    left: tuple[str, ...]
    renamed: tuple[tuple[str, str], ...]
    """Pairs of (name behind the crossmatch, name in the result)."""
    version = 1

    @property
    def columns(self) -> tuple[str, ...]:
        """What it keeps."""
        return (*self.left, *(old for old, _ in self.renamed))

    def schema(self, input_schema: pa.Schema) -> pa.Schema:
        """The left fields and the renamed ones."""
        kept = [input_schema.field(name) for name in self.left]
        kept += [
            OF_DEFINITION.named(new).field if old == SEPARATION.name else input_schema.field(old).with_name(new)
            for old, new in self.renamed
        ]
        return pa.schema(kept, input_schema.metadata)

    def __call__(self, table: pa.Table) -> pa.Table:
        """The table's columns that are kept."""
        return pa.Table.from_arrays(table.select(self.columns).columns, schema=self.schema(table.schema))


def match_alerts(
    alerts: Catalog, yso: Catalog | Mapping[str, Catalog | Definition], *, radius_arcsec: float = 2.0
) -> Catalog:
    """All alerts, with the separation to the nearest source of every definition that is a catalog; lazy.

    Parameters
    ----------
    alerts
        Catalog of alerts.
    yso
        A catalog of young stellar objects, or definitions by name: catalogs, `Near`, `OfClass` (which adds nothing).
    radius_arcsec
        Sources farther away do not count.

    Returns
    -------
    Catalog
        The alerts' columns, ``separation_<definition>_arcsec``, null where no source is within the radius, and
        ``<definition>_<column>`` for the columns that a `Near` keeps.
    """
    MatchOptions(radius_arcsec)
    matched = alerts
    for name, definition in as_definitions(yso).items():
        if isinstance(definition, Near):
            matched = _matched(matched, name, definition, radius_arcsec)
    return matched


def _matched(alerts: Catalog, name: str, definition: Near, radius_arcsec: float) -> Catalog:
    """The alerts with the nearest source of one definition."""
    separation = separation_column(name)
    new = {column: f"{name}_{column}" for column in definition.keep}
    left = [each for each in alerts.column_names if each not in (SEPARATION.name, separation, *new.values())]
    right = definition.sources(*definition.keep)
    joined = alerts.columns(*left).crossmatch(right, radius_arcsec=radius_arcsec, how="left")
    theirs = [column for column in right.column_names if column != HEALPIX_COLUMN]
    places = dict(zip(theirs, joined.column_names[len(left) :], strict=False))
    renamed = [(places[column], title) for column, title in new.items()] + [(SEPARATION.name, separation)]
    return joined.map(KeepMatch(tuple(left), tuple(renamed)))
