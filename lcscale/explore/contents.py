"""What is in a lake, told from the columns: light curves, candidates, matched catalogs, alert statistics."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import pyarrow as pa

from lcscale.crossmatch.naming import AGAIN, SEPARATION
from lcscale.lake import Catalog, Lake
from lcscale.lightcurves import LightCurveFields
from lcscale.models.heads.columns import CLASS, PROBABILITY

STATISTICS_COLUMNS = ("n_alerts", "n_yso", "percentage", "low", "high", "definition")
"""What makes a plain table one of alert statistics."""


@dataclass(frozen=True)
class Contents:
    """The catalogs and tables of a lake; a catalog may be of several kinds, or of none."""

    catalogs: tuple[Catalog, ...]
    """All, by name."""
    statistics: Mapping[str, pa.Table]
    """Tables of alert statistics by name."""
    broken: Mapping[str, str] = field(default_factory=dict)
    """What cannot be read, by name, and why."""

    @property
    def light_curves(self) -> tuple[Catalog, ...]:
        """Those with light curves."""
        return self._with(lambda schema: "lightcurve" in schema.names)

    def light_curves_of(self, catalog: Catalog, fields: LightCurveFields | None = None) -> tuple[Catalog, ...]:
        """What the rows of `catalog` were made from; all that there are where it does not tell (lcscale 0.1)."""
        return (catalog.light_curves(fields),) if catalog.inputs else self.light_curves

    @property
    def candidates(self) -> tuple[Catalog, ...]:
        """Those with a class and probabilities."""
        return self._with(lambda schema: CLASS.name in schema.names and bool(classes_of(schema)))

    @property
    def matched(self) -> tuple[Catalog, ...]:
        """Those with separations."""
        return self._with(lambda schema: bool(separations_of(schema)))

    def _with(self, wanted: Callable[[pa.Schema], bool]) -> tuple[Catalog, ...]:
        return tuple(catalog for catalog in self.catalogs if wanted(catalog.schema))


def contents_of(lake: Lake) -> Contents:
    """Look at every catalog and table of the lake; only their metadata are read."""
    tables, broken_tables = lake.readable_tables()
    catalogs, broken = lake.readable()
    statistics = {name: table for name, table in tables.items() if set(STATISTICS_COLUMNS) <= set(table.column_names)}
    return Contents(tuple(catalogs), statistics, broken | broken_tables)


def classes_of(schema: pa.Schema) -> tuple[str, ...]:
    """Classes with a column of probabilities, of our models or of others who name no maker, in their order."""
    if made := tuple(replace(PROBABILITY, unmarked=True).found(schema)):
        return made
    from lcscale.products.yso import CLASSES  # which the page of a star of our own models need not wait for
    from lcscale.products.yso import columns as yso

    of_yso = zip(CLASSES, yso.PROBABILITIES, strict=True)
    return tuple(name for name, column in of_yso if column.is_in(schema))


def separations_of(schema: pa.Schema) -> tuple[str, ...]:
    """Columns with separations in arcseconds that matches of ours gave, in their order."""
    from lcscale.products.counterparts import OF_DEFINITION

    found = {name for column in (SEPARATION, AGAIN[0], OF_DEFINITION) for name in column.found(schema).values()}
    return tuple(name for name in schema.names if name in found)
