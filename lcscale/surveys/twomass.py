"""2MASS All-Sky Point Source Catalog: the bulk files (Skrutskie et al. 2006)."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import pyarrow as pa

from lcscale.surveys.delimited import delimited
from lcscale.surveys.packed import POSITION
from lcscale.surveys.reading import reading
from lcscale.surveys.release import Part, Problem, ReleaseFileError, expand

_BANDS = ("j", "h", "k")
COLUMNS = (
    *("ra", "dec", "err_maj", "err_min", "err_ang", "designation"),
    *(f"{band}_{name}" for band in _BANDS for name in ("m", "cmsig", "msigcom", "snr")),
    *("ph_qual", "rd_flg", "bl_flg", "cc_flg", "ndet", "prox", "pxpa", "pxcntr", "gal_contam", "mp_flg"),
    *("pts_key", "hemis", "date", "scan", "glon", "glat", "x_scan", "jdate"),
    *(f"{band}_psfchi" for band in _BANDS),
    *(f"{band}_{name}" for band in _BANDS for name in ("m_stdap", "msig_stdap")),
    *("dist_edge_ns", "dist_edge_ew", "dist_edge_flg", "dup_src", "use_src"),
    *("a", "dist_opt", "phi_opt", "b_m_opt", "vr_m_opt", "nopt_mchs"),
    *("ext_key", "scan_key", "coadd_key", "coadd"),
)
"""Columns of the bulk files, which have no header, in their order."""

_TEXT = (*("designation", "ph_qual", "rd_flg", "bl_flg", "cc_flg", "ndet", "hemis", "date", "dist_edge_flg", "a"),)
_WHOLE = (
    *("pxcntr", "gal_contam", "mp_flg", "pts_key", "scan", "dist_edge_ns", "dist_edge_ew", "dup_src", "use_src"),
    *("nopt_mchs", "ext_key", "scan_key", "coadd_key", "coadd"),
)
_TYPES = {name: pa.string() if name in _TEXT else pa.int64() if name in _WHOLE else pa.float64() for name in COLUMNS}


@dataclass(frozen=True)
class TwoMass:
    r"""``psc_*.gz``: 60 fields between bars, ``\N`` where there is no value, no header; flags stay text.

    Written from the catalog's documentation, verified on a real line. Positions are of the scan's date (`jdate`).
    """

    name = "twomass"
    ra = "ra"
    dec = "dec"
    identity = "pts_key"
    join_arcsec = None
    properties: ClassVar[Mapping[str, str]] = {
        "obs_title": "2MASS All-Sky Point Source Catalog",
        "bib_reference": "2006AJ....131.1163S",
    }

    def parts(self, paths: Sequence[str], problems: list[Problem]) -> list[Part]:
        """Files, and in folders those whose names start with ``psc_``."""
        parts: list[Part] = []
        for path in expand(paths):
            if os.path.isdir(path):
                parts += [Part(one.path) for one in sorted(os.scandir(path), key=str) if one.name.startswith("psc_")]
            else:
                parts.append(Part(path))
        return parts

    def batches(self, part: Part, problems: list[Problem]) -> Iterator[pa.Table]:
        """The sources with all their columns."""
        fields = [pa.field(name, kind, metadata=POSITION.get(name)) for name, kind in _TYPES.items()]
        read = 0
        found: list[Problem] = []
        with reading(part.path):
            for table in delimited(part.path, "|", found, names=COLUMNS, types=_TYPES):
                read += table.num_rows
                yield pa.Table.from_arrays(table.columns, schema=pa.schema(fields))
        if not read:
            raise ReleaseFileError(f"{part.path} is no bulk file of 2MASS: no line has {len(COLUMNS)} fields")
        problems += found
