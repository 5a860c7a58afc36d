"""Gaia's `gaia_source`: bulk files of a data release, or Parquet with its columns (Gaia Collaboration 2023)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import pyarrow as pa

from lcscale.surveys.release import Part, Problem, ReleaseFileError
from lcscale.surveys.table import Table


@dataclass(frozen=True)
class Gaia:
    """``GaiaSource_*.csv.gz`` (ECSV: types and units come from its header) or Parquet; all columns are kept.

    Written from the archive's documentation, not verified on bulk files. Positions are of `epoch`, as the metadata of
    ``ra`` and ``dec`` say.
    """

    epoch: float = 2016.0
    """Julian year of the positions: 2016.0 in DR3 and EDR3, 2015.5 in DR2."""
    name = "gaia"
    ra = "ra"
    dec = "dec"
    identity = "source_id"
    join_arcsec = None
    properties: ClassVar[Mapping[str, str]] = {
        "obs_title": "Gaia source catalog",
        "bib_reference": "2023A&A...674A...1G",
    }

    def parts(self, paths: Sequence[str], problems: list[Problem]) -> list[Part]:
        """Files, and those in folders; big Parquet files in runs of row groups."""
        return self._table().parts(paths, problems)

    def batches(self, part: Part, problems: list[Problem]) -> Iterator[pa.Table]:
        """The sources with all their columns."""
        for table in self._table().batches(part, problems):
            self._check_epoch(table, part.path)
            fields = [
                one.with_metadata({**one.metadata, "epoch": f"{self.epoch}"}) if one.name in ("ra", "dec") else one
                for one in table.schema
            ]
            yield table.cast(pa.schema(fields))

    def _check_epoch(self, table: pa.Table, path: str) -> None:
        """Positions must be of the epoch that their metadata will say."""
        given = table.column("ref_epoch").drop_null().unique().to_pylist() if "ref_epoch" in table.column_names else []
        others = [f"{value:g}" for value in given if value != float(self.epoch)]
        if others:
            raise ReleaseFileError(
                f"{path}: ref_epoch is {', '.join(others)}, not {float(self.epoch):g}; give epoch={others[0]}, "
                "and ingest the data releases one by one"
            )

    def _table(self) -> Table:
        return Table(ra=self.ra, dec=self.dec, id=self.identity)
