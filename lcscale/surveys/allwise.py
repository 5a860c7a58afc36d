"""AllWISE Source Catalog: the bulk files and IPAC tables of the archive (Cutri et al. 2013)."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import pyarrow as pa

from lcscale.surveys.delimited import delimited
from lcscale.surveys.packed import POSITION
from lcscale.surveys.positions import angles
from lcscale.surveys.reading import read_batches, reading, suffix
from lcscale.surveys.release import Part, Problem, ReleaseFileError, expand, require


def _bands(*names: str) -> tuple[str, ...]:
    """``w1…`` to ``w4…``, all names of a band before those of the next."""
    return tuple(f"w{band}{name}" for band in (1, 2, 3, 4) for name in names)


def _columns() -> tuple[str, ...]:
    apertures = (_bands(f"mag_{i}", f"sigm_{i}", f"flg_{i}") for i in range(1, 9))
    return (
        *("designation", "ra", "dec", "sigra", "sigdec", "sigradec", "glon", "glat", "elon", "elat", "wx", "wy"),
        *("cntr", "source_id", "coadd_id", "src", *_bands("mpro", "sigmpro", "snr", "rchi2"), "rchi2", "nb", "na"),
        *(*_bands("sat"), "satnum", "ra_pm", "dec_pm", "sigra_pm", "sigdec_pm", "sigradec_pm"),
        *("pmra", "sigpmra", "pmdec", "sigpmdec", *_bands("rchi2_pm"), "rchi2_pm", "pmcode"),
        *(
            "cc_flags",
            "rel",
            "ext_flg",
            "var_flg",
            "ph_qual",
            "det_bit",
            "moon_lev",
            *_bands("nm", "m"),
            *_bands("cov"),
        ),
        *(*_bands("cc_map", "cc_map_str"), "best_use_cntr", "ngrp", *_bands("flux", "sigflux", "sky", "sigsk", "conf")),
        *(*_bands("mag", "sigm", "flg", "mcor"), *(name for aperture in apertures for name in aperture)),
        *_bands("magp", "sigp1", "sigp2", "k", "ndf", "mlq", "mjdmin", "mjdmax", "mjdmean"),
        *("rho12", "rho23", "rho34", "q12", "q23", "q34", "xscprox"),
        *(*_bands("rsemi", "ba", "pa", "gmag", "gerr", "gflg"), "tmass_key", "r_2mass", "pa_2mass", "n_2mass"),
        *(f"{band}_{name}_2mass" for band in "jhk" for name in ("m", "msig")),
        *("x", "y", "z", "spt_ind", "htm20"),
    )


COLUMNS = _columns()
"""Columns of the bulk files, which have no header, in their order."""

_TEXT = {
    "designation",
    "source_id",
    "coadd_id",
    "satnum",
    "pmcode",
    "cc_flags",
    "rel",
    "var_flg",
    "ph_qual",
    "moon_lev",
}
_TEXT |= set(_bands("cc_map_str"))
_WHOLE = {"cntr", "src", "nb", "na", "ext_flg", "det_bit", "best_use_cntr", "ngrp", "tmass_key", "n_2mass"}
_WHOLE |= {"spt_ind", "htm20"}
_TYPES = {name: pa.string() if name in _TEXT else pa.int64() if name in _WHOLE else pa.float64() for name in COLUMNS}
_END = "_end"


@dataclass(frozen=True)
class AllWise:
    """``wise-allwise-cat-part*.gz``: 298 fields between bars, no header; or IPAC tables of any selection of columns.

    IPAC tables were verified; the bulk files' columns are those of the schema published with them, and no bulk file
    was at hand. Positions are of epoch 2010.5589 and J2000; magnitudes are in the Vega system.
    """

    name = "allwise"
    ra = "ra"
    dec = "dec"
    identity = "designation"
    join_arcsec = None
    properties: ClassVar[Mapping[str, str]] = {
        "obs_title": "AllWISE Source Catalog",
        "bib_reference": "2013wise.rept....1C",
    }

    def parts(self, paths: Sequence[str], problems: list[Problem]) -> list[Part]:
        """Files, and in folders the bulk files and the IPAC tables."""
        parts: list[Part] = []
        for path in expand(paths):
            names = sorted(os.listdir(path)) if os.path.isdir(path) else [""]
            files = [os.path.join(path, name) if name else path for name in names if not name or _is_release(name)]
            parts += [Part(file, "ipac" if suffix(file) == ".tbl" else "bulk") for file in files]
        return parts

    def batches(self, part: Part, problems: list[Problem]) -> Iterator[pa.Table]:
        """The sources with all their columns."""
        for table in read_batches(part, problems) if part.kind == "ipac" else _bulk(part.path, problems):
            require(table, (self.ra, self.dec, self.identity), part.path)
            for name in (self.ra, self.dec):
                field = pa.field(name, pa.float64(), metadata=POSITION[name])
                values = pa.array(angles(table, name, hours=name == self.ra))
                table = table.set_column(table.column_names.index(name), field, values)
            yield table


def _is_release(name: str) -> bool:
    return name.startswith("wise-allwise-cat-part") or suffix(name) == ".tbl"


def _bulk(path: str, problems: list[Problem]) -> Iterator[pa.Table]:
    """The rows of a bulk file, whose lines may end with a bar."""
    found: list[Problem] = []
    read = 0
    with reading(path):
        with pa.input_stream(path) as stream:
            line = stream.read(1 << 16).split(b"\n", 1)[0]
        ending = [_END] if line.count(b"|") == len(COLUMNS) else []
        types = _TYPES | dict.fromkeys(ending, pa.string())
        for table in delimited(path, "|", found, names=[*COLUMNS, *ending], types=types):
            read += table.num_rows
            yield table.select(list(COLUMNS))
    if not read:
        raise ReleaseFileError(f"{path} is no bulk file of AllWISE: no line has {len(COLUMNS)} fields")
    problems += found
