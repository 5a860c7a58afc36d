"""Gaia Science Alerts: the public listing (Hodgkin et al. 2021)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import pyarrow as pa

from lcscale.surveys.delimited import delimited, header_of
from lcscale.surveys.packed import POSITION
from lcscale.surveys.reading import is_table, reading
from lcscale.surveys.release import Part, Problem, expand, require
from lcscale.surveys.table import tables_in

_RENAMED = {"Name": "object_id", "RaDeg": "ra", "DecDeg": "dec", "Class": "label"}
_TYPES = {
    "Name": pa.string(),
    "Date": pa.timestamp("s"),
    "RaDeg": pa.float64(),
    "DecDeg": pa.float64(),
    "AlertMag": pa.float32(),
    "HistoricMag": pa.float32(),
    "HistoricStdDev": pa.float32(),
    "Class": pa.string(),
    "Published": pa.timestamp("s"),
    "Comment": pa.string(),
    "TNSid": pa.string(),
}


@dataclass(frozen=True)
class GaiaAlerts:
    """The listing as CSV: a header that starts with ``#Name``, blanks behind commas, quoted comments."""

    name = "gaia_alerts"
    ra = "ra"
    dec = "dec"
    identity = "object_id"
    join_arcsec = None
    properties: ClassVar[Mapping[str, str]] = {
        "obs_title": "Gaia Photometric Science Alerts",
        "bib_reference": "2021A&A...652A..76H",
    }

    def parts(self, paths: Sequence[str], problems: list[Problem]) -> list[Part]:
        """Each file is a part."""
        return [Part(file) for path in expand(paths) for file in tables_in(path) if file == path or is_table(file)]

    def batches(self, part: Part, problems: list[Problem]) -> Iterator[pa.Table]:
        """The alerts; `Date` is the time of the alert, `label` the class given by people."""
        with reading(part.path):
            names, skip = header_of(part.path, ",")
            names = [name.lstrip("#").strip() for name in names]
            require(pa.schema([(name, pa.null()) for name in names]), list(_TYPES), part.path)
            for table in delimited(part.path, ",", problems, list(_TYPES), skip=skip, names=names, types=_TYPES):
                fields = [
                    pa.field(_RENAMED.get(name, name), kind, metadata=POSITION.get(_RENAMED.get(name, name)))
                    for name, kind in _TYPES.items()
                ]
                yield pa.Table.from_arrays(table.columns, schema=pa.schema(fields))
