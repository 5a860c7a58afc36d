"""EROS-2: periodic variables of the Large Magellanic Cloud in two bands (Kim et al. 2014)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lcscale.surveys.nesting import light_curve_field
from lcscale.surveys.packed import POSITION, Detections, Packed
from lcscale.surveys.positions import placed
from lcscale.surveys.reading import read_table, reading
from lcscale.surveys.release import Problem, require

BANDS = ("b", "r")
_ANGLES = [f"{angle}_{part}" for angle in ("asc", "dec") for part in "dms"]


def _stars(path: str, problems: list[Problem]) -> pa.Table:
    table = read_table(path, problems)
    key = "Unnamed: 0" if "Unnamed: 0" in table.column_names else "id"
    require(table, (key, "type", *_ANGLES), path)
    with reading(path):
        angles = [np.asarray(table.column(name).to_numpy(), np.float64) for name in _ANGLES]
    ra = 15.0 * (angles[0] + angles[1] / 60 + angles[2] / 3600)
    dec = np.copysign(np.abs(angles[3]) + angles[4] / 60 + angles[5] / 3600, angles[3])
    rest = table.drop_columns([key, "type", *_ANGLES])
    fields = [pa.field("object_id", pa.string())]
    fields += [pa.field(name, pa.float64(), metadata=POSITION[name]) for name in ("ra", "dec")]
    fields += [pa.field("label", pa.string()), *rest.schema]
    label = pc.cast(pc.cast(table.column("type"), pa.int64(), safe=False), pa.string())
    columns = [table.column(key).cast(pa.string()), pa.array(ra), pa.array(dec), label, *rest.columns]
    return placed(pa.Table.from_arrays(columns, schema=pa.schema(fields)), "ra", "dec", path, problems)


_RELEASE = Packed(
    objects=("objects.csv.gz", "objects.csv"),
    shape=_stars,
    photometry="photometry.parquet",
    detections=Detections("id", "t", "mag", "magerr", band="band", time_offset=49_999.5),
    field=light_curve_field(BANDS, time_scale="UTC", time_origin="HJD - 2400000.5", mag_system="Vega (EROS B, R)"),
)


@dataclass(frozen=True)
class Eros2:
    """A folder with ``objects.csv.gz`` (position in hours and degrees, minutes, seconds) and ``photometry.parquet``.

    Times, HJD - 2450000 in the files, become HJD - 2400000.5; `label` is the number of the survey's class.
    """

    name = "eros2"
    ra = "ra"
    dec = "dec"
    identity = "object_id"
    join_arcsec = 0.0
    properties: ClassVar[Mapping[str, str]] = {
        "obs_title": "EROS-2 LMC variables",
        "bib_reference": "2014A&A...566A..43K",
    }

    parts = _RELEASE.parts
    batches = _RELEASE.batches
