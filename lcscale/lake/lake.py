"""`Lake`: a folder or bucket of named catalogs and tables, each with versions."""

from __future__ import annotations

import datetime
import os

import pyarrow as pa

from lcscale.errors import ConflictError, InputError, LcscaleError
from lcscale.lake.catalog import Catalog, open_with
from lcscale.lake.collection import COLLECTION_FILE, current_version
from lcscale.lake.draft import Draft, check_name, existing_versions, is_name
from lcscale.lake.history import Job, drop, jobs, prune, use
from lcscale.lake.past import PastLake, unix_time
from lcscale.lake.publications import Publication, publications
from lcscale.lake.storage import StorageOption, children, place_of, remove_folder
from lcscale.lake.tables import TABLES, read_table, table_names, write_table


class Lake:
    """Where catalogs live.

    Parameters
    ----------
    url
        A folder or any fsspec URL; it is made when first written to.
    storage_options
        Options of the file system.

    Examples
    --------
    >>> lake = Lake("/tmp/a-lake-that-is-not-there")
    >>> lake.names()
    []
    """

    def __init__(self, url: str | os.PathLike[str], **storage_options: StorageOption) -> None:
        self.root = place_of(url, **storage_options)

    def names(self) -> list[str]:
        """Names of the published catalogs, sorted."""
        return sorted(
            child.name for child in children(self.root) if is_name(child.name) and (child / COLLECTION_FILE).exists()
        )

    def __contains__(self, name: str) -> bool:
        return is_name(name) and bool((self.root / name / COLLECTION_FILE).exists())

    def __getitem__(self, name: str) -> Catalog:
        check_name(name)
        if name not in self:
            known = ", ".join(self.names()) or "none yet"
            raise InputError(f"no catalog {name!r} in the lake at {self.root}; there are: {known}")
        return open_with(str(self.root / name), self.root.storage_options, self.root)

    def readable(self) -> tuple[list[Catalog], dict[str, str]]:
        """The published catalogs that can be read, by name; and of the others their names and what is broken."""
        catalogs, broken = [], {}
        for name in self.names():
            try:
                catalog = self[name]
            except (LcscaleError, OSError) as error:
                broken[name] = str(error)
                continue
            if lost := catalog.source.lost_leaves():
                of = len(catalog.source.leaves)
                broken[name] = (
                    f"{len(lost)} of {of} leaves of {catalog.source.version} are gone, such as {lost[0].path}"
                )
            else:
                catalogs.append(catalog)
        return catalogs, broken

    def readable_tables(self) -> tuple[dict[str, pa.Table], dict[str, str]]:
        """The plain tables by their names; and of those that cannot be read what is broken."""
        tables, broken = {}, {}
        for name in self.table_names():
            try:
                tables[name] = self.table(name)
            except (LcscaleError, OSError) as error:
                broken[name] = str(error)
        return tables, broken

    def versions(self, name: str) -> list[str]:
        """Versions of a catalog, oldest first; unfinished ones too."""
        check_name(name)
        return [version for version, _ in existing_versions(self.root / name)]

    def current(self, name: str) -> str | None:
        """The published version of a catalog, or None."""
        check_name(name)
        return current_version(self.root / name)

    def publications(self, name: str) -> list[Publication]:
        """Which version of a catalog became the current one when, the first one first."""
        check_name(name)
        return publications(self.root / name)

    def at(self, when: str | float | datetime.datetime) -> PastLake:
        """The catalogs of the lake in the versions that were current together at a time.

        Parameters
        ----------
        when
            A date and time, or such a text (``"2026-11-26T03:00"``; UTC where it tells no zone), or Unix time.
        """
        return PastLake(self.root, unix_time(when))

    def jobs(self) -> list[Job]:
        """What ran in this lake and what is left of it, from the ledgers, oldest first."""
        return jobs(self.root)

    def prune(self, name: str, keep: int = 1) -> list[str]:
        """Remove versions of a catalog older than the current one, but for the last `keep`; returns their names.

        Versions that the current version of another catalog was made from stay: see `named_by`.
        """
        check_name(name)
        if keep < 0:
            raise InputError(f"prune: keep is {keep}; it must not be negative")
        return prune(self.root / name, keep, frozenset(self.named_by(name)))

    def use(self, name: str, version: str) -> None:
        """Make an earlier (or later) finished version of a catalog the current one again."""
        check_name(name)
        use(self.root / name, version)

    def drop(self, name: str) -> None:
        """Remove a catalog with all its versions, or a table.

        Raises
        ------
        ConflictError
            Where another catalog's current version was made from it, or a version of it is being written.
        """
        check_name(name)
        if name in self.table_names():
            remove_folder(self.root / TABLES / name)
            return
        others = [other for names in self.named_by(name).values() for other in names if other != name]
        if others:
            raise ConflictError(f"{name}: {', '.join(dict.fromkeys(others))} was made from it; drop that first")
        drop(self.root / name)

    def named_by(self, name: str) -> dict[str, list[str]]:
        """Versions of a catalog that current versions of others were made from, with the names of those."""
        found: dict[str, list[str]] = {}
        for other in self.readable()[0]:
            for each in other.inputs:
                if each.name == name and not each.url:
                    found.setdefault(each.version, []).append(other.source.folder.parent.name)
        return {version: list(dict.fromkeys(names)) for version, names in found.items()}

    def draft(self, name: str, plan: str, *, takes_over: bool = True) -> Draft:
        """A new version of the catalog `name`, named by the text `plan` of all it depends on; see `Draft`."""
        check_name(name)
        return Draft(self.root / name, plan, takes_over)

    def table_names(self) -> list[str]:
        """Names of the tables without a position (alert statistics, run records), sorted."""
        return table_names(self.root)

    def table(self, name: str) -> pa.Table:
        """A table without a position, in its current version."""
        check_name(name)
        return read_table(self.root, name)

    def write_table(self, name: str, table: pa.Table, *, replace: bool = False) -> str:
        """Publish `table` as a version of the plain table `name`; returns the version."""
        check_name(name)
        return write_table(self.root, name, table, replace=replace)

    def __repr__(self) -> str:
        return f"Lake({str(self.root)!r})"
