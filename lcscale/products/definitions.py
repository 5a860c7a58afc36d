"""What counts as a young stellar object among alerts: nearness to a catalog, or the alert's own class."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lcscale.errors import InputError
from lcscale.lake import Catalog, Lake
from lcscale.steps import Declared, Where


@dataclass(frozen=True)
class AtLeast(Declared):
    """Step that keeps the rows in which the column `name` reaches `minimum`."""

    name: str
    minimum: float
    version = 1

    @property
    def columns(self) -> tuple[str, ...]:
        """The column compared."""
        return (self.name,)

    def __call__(self, table: pa.Table) -> pa.Table:
        """The rows that reach the minimum; a null does not."""
        return table.filter(pc.greater_equal(table.column(self.name), self.minimum))


@dataclass(frozen=True)
class Near:
    """Alerts within the radius of a source of a catalog."""

    catalog: Catalog
    """Catalog of young stellar objects or candidates."""
    probability: str | None = None
    """Column of a probability (`prob_YSO`) that the source must reach; None takes every source."""
    at_least: float = 0.9
    """The probability it must reach."""
    keep: tuple[str, ...] = ()
    """Columns of the catalog that `match_alerts` carries along, such as the source's name."""

    def sources(self, *columns: str) -> Catalog:
        """The sources that count: positions and `columns`."""
        if self.probability is None:
            return self.catalog.columns(*columns)
        chosen = self.catalog.columns(self.probability, *columns).map(AtLeast(self.probability, self.at_least))
        return chosen.columns(*columns)

    def meaning(self, radius_arcsec: float) -> str:
        """In words, as it stands in the table."""
        limit = "" if self.probability is None else f" with {self.probability} >= {self.at_least:g}"
        chosen = [str(step.condition) for step in self.catalog.steps if isinstance(step, Where)]
        rows = (
            f" where {' and '.join(f'({each})' for each in chosen) if len(chosen) > 1 else chosen[0]}" if chosen else ""
        )
        return f"within {radius_arcsec:g} arcsec of a source of {self.catalog.name}{rows}{limit}"

    @property
    def source_version(self) -> str:
        """The catalog and its version."""
        return catalog_version(self.catalog)


@dataclass(frozen=True)
class OfClass:
    """Alerts that the survey itself gave one of these classes."""

    labels: tuple[str, ...] = ("YSO",)
    """Classes as the survey spells them."""
    column: str = "label"
    """The column with the class."""

    def meaning(self, radius_arcsec: float) -> str:
        """In words, as it stands in the table."""
        return f"classed {' or '.join(self.labels)} by the survey"

    @property
    def source_version(self) -> None:
        """No catalog is behind it."""
        return


Definition = Near | OfClass


def as_definitions(yso: Catalog | Mapping[str, Catalog | Definition]) -> dict[str, Definition]:
    """Definitions by name; a catalog means `Near` it, and a single one is called by its own name."""
    given = {yso.name: yso} if isinstance(yso, Catalog) else dict(yso)
    if not given:
        raise InputError("alert statistics need at least one definition of a YSO: a catalog, Near(...) or OfClass(...)")
    definitions: dict[str, Definition] = {}
    for name, value in given.items():
        if not isinstance(value, Catalog | Near | OfClass):
            raise InputError(f"definition {name!r}: expected a catalog, Near(...) or OfClass(...), got {value!r}")
        definitions[name] = Near(value) if isinstance(value, Catalog) else value
    return definitions


def definition_of(given: str | Mapping[str, Any], lake: Lake) -> Definition:
    """The definition that a configuration file gives.

    Parameters
    ----------
    given
        Name of a catalog; or ``catalog``, perhaps with ``where`` (a condition on its rows), ``probability`` and
        ``at_least``; or ``classes`` of the alerts themselves.
    lake
        Where the catalogs are.

    Raises
    ------
    InputError
        It is none of these.
    """
    row = {"catalog": given} if isinstance(given, str) else dict(given)
    if set(row) == {"classes"}:
        return OfClass(tuple(row["classes"]))
    if "catalog" not in row or set(row) - {"catalog", "where", "probability", "at_least"}:
        told = "give a catalog, perhaps with where, probability and at_least, or classes"
        raise InputError(f"definition {given!r}: {told}")
    catalog, condition = lake[str(row.pop("catalog"))], row.pop("where", None)
    return Near(catalog if condition is None else catalog.where(str(condition)), **row)


def catalog_version(catalog: Catalog) -> str:
    """Name and version of a catalog, as tables made from it say; a part of it or one with steps says so too."""
    text = f"{catalog.name} {catalog.source.version}"
    if catalog.area is None and not catalog.steps:
        return text
    digest = hashlib.blake2b(catalog.steps_fingerprint().encode(), digest_size=4).hexdigest()
    return f"{text} (selection {digest})"
