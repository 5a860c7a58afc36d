"""Rubin: alert packets in Avro or in brokers' Parquet files, as light curves of their DiaObjects."""

from __future__ import annotations

import functools
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from lcscale.errors import InputError
from lcscale.lightcurves import FLUX_TYPE
from lcscale.lightcurves.fields import RUBIN_BANDS, RUBIN_FLAGS
from lcscale.nested import Nested
from lcscale.surveys.formats import head_of
from lcscale.surveys.nesting import light_curve_field, nest
from lcscale.surveys.packed import POSITION
from lcscale.surveys.reading import reading
from lcscale.surveys.release import Part, Problem, ReleaseFileError, expand, leave_out, stamp_of

_FLAGS = (*RUBIN_FLAGS, "forced_PsfFlux_flag")
_SOURCE = ("diaSourceId", "diaObjectId", "ssObjectId", "midpointMjdTai", "ra", "dec", "band", *_FLAGS)
_FLUXES = tuple(f"{start}Flux{end}" for start in ("psf", "science") for end in ("", "Err"))
_PARTS = {
    "diaSource": (*_SOURCE, *_FLUXES),
    "prvDiaSources": ("midpointMjdTai", "band", *_FLAGS, *_FLUXES),
    "prvDiaForcedSources": ("midpointMjdTai", "band", *_FLUXES),
    "diaObject": ("ra", "dec"),
}
"""What is read of a packet. The id is that of the source: brokers have diaObject's as double, which rounds it."""
_PLACES: dict[str, Sequence[str]] = {"diaSource": _SOURCE[:6], "diaObject": ("ra", "dec")}
"""What the last positions of objects are read from."""
_PARQUET, _AVRO = b"PAR1", b"Obj\x01"
_BYTES_OF_A_PART = 256 << 20
_OBSERVED = ("time", "flux", "flux_err", "band")


