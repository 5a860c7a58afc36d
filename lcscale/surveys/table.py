"""The generic adapter: any table with positions, its columns kept as they are."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import pyarrow as pa

from lcscale.errors import InputError
from lcscale.surveys.identities import COLUMNS_OF_NAMES, trimmed
from lcscale.surveys.positions import angles, gaia_positions
from lcscale.surveys.reading import holds_table, is_table, pick, read_batches, reading, table_parts
from lcscale.surveys.release import Part, Problem, ReleaseFileError, expand, require
from lcscale.vocabulary import NAME


@dataclass(frozen=True)
class Table:
    """Any table with a position in every row: text, Parquet, FITS, VOTable, ECSV, IPAC, CDS, VizieR's.

    Examples
    --------
    >>> Table(ra="RAdeg", dec="DEdeg").name
    'table'
    """

    ra: str = "ra"
    """Column of right ascension: in the unit the file states, else degrees, or sexagesimal hours."""
    dec: str = "dec"
    """Column of declination: in the unit the file states, else degrees, also sexagesimal."""
    id: str | None = None
    """Column that names the object, or None."""
    gaia_id: str | None = None
    """Column of Gaia's source_id, where there is no position: the centre of its pixel, good to half an arcminute."""
    known_as: str = ""
    """Column of a further name of the object, which is kept as `name` too; default: ``nick`` or ``nickname``."""
    columns: tuple[str, ...] = ()
    """Names of the columns by their place, for text without a line of names."""
    name = "table"
    join_arcsec = None
    properties: ClassVar[Mapping[str, str]] = {}
    sources: ClassVar[tuple[str, str]] = ("", "")
    """Further names that a survey's files have for the columns of position."""

    @property
    def identity(self) -> str | None:
        """The column `id`."""
        return self.id

    def parts(self, paths: Sequence[str], problems: list[Problem]) -> list[Part]:
        """Files, and the tables in folders; big Parquet files in runs of row groups."""
        return parts_of_tables(paths, problems)

    def batches(self, part: Part, problems: list[Problem]) -> Iterator[pa.Table]:
        """The rows with all their columns, the coordinates as degrees."""
        ids = [name for name in (self.id, self.gaia_id) if name is not None]
        position = (self.ra, self.dec)
        sources = [f"{own}|{more}" if more else own for own, more in zip(position, self.sources, strict=True)]
        wanted = [] if self.gaia_id is not None else sources
        for table in read_batches(part, problems, ids=list(dict.fromkeys(ids)), wanted=wanted, names=self.columns):
            present = table.column_names
            renamed = {pick(name, present): own for name, own in zip(sources, position, strict=True)}
            table = table.rename_columns([renamed.get(name, name) for name in present])
            if self.gaia_id is not None:
                with reading(part.path):
                    centres = gaia_positions(table.column(self.gaia_id).cast(pa.int64()).to_numpy())
                for name, angle in zip(position, centres, strict=True):
                    table = table.append_column(name, pa.array(angle))
            require(table, (self.ra, self.dec, self.id), part.path)
            for name, hours in ((self.ra, True), (self.dec, False)):
                field = pa.field(name, pa.float64(), metadata={"unit": "deg", "frame": "ICRS"})
                with reading(part.path):
                    values = pa.array(angles(table, name, hours=hours))
                table = table.set_column(table.column_names.index(name), field, values)
            yield self._named(table, part.path).replace_schema_metadata(None)

    def _named(self, table: pa.Table, path: str) -> pa.Table:
        """The table with the further name of its objects as `name`, where it has one and no such column itself."""
        called = pick(self.known_as or COLUMNS_OF_NAMES, table.column_names)
        if self.known_as:
            require(table, (called,), path)
        if NAME.name in table.column_names or called not in table.column_names:
            return table
        return table.append_column(NAME.field, trimmed(table.column(called).cast(pa.string())))


def parts_of_tables(paths: Sequence[str], problems: list[Problem], kind: str = "") -> list[Part]:
    """The parts of all tables at `paths`, of one `kind`; those that cannot be read go to `problems`."""
    parts: list[Part] = []
    for path in expand(paths):
        for file in tables_in(path):
            try:
                parts += table_parts(file, kind)
            except ReleaseFileError as error:
                problems.append(Problem(file, str(error)))
    return parts


def detection_files(paths: Sequence[str]) -> list[str]:
    """The files at `paths`; of those in folders all that hold tables, whatever their names end with."""
    files: dict[str, None] = {}
    for path in expand(paths):
        names = [os.path.join(folder, name) for folder, _, names in os.walk(path) for name in names]
        found = sorted(name for name in names if holds_table(name)) if os.path.isdir(path) else [path]
        files |= dict.fromkeys(found)
    if not files:
        raise InputError(f"no tables in {', '.join(paths)}")
    return list(files)


def tables_in(path: str) -> list[str]:
    """The file itself, or the tables in the folder at `path`, sorted."""
    if not os.path.isdir(path):
        return [path]
    return sorted(os.path.join(folder, name) for folder, _, names in os.walk(path) for name in names if is_table(name))
