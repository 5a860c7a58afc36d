"""Gaia DR3 epoch photometry in G (Eyer et al. 2023), packed as a table of objects and one of transits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lcscale.surveys.nesting import light_curve_field
from lcscale.surveys.packed import POSITION, Detections, companion, pieces, read_objects, without_observations
from lcscale.surveys.reading import read_table, table_parts
from lcscale.surveys.release import Part, Problem, ReleaseFileError, expand, require, stamped

_OBJECTS = ("objects.csv", "objects.csv.gz")
_PHOTOMETRY = ("photometry_G.parquet",)
TO_MJD = 2_455_197.5 - 2_400_000.5
"""Days from Gaia's BJD - 2455197.5 to BJD - 2400000.5."""
_DETECTIONS = Detections("source_id", "time", "mag", "mag_err", time_offset=TO_MJD)
_FIELD = light_curve_field(("G",), time_scale="TCB", time_origin="BJD - 2400000.5", mag_system="Vega")
_LEVEL = 12
_PIXEL_OF_ID = 1 << 35


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

    def parts(self, paths: Sequence[str], problems: list[Problem]) -> list[Part]:
        """The list of objects, and the transits in runs of row groups."""
        parts: list[Part] = []
        for path in expand(paths):
            try:
                objects = companion(path, _OBJECTS)
                parts.append(Part(objects, "objects"))
                parts += stamped(table_parts(companion(path, _PHOTOMETRY), "detections"), objects)
            except ReleaseFileError as error:
                problems.append(Problem(path, str(error)))
        return list(dict.fromkeys(parts))

    def batches(self, part: Part, problems: list[Problem]) -> Iterator[pa.Table]:
        """Light curves in pieces; the list of objects gives every object an empty one."""
        found: list[Problem] = []
        objects = read_objects(companion(part.path, _OBJECTS), _sources, found)
        if part.kind == "objects":
            problems += found
            yield without_observations(objects, _FIELD)
        else:
            yield from pieces(part, objects, _DETECTIONS, _FIELD, problems, band="G")


def id_positions(
    source_id: npt.NDArray[np.int64],
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Right ascension and declination, degrees, of the centre of the HEALPix pixel of level 12 in Gaia's ids."""
    import cdshealpix

    lon, lat = cdshealpix.healpix_to_lonlat((source_id // _PIXEL_OF_ID).astype(np.uint64), _LEVEL)
    return np.asarray(lon.deg, np.float64), np.asarray(lat.deg, np.float64)


def _sources(path: str, problems: list[Problem]) -> pa.Table:
    table = read_table(path, problems)
    require(table, ("source_id", "best_class_name"), path)
    rest = table.drop_columns(["source_id", "best_class_name"])
    fields = [pa.field("object_id", pa.int64())]
    fields += [pa.field(name, pa.float64(), metadata=POSITION[name]) for name in ("ra", "dec")]
    fields += [pa.field("label", pa.string()), *rest.schema]
    position = [pa.array(angle) for angle in id_positions(table.column("source_id").to_numpy())]
    columns = [table.column("source_id"), *position, table.column("best_class_name").cast(pa.string()), *rest.columns]
    return pa.Table.from_arrays(columns, schema=pa.schema(fields))
