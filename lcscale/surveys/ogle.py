"""OGLE Collection of Variable Stars: I and V light curves (Udalski et al. 2015; Soszynski et al. 2015-2019)."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from lcscale.surveys.formats import codec_of
from lcscale.surveys.nesting import light_curve_field, nest
from lcscale.surveys.packed import (
    NO_MAGNITUDE,
    POSITION,
    Detections,
    companion,
    pieces,
    read_objects,
    without_observations,
)
from lcscale.surveys.positions import degrees, placed
from lcscale.surveys.reading import reading, table_parts
from lcscale.surveys.release import Part, Problem, ReleaseFileError, expand, leave_out

BANDS = ("I", "V")
_HJD_ZERO = 2_450_000.0
_MJD_ZERO = 2_400_000.5
_SHORT_HJD = 40_000.0
"""HJD - 2450000 of the year 2105."""
_STARS = 500
_SAME_MODES = ("ACEP",)
_FIELD = light_curve_field(BANDS, time_scale="UTC", time_origin="HJD - 2400000.5", mag_system="Vega")
_SIXTIETHS = r"\d{1,2}\s*[:\s]\s*\d{1,2}\s*[:\s]\s*\d{1,2}(?:\.\d*)?"
_LINE = re.compile(rf"^(OGLE\S+)\s+(?:(.*?)\s+)?({_SIXTIETHS})\s+([+-]?\s*{_SIXTIETHS})(?:\s+(.*))?$")
_FILE = re.compile(r"^(OGLE.*?)(?:[._-]([IV]))?\.(?:dat|txt)(?:\.gz)?$", re.IGNORECASE)


@dataclass(frozen=True)
class Ogle:
    """Folders of collections: ``ident.dat`` with a ``.dat`` file a star and band, or packed ``photometry_I.parquet``.

    The files of stars may lie anywhere below the list: in ``phot/I`` and ``phot/V``, ``I`` and ``V``, or all in one
    folder; where neither folder nor name says the band, it is I.
    Times, HJD - 2450000 or HJD in the files, become HJD - 2400000.5. `label` is the type or mode as the
    collection names it (``F``, ``RRab``), `collection` that of its name (``CEP``); anomalous Cepheids, whose modes are
    named as those of the classical ones, are all ``ACEP``.
    """

    name = "ogle"
    ra = "ra"
    dec = "dec"
    identity = "object_id"
    join_arcsec = 0.0
    properties: ClassVar[Mapping[str, str]] = {
        "obs_title": "OGLE Collection of Variable Stars",
        "bib_reference": "2015AcA....65....1U",
    }

    def parts(self, paths: Sequence[str], problems: list[Problem]) -> list[Part]:
        """The list of stars; then the packed detections by row groups, or the files of 500 stars at a time."""
        parts: list[Part] = []
        for path in expand(paths):
            try:
                ident = companion(path, ("ident.dat",))
                parts += [Part(ident, "objects"), *_photometry(ident, problems)]
            except ReleaseFileError as error:
                problems.append(Problem(path, str(error)))
        return list(dict.fromkeys(parts))

    def batches(self, part: Part, problems: list[Problem]) -> Iterator[pa.Table]:
        """Light curves in pieces; the list of stars gives every star an empty one."""
        found: list[Problem] = []
        objects = read_objects(companion(part.path, ("ident.dat",)), _stars, found)
        if part.kind == "objects":
            problems += found
            yield without_observations(objects, _FIELD, key="_number")
        elif part.kind == "files":
            yield _from_files(part, objects, problems)
        else:
            with reading(part.path):
                names = pq.read_schema(part.path).names
            key = names[0] if names else ""
            columns = Detections(key, "hjd", "mag", "magerr", time_offset=_HJD_ZERO - _MJD_ZERO)
            yield from pieces(part, objects, columns, _FIELD, problems, band=part.kind, key="_number")


def _photometry(ident: str, problems: list[Problem]) -> list[Part]:
    folder = os.path.dirname(ident)
    parts = []
    for band in BANDS:
        packed = os.path.join(folder, f"photometry_{band}.parquet")
        if os.path.exists(packed):
            try:
                parts += table_parts(packed, band)
            except ReleaseFileError as error:
                problems.append(Problem(packed, str(error)))
    if parts:
        return parts
    files = _files(folder)
    if not files:
        problems.append(Problem(folder, "no photometry: neither photometry_I.parquet nor phot/I", set_aside=False))
        return parts
    found: list[Problem] = []
    names = read_objects(ident, _stars, found).column("object_id").to_pylist()
    for start in range(0, len(names), _STARS):
        some = names[start : start + _STARS]
        own = [files[key] for band in BANDS for name in some if (key := (band, name)) in files]
        parts.append(Part(ident, "files", start, start + len(some), _stamp(own), tuple(own)))
    return parts


def _files(folder: str) -> dict[tuple[str, str], str]:
    """The file of each band and star below `folder`; those in a folder named by the band go before others."""
    found: dict[tuple[str, str], str] = {}
    for at, _, names in sorted(os.walk(folder)):
        for name in sorted(names):
            match = _FILE.match(name)
            if match is not None:
                path = os.path.join(at, name)
                key = (_band_of(path, os.path.join(folder, "ident.dat")), match[1])
                if os.path.basename(at).upper() in BANDS or key not in found:
                    found[key] = path
    return found


def _stamp(files: Sequence[str]) -> str:
    """Sizes and times of the stars' files, as a short text."""
    digest = hashlib.blake2b(digest_size=12)
    for path in files:
        stat = os.stat(path)
        digest.update(f"{path} {stat.st_size} {stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _stars(path: str, problems: list[Problem]) -> pa.Table:
    """The list of stars, ``ident.dat``: id, type, position, and the names in the phases of OGLE."""
    with reading(path), open(path, encoding="utf-8") as stream:
        lines = stream.read().splitlines()
    matches = [(line, _LINE.match(line)) for line in lines if line.strip() and not line.startswith("#")]
    bad = [line for line, match in matches if match is None]
    rows = [match.groups() for _, match in matches if match is not None]
    if not rows:
        raise ReleaseFileError(f"{path} is no list of OGLE stars: no line has an id and a position")
    if bad:
        problems.append(Problem(path, f"{len(bad)} lines have no id and position (first: {bad[0][:60]!r})"))
    ids = [row[0] for row in rows]
    numbers = [int(match[0]) if (match := re.search(r"\d+$", name)) else -1 for name in ids]
    collections = [_collection(name) for name in ids]
    labels = [
        collection if collection in _SAME_MODES or not (row[1] or "").strip() else " ".join(row[1].split())
        for collection, row in zip(collections, rows, strict=True)
    ]
    fields = [
        pa.field("_number", pa.int64()),
        pa.field("object_id", pa.string()),
        *(pa.field(name, pa.float64(), metadata=POSITION[name]) for name in ("ra", "dec")),
        pa.field("label", pa.string()),
        pa.field("collection", pa.string()),
        pa.field("other_names", pa.string()),
    ]
    arrays = [
        pa.array(numbers, pa.int64()),
        pa.array(ids),
        pa.array(degrees(pa.array([row[2] for row in rows]), hours=True)),
        pa.array(degrees(pa.array([row[3] for row in rows]), hours=False)),
        pa.array(labels, pa.string()),
        pa.array(collections, pa.string()),
        pa.array([" ".join((row[4] or "").split()) for row in rows]),
    ]
    return placed(pa.Table.from_arrays(arrays, schema=pa.schema(fields)), "ra", "dec", path, problems)


def _collection(name: str) -> str:
    """``CEP`` of ``OGLE-LMC-CEP-0001``."""
    fields = name.split("-")
    return fields[2] if len(fields) > 3 else ""


def _from_files(part: Part, objects: pa.Table, problems: list[Problem]) -> pa.Table:
    """The stars `part.start` to `part.stop`, a file a star and band; damaged files are set aside alone."""
    stars = objects.slice(part.start, (part.stop or objects.num_rows) - part.start)
    number = {name: i for i, name in enumerate(stars.column("object_id").to_pylist())}
    columns: list[npt.NDArray[np.float64]] = []
    owners, bands = [], []
    for path in part.beside:
        match = _FILE.match(os.path.basename(path))
        band = _band_of(path, part.path)
        try:
            columns.append(_observations(path))
        except ReleaseFileError as error:
            problems.append(Problem(path, str(error)))
            continue
        owners.append(np.full(len(columns[-1]), number[match[1] if match else ""]))
        bands.append(np.full(len(columns[-1]), BANDS.index(band), np.int8))
    table = np.concatenate([np.empty((0, 3)), *columns])
    owner = np.concatenate([np.empty(0, np.int64), *owners])
    codes = np.concatenate([np.empty(0, np.int8), *bands])
    time = np.where(table[:, 0] > _HJD_ZERO / 2, table[:, 0] - _HJD_ZERO, table[:, 0]) + (_HJD_ZERO - _MJD_ZERO)
    mag = np.where(np.abs(table[:, 1]) < 90, table[:, 1], np.nan)
    named = pa.DictionaryArray.from_arrays(pa.array(codes), pa.array(BANDS))
    values = {"time": pa.array(time), "mag": pa.array(mag), "mag_err": pa.array(table[:, 2]), "band": named}
    missing = ~np.isfinite(mag)
    leave_out(problems, {NO_MAGNITUDE: int(missing.sum())})
    index, curves = nest(np.where(missing, -1, owner), values)
    return stars.drop_columns(["_number"]).take(pa.array(index)).append_column(_FIELD, curves)


def _band_of(path: str, ident: str) -> str:
    """The band of a file of a star, by its name or the nearest folder below the list that is named by one."""
    match = _FILE.match(os.path.basename(path))
    folders = os.path.relpath(os.path.dirname(path), os.path.dirname(ident)).split(os.sep)
    named = (match[2] or "").upper() if match else ""
    return named or next((band for part in reversed(folders) if (band := part.upper()) in BANDS), BANDS[0])


def _observations(path: str) -> npt.NDArray[np.float64]:
    """Times, magnitudes and errors [n, 3] of one star in one band."""
    with reading(path), pa.input_stream(path, compression=codec_of(path)) as stream:
        rows = bytes(stream.read()).decode("ascii").splitlines()
        lines = [line.split() for line in rows if line.strip() and not line.startswith("#")]
        if not lines:
            raise ReleaseFileError(f"{path} is empty")
        short = next((i for i, line in enumerate(lines) if len(line) < 3), None)
        if short is not None:
            raise ReleaseFileError(f"{path}: line {short + 1} has {len(lines[short])} numbers, not 3")
        found = np.array([line[:3] for line in lines], np.float64)
        if np.any((found[:, 0] > _SHORT_HJD) & (found[:, 0] < _HJD_ZERO)):
            raise ReleaseFileError(f"{path}: times such as {found[0, 0]:g} are neither HJD nor HJD - 2450000")
        return found
