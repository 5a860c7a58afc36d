"""`PastLake`: the catalogs of a lake in the versions that were current together at a time."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from upath import UPath

from lcscale.errors import InputError
from lcscale.lake.catalog import Catalog, open_with
from lcscale.lake.draft import check_name
from lcscale.lake.publications import Publication, publications
from lcscale.lake.storage import children


@dataclass(frozen=True)
class PastLake:
    """See `Lake.at`; only to read from."""

    root: UPath
    """Root of the lake."""
    at: float
    """Unix time."""

    def version(self, name: str) -> str | None:
        """The version of a catalog that was current then; None where there was none."""
        check_name(name)
        before = [each.version for each in publications(self.root / name) if each.at <= self.at]
        return before[-1] if before else None

    def names(self) -> list[str]:
        """Names of the catalogs that were there, sorted."""
        entries = (child.name for child in children(self.root) if (child / "collection.properties").exists())
        return sorted(name for name in entries if self.version(name) is not None)

    def __contains__(self, name: str) -> bool:
        return name in self.names()

    def __getitem__(self, name: str) -> Catalog:
        version = self.version(name)
        if version is None:
            known = ", ".join(self.names()) or "none"
            raise InputError(f"no catalog {name!r} in the lake at {self.root} at {self._date}; there were: {known}")
        folder = self.root / name / version
        if not folder.exists():
            raise InputError(f"{name} was {version} at {self._date}, and {folder} is not there any more")
        return open_with(str(folder), self.root.storage_options, self.root)

    @property
    def _date(self) -> str:
        return Publication(self.at, "").date


def unix_time(when: str | float | datetime.datetime) -> float:
    """A date and time as Unix time; UTC where it tells no zone.

    Examples
    --------
    >>> unix_time("1970-01-02")
    86400.0
    """
    if isinstance(when, str):
        try:
            when = datetime.datetime.fromisoformat(when)
        except ValueError:
            raise InputError(f"{when!r} is no date and time, such as 2026-11-26T03:00") from None
    if not isinstance(when, datetime.datetime):
        return float(when)
    return (when if when.tzinfo is not None else when.replace(tzinfo=datetime.UTC)).timestamp()
