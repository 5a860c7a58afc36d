"""Gaia epoch photometry as the archive's DataLink serves it: G, BP and RP of single sources (Eyer et al. 2023)."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lcscale.surveys.gaia_epochs import TO_MJD
from lcscale.surveys.nesting import light_curve_field, nest
from lcscale.surveys.packed import POSITION
from lcscale.surveys.positions import gaia_positions
from lcscale.surveys.reading import read_batches, reading
from lcscale.surveys.release import Part, Problem, ReleaseFileError, require
from lcscale.surveys.table import parts_of_tables

BANDS = ("G", "BP", "RP")
_NEEDED = ("band", "time", "mag", "flux", "flux_error", "rejected_by_photometry", "rejected_by_variability")
_FIELD = light_curve_field(BANDS, time_scale="TCB", time_origin="BJD - 2400000.5", mag_system="Vega")
_MAG_OF_FLUX = 2.5 / np.log(10)


@dataclass(frozen=True)
class GaiaDataLink:
    """Files of the products ``EPOCH_PHOTOMETRY``: CSV, ECSV or VOTable; one source a file, or several with `source_id`.

    Written from the archive's documentation, not verified on its files. Magnitude errors come from the fluxes.
    Positions are those of the HEALPix pixel in the source_id, good to half an arcminute.
    """

    keep_rejected: bool = False
    """Keep transits that Gaia's photometry or variability processing rejected."""
    name = "gaia_datalink"
    ra = "ra"
    dec = "dec"
    identity = "object_id"
    join_arcsec = 0.0
    properties: ClassVar[Mapping[str, str]] = {
        "obs_title": "Gaia DR3 epoch photometry",
        "bib_reference": "2023A&A...674A..13E",
    }

    def parts(self, paths: Sequence[str], problems: list[Problem]) -> list[Part]:
        """Each file."""
        return parts_of_tables(paths, problems)

    def batches(self, part: Part, problems: list[Problem]) -> Iterator[pa.Table]:
        """The light curves of a file's sources."""
        for table in read_batches(part, problems):
            require(table, _NEEDED, part.path)
            with reading(part.path):
                yield self._nested(table, _source_ids(table, part.path))

    def _nested(self, table: pa.Table, ids: npt.NDArray[np.int64]) -> pa.Table:
        sources, owner = np.unique(ids, return_inverse=True)
        if not self.keep_rejected:
            bad = [_truth(table.column(f"rejected_by_{who}")) for who in ("photometry", "variability")]
            owner = np.where(bad[0] | bad[1], -1, owner)
        flux, error = (_numbers(table.column(name)) for name in ("flux", "flux_error"))
        with np.errstate(divide="ignore", invalid="ignore"):
            mag_err = np.where(flux > 0, _MAG_OF_FLUX * error / flux, np.nan)
        codes = pc.index_in(table.column("band").cast(pa.string()).combine_chunks(), value_set=pa.array(BANDS))
        values = {
            "time": pa.array(_numbers(table.column("time")) + TO_MJD),
            "mag": pa.array(_numbers(table.column("mag"))),
            "mag_err": pa.array(mag_err),
            "band": pa.DictionaryArray.from_arrays(codes.cast(pa.int8()), pa.array(BANDS)),
        }
        index, curves = nest(owner, values)
        ra, dec = gaia_positions(sources[index])
        fields = [pa.field("object_id", pa.int64())]
        fields += [pa.field(name, pa.float64(), metadata=POSITION[name]) for name in ("ra", "dec")]
        columns = [pa.array(sources[index]), pa.array(ra), pa.array(dec), curves]
        return pa.Table.from_arrays(columns, schema=pa.schema([*fields, _FIELD]))


def _source_ids(table: pa.Table, path: str) -> npt.NDArray[np.int64]:
    """The column `source_id`, or the number in the file's name where there is none."""
    if "source_id" in table.column_names:
        return np.asarray(table.column("source_id").cast(pa.int64()).to_numpy())
    named = re.findall(r"\d{8,19}", os.path.basename(path))
    if not named:
        raise ReleaseFileError(f"{path} has no column 'source_id', and no source_id in its name")
    return np.full(table.num_rows, int(named[-1]))


def _numbers(column: pa.ChunkedArray) -> npt.NDArray[np.float64]:
    return np.asarray(column.cast(pa.float64()).to_numpy(), np.float64)


def _truth(column: pa.ChunkedArray) -> npt.NDArray[Any]:
    """Booleans, however they are written; missing ones are false."""
    if pa.types.is_string(column.type):
        column = pc.equal(pc.utf8_lower(column), "true")
    return np.asarray(pc.fill_null(column.cast(pa.bool_()), False).to_numpy(zero_copy_only=False))
