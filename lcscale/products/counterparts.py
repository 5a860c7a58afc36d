"""Alerts joined with the nearest source of each catalog of young stellar objects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa

from lcscale.crossmatch import MatchOptions
from lcscale.lake import Catalog
from lcscale.products.definitions import Definition, Near, as_definitions

_ADDED = "separation_arcsec"


def separation_column(definition: str) -> str:
    """Column with the distance of an alert to the nearest source of a definition, arcsec; null where none is near."""
    return f"separation_{definition}_arcsec"


@dataclass(frozen=True)
class KeepSeparation:
    """Step behind a crossmatch: the left columns and the separation under a name of its own."""

    left: tuple[str, ...]
    name: str
    rowwise = True
    version = 1

    @property
    def columns(self) -> tuple[str, ...]:
        """What it keeps."""
        return (*self.left, _ADDED)

    def schema(self, input_schema: pa.Schema) -> pa.Schema:
        """The left fields and the separation."""
        kept = [input_schema.field(name) for name in self.left]
        return pa.schema([*kept, input_schema.field(_ADDED).with_name(self.name)], input_schema.metadata)

    def fingerprint(self) -> str:
        """Its parameters and version."""
        return f"{self!r} v{self.version}"

    def __call__(self, table: pa.Table) -> pa.Table:
        """The table with the separation renamed and without the columns of the right-hand catalog."""
        return table.select([*self.left, _ADDED]).rename_columns([*self.left, self.name])


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
        The alerts' columns and ``separation_<definition>_arcsec``, null where no source is within the radius.
    """
    matched = alerts
    MatchOptions(radius_arcsec)
    for name, definition in as_definitions(yso).items():
        if isinstance(definition, Near):
            column = separation_column(name)
            left = tuple(each for each in matched.column_names if each not in (_ADDED, column))
            matched = matched.columns(*left).crossmatch(definition.sources(), radius_arcsec=radius_arcsec, how="left")
            matched = matched.map(KeepSeparation(left, column))
    return matched