@dataclass(frozen=True)
class RubinAlerts:
    """Packets of any number of files, given a night at a time: with `append` each brings its DiaObjects up to date.

    A light curve has the alert's own detection, the earlier ones and the forced photometry at other times, each once;
    flagged ones are left out. Alerts of solar-system objects (`ssObjectId` is neither null nor 0) are left out, or are
    taken alone. A task reads files of about 256 MiB; of the others it reads where objects were seen last, since all
    pieces of an object stand there (of Avro that is the whole file: prefer Parquet where there is much).
    """

    flux: str = "scienceFlux"
    """``scienceFlux``, that of the source as it is, or ``psfFlux``, its difference to the template."""
    solar_system: bool = False
    """Take the detections of solar-system objects alone, a row each, and nothing else."""
    name = "rubin_alerts"
    ra = "ra"
    dec = "dec"
    identity = "object_id"
    join_arcsec = 0.0
    repeats = True
    properties: ClassVar[Mapping[str, str]] = {"obs_title": "Rubin alerts", "bib_reference": "2019ApJ...873..111I"}

    def __post_init__(self) -> None:
        if self.flux not in ("scienceFlux", "psfFlux"):
            raise InputError(f"rubin_alerts: flux is {self.flux!r}; give scienceFlux or psfFlux")

    def parts(self, paths: Sequence[str], problems: list[Problem]) -> list[Part]:
        """The files, some together."""
        files = tuple(dict.fromkeys(file for path in expand(paths) for file in _files_in(path)))
        if not files:
            raise InputError(f"no files of alerts in {', '.join(map(str, paths))}")
        before = np.cumsum([0, *(os.path.getsize(file) for file in files)])[:-1]
        starts = np.flatnonzero(np.diff(before // _BYTES_OF_A_PART, prepend=-1)).tolist()
        spans = zip(starts, [*starts[1:], len(files)], strict=True)
        stamp = stamp_of(files)
        return [Part(files[start], "alerts", start, stop, stamp, files) for start, stop in spans]

    def batches(self, part: Part, problems: list[Problem]) -> Iterator[pa.Table]:
        """One row a DiaObject, or one a detection of a solar-system object."""
        reasons: Counter[str] = Counter()
        read: list[tuple[pa.Table, pa.Table]] = []
        files = part.beside[part.start : part.stop]
        for file in files:
            try:
                with reading(file):
                    read.append(self._read(file, reasons))
            except ReleaseFileError as error:
                problems.append(Problem(file, str(error)))
        leave_out(problems, reasons)
        if read:
            sources, observed = (pa.concat_tables(tables) for tables in zip(*read, strict=True))
            places = sources
            if len(files) < len(part.beside) and not self.solar_system:
                stats = tuple((stat.st_mtime_ns, stat.st_size) for stat in map(os.stat, part.beside))
                places = _places(self, part.beside, stats)
            yield self._rows(_last_of_each(sources, places), observed)

    def _read(self, file: str, reasons: Counter[str]) -> tuple[pa.Table, pa.Table]:
        """The alerts of a file, and the observations in them, both with the name of the object as `owner`."""
        packets = _packets(file)
        source, owner, chosen, sources = self._sources(packets, file, reasons)
        observed = [self._observations(source, owner, chosen, file, reasons)]
        earlier = partial(self._earlier, packets, owner, chosen & (not self.solar_system), file)
        observed += earlier("prvDiaSources", reasons)
        forced = earlier("prvDiaForcedSources", reasons)
        detected = pa.concat_tables(observed)
        keys = ["owner", "time", "band"]
        others = [one.join(detected.select(keys), keys, join_type="left anti", use_threads=False) for one in forced]
        return sources, pa.concat_tables([detected, *others])

    def _sources(
        self, packets: pa.Table, file: str, reasons: Counter[str]
    ) -> tuple[pa.StructArray, npt.NDArray[np.int64], npt.NDArray[np.bool_], pa.Table]:
        """The alerts' own detections, the object of each, which are wanted, and of these time and place."""
        source = _struct(packets, "diaSource", file)
        names = {name: _ids(source, name, file) for name in ("diaSourceId", "diaObjectId", "ssObjectId")}
        solar = names["ssObjectId"] != 0
        chosen = solar if self.solar_system else ~solar & (names["diaObjectId"] != 0)
        if not self.solar_system:
            reasons["alerts of solar-system objects (--option solar_system=true takes them alone)"] += int(solar.sum())
            reasons["alerts without a DiaObject"] += int((~chosen & ~solar).sum())
        owner = names["diaSourceId" if self.solar_system else "diaObjectId"]
        here = {name: _numbers(source, name) for name in ("ra", "dec", "midpointMjdTai")}
        place = _struct(packets, "diaObject", file) if "diaObject" in packets.column_names else source
        for name in ("ra", "dec"):
            told = _numbers(place, name)
            here[name] = np.where(np.isfinite(told) & (not self.solar_system), told, here[name])
        sources = pa.table({"owner": owner, **here, "ssObjectId": names["ssObjectId"]}).filter(pa.array(chosen))
        return source, owner, chosen, sources

    def _earlier(
        self,
        packets: pa.Table,
        owner: npt.NDArray[np.int64],
        chosen: npt.NDArray[np.bool_],
        file: str,
        name: str,
        reasons: Counter[str],
    ) -> list[pa.Table]:
        """What a list of the packets tells of the objects; nothing where it is empty in all, or not there."""
        if name not in packets.column_names:
            return []
        lists = packets.column(name).combine_chunks()
        if not pa.types.is_struct(lists.type.value_type):
            return []
        nested = Nested.of(lists)
        of, values = nested.owner, nested.values
        if self.flux not in values.type.names:
            if len(values):
                reasons[f"forced photometry without {self.flux}"] += len(values)
            return []
        return [self._observations(values, owner[of], chosen[of], file, reasons)]

    def _observations(
        self,
        values: pa.StructArray,
        owner: npt.NDArray[np.int64],
        chosen: npt.NDArray[np.bool_],
        file: str,
        reasons: Counter[str],
    ) -> pa.Table:
        if self.flux not in values.type.names:
            other = "psfFlux" if self.flux == "scienceFlux" else "scienceFlux"
            raise ReleaseFileError(f"{file} has no {self.flux}; --flux {other} takes that in its place")
        flagged = np.zeros(len(values), np.bool_)
        for name in (name for name in _FLAGS if name in values.type.names):
            flagged |= np.asarray(pc.fill_null(values.field(name).cast(pa.bool_()), False).to_numpy(False))
        flux, error, time = (_numbers(values, name) for name in (self.flux, f"{self.flux}Err", "midpointMjdTai"))
        known = np.isfinite(flux) & np.isfinite(time)
        reasons["flagged"] += int((flagged & chosen).sum())
        reasons["no flux or no time"] += int((~known & ~flagged & chosen).sum())
        table = pa.table({"owner": owner, "time": time, "flux": flux.astype("f4"), "flux_err": error.astype("f4")})
        table = table.append_column("band", values.field("band").cast(pa.string()))
        return table.filter(pa.array(chosen & known & ~flagged))

    def _rows(self, objects: pa.Table, observed: pa.Table) -> pa.Table:
        """A row for each of `objects`, in order of `owner`, with its observations, each once."""
        unique = observed.group_by(["owner", *_OBSERVED], use_threads=False).aggregate([])
        unique = unique.sort_by([(key, "ascending") for key in ("owner", "time", "band", "flux")])
        place = np.searchsorted(objects.column("owner").to_numpy(), unique.column("owner").to_numpy())
        missing = pa.table({name: pa.array([], unique.schema.field(name).type) for name in _OBSERVED})
        values = unique.select(list(missing.column_names))
        index, curves = nest(place, {name: values.column(name).combine_chunks() for name in _OBSERVED})
        field = light_curve_field(RUBIN_BANDS, FLUX_TYPE, time_scale="TAI", time_origin="MJD", flux=self.flux)
        at = np.full(objects.num_rows, -1)
        at[index] = np.arange(index.size)
        lists = [
            pc.coalesce(part.take(pa.array(at, mask=at < 0)), pa.scalar([], part.type)) for part in curves.flatten()
        ]
        columns = [objects.column(name) for name in ("owner", "ra", "dec")]
        fields = [pa.field("object_id", pa.int64())]
        fields += [pa.field(name, pa.float64(), metadata=said) for name, said in POSITION.items()]
        if self.solar_system:
            columns.append(objects.column("ssObjectId"))
            fields.append(pa.field("ss_object_id", pa.int64()))
        columns.append(pa.StructArray.from_arrays(lists, fields=list(field.type)))
        return pa.Table.from_arrays(columns, schema=pa.schema([*fields, field]))


def _files_in(path: str) -> list[str]:
    """The file itself, or those in the folder that begin as Parquet or Avro does, sorted."""
    if not os.path.isdir(path):
        return [path]
    names = [os.path.join(folder, name) for folder, _, names in os.walk(path) for name in names]
    return sorted(name for name in names if head_of(name, 4).startswith((_PARQUET, _AVRO)))


@functools.lru_cache(maxsize=1)
def _places(survey: RubinAlerts, files: tuple[str, ...], stats: tuple[tuple[int, int], ...]) -> pa.Table:
    """Where and when the alerts of `files` saw their objects last; a file that cannot be read tells nothing."""
    found = []
    for file in files:
        try:
            with reading(file):
                sources = survey._sources(_packets(file, _PLACES), file, Counter())[-1]
        except ReleaseFileError:
            continue  # the part that reads its observations says why
        found.append(_last_of_each(sources, sources))
    return pa.concat_tables(found)


def _last_of_each(sources: pa.Table, places: pa.Table) -> pa.Table:
    """The last of `places` of each object that is in `sources`, in order of `owner`."""
    owners = pc.unique(sources.column("owner").combine_chunks())
    last = places.filter(pc.is_in(places.column("owner"), owners))
    last = last.sort_by([("owner", "ascending"), ("midpointMjdTai", "ascending")])
    name = last.column("owner").to_numpy()
    return last.filter(pa.array(np.diff(name, append=name[-1:] + 1 if name.size else []) != 0))


def _packets(file: str, needed: Mapping[str, Sequence[str]] = _PARTS) -> pa.Table:
    """What is needed of the packets of a file, a row each."""
    start = head_of(file, 4)
    if start == _PARQUET:
        parquet = pq.ParquetFile(file)
        wanted = {f"{part}.{name}" for part, names in needed.items() for name in names}
        paths = [parquet.schema.column(i).path for i in range(len(parquet.schema))]
        return parquet.read([path for path in paths if _plain(path) in wanted])
    if start != _AVRO:
        raise ReleaseFileError(f"{file} is neither Parquet nor an Avro container")
    try:
        import fastavro
    except ImportError as error:
        raise InputError("alerts in Avro need fastavro: pip install 'lcscale[alerts]'") from error
    with open(file, "rb") as stream:
        try:
            return pa.Table.from_pylist([_cut(packet, needed) for packet in fastavro.reader(stream)])
        except (ValueError, EOFError, KeyError, IndexError) as error:
            raise ReleaseFileError(f"{file} is no whole Avro container: {error}") from error


def _plain(path: str) -> str:
    """Path of a Parquet column without the steps of a list."""
    return ".".join(step for step in path.split(".") if step not in ("list", "element", "item"))


def _cut(packet: Any, needed: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """The part of a packet that is needed."""

    def some(record: Mapping[str, Any] | None, names: Sequence[str]) -> dict[str, Any] | None:
        return None if record is None else {name: record[name] for name in names if name in record}

    found: dict[str, Any] = {}
    for part, names in needed.items():
        value = packet.get(part)
        found[part] = [some(one, names) for one in value or []] if part.startswith("prv") else some(value, names)
    return found


def _struct(packets: pa.Table, name: str, file: str) -> pa.StructArray:
    if name not in packets.column_names:
        raise ReleaseFileError(f"{file} has no {name}: these are no alert packets of Rubin")
    column = packets.column(name).combine_chunks()
    if isinstance(column, pa.ChunkedArray):
        column = pa.concat_arrays(column.chunks)
    return column


def _ids(source: pa.StructArray, name: str, file: str) -> npt.NDArray[np.int64]:
    """Ids, int64 [n]; 0 for none.

    Raises
    ------
    ReleaseFileError
        They are no whole numbers: a double holds none of Rubin's exactly.
    """
    if name not in source.type.names or pa.types.is_null(source.type.field(name).type):
        return np.zeros(len(source), np.int64)
    column = pc.struct_field(source, name)
    if not pa.types.is_integer(column.type):
        raise ReleaseFileError(
            f"{file}: diaSource.{name} is {column.type}, which rounds ids beyond 2^53 to others; "
            "take the packets themselves, or a file in which it is a whole number"
        )
    return np.asarray(pc.fill_null(column.cast(pa.int64()), 0).to_numpy(), np.int64)


def _numbers(values: pa.StructArray, name: str) -> npt.NDArray[np.float64]:
    if not pa.types.is_struct(values.type) or name not in values.type.names:
        return np.full(len(values), np.nan)
    column = pc.struct_field(values, name).cast(pa.float64())  # nulls of the struct itself are nulls of its fields
    return np.asarray(column.to_numpy(zero_copy_only=False), np.float64)
