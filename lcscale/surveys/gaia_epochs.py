"""Gaia DR3 epoch photometry in G (Eyer et al. 2023), packed as a table of objects and one of transits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import pyarrow as pa

from lcscale.surveys.nesting import light_curve_field
from lcscale.surveys.packed import POSITION, Detections, Packed
from lcscale.surveys.positions import gaia_positions
from lcscale.surveys.reading import read_table
from lcscale.surveys.release import Problem, require

TO_MJD = 2_455_197.5 - 2_400_000.5
"""Days from Gaia's BJD - 2455197.5 to BJD - 2400000.5."""


def _sources(path: str, problems: list[Problem]) -> pa.Table:
    table = read_table(path, problems)
    require(table, ("source_id", "best_class_name"), path)
    rest = table.drop_columns(["source_id", "best_class_name"])
    fields = [pa.field("object_id", pa.int64())]
    fields += [pa.field(name, pa.float64(), metadata=POSITION[name]) for name in ("ra", "dec")]
    fields += [pa.field("label", pa.string()), *rest.schema]
    position = [pa.array(angle) for angle in gaia_positions(table.column("source_id").to_numpy())]
    columns = [table.column("source_id"), *position, table.column("best_class_name").cast(pa.string()), *rest.columns]
    return pa.Table.from_arrays(columns, schema=pa.schema(fields))


_RELEASE = Packed(
    objects=("objects.csv", "objects.csv.gz"),
    shape=_sources,
    photometry="photometry_G.parquet",
    detections=Detections("source_id", "time", "mag", "mag_err", time_offset=TO_MJD),
    field=light_curve_field(("G",), time_scale="TCB", time_origin="BJD - 2400000.5", mag_system="Vega"),
    band="G",
)


@dataclass(frozen=True)
class GaiaEpochs:
    """A folder with ``objects.csv`` (source_id, class) and ``photometry_G.parquet`` (source_id, time, mag, mag_err).

    Times, BJD(TCB) - 2455197.5 in the files, become BJD - 2400000.5. Without positions in the release, `ra` and `dec`
    are the centre of the HEALPix pixel of level 12 in the source_id: good to half an arcminute.
    """

    name = "gaia_epochs"
    ra = "ra"
    dec = "dec"
    identity = "object_id"
    join_arcsec = 0.0
    properties: ClassVar[Mapping[str, str]] = {
        "obs_title": "Gaia DR3 epoch photometry",
        "bib_reference": "2023A&A...674A..13E",
    }

    parts = _RELEASE.parts
    batches = _RELEASE.batches
