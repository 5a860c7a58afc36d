"""The International Variable Star Index of the AAVSO (Watson et al. 2006)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from lcscale.surveys.table import Table


@dataclass(frozen=True)
class Vsx(Table):
    """VizieR's table B/vsx in any of its formats, or as CDS has it: names, types and periods of variable stars."""

    ra: str = "RAJ2000"
    dec: str = "DEJ2000"
    id: str | None = "OID"
    name = "vsx"
    sources: ClassVar[tuple[str, str]] = ("RAdeg", "DEdeg")
    properties: ClassVar[Mapping[str, str]] = {
        "obs_title": "International Variable Star Index",
        "bib_reference": "2006SASS...25...47W",
    }
