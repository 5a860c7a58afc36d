"""Detections, one a row, become light curves, one a row."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lcscale.errors import InputError
from lcscale.lightcurves import FLUX_TYPE, LIGHTCURVE_TYPE
from lcscale.nested import Nested, struct_of

NO_ORIGIN = "not stated"
"""What the metadata ``time_origin`` is for days that nothing says the zero of."""

_COUNTS = "observations"
_STORED = {field.name: field.type.value_type for field in (*LIGHTCURVE_TYPE, *FLUX_TYPE)}
"""Types of the parts of a light curve in the lake."""
MEMBERS = "members"
"""Nested column of objects joined by position: a row for each of the survey's own ids that make the object.

Its fields are the id (first; a field of the same name in `lightcurve` tells it of every observation), `ra` and `dec` of
the survey's, and `mag`, the median magnitude of its observations in `lightcurve`.
"""


def nest(owner: npt.NDArray[np.int64], values: Mapping[str, pa.Array]) -> tuple[npt.NDArray[np.int64], pa.StructArray]:
    """Gather detections by their owner, in order of time.

    Parameters
    ----------
    owner
        int64 [n_detections], number of the object each belongs to; negative ones are left out.
    values
        Arrow arrays [n_detections]: the fields of `LIGHTCURVE_TYPE` or `FLUX_TYPE` (numbers of any width; `band` text
        or dictionary) and any others.

    Returns
    -------
    int64 [n_objects], pyarrow.StructArray [n_objects]
        The objects that have detections, in ascending order, and their light curves (nulls in numbers become NaN).
    """
    time = values["time"].to_numpy(zero_copy_only=False)
    rows: npt.NDArray[np.int64] | None = None
    if owner.size and owner.min() < 0:
        rows = np.flatnonzero(owner >= 0)
        owner, time = owner[rows], time[rows]
    if not _in_order(owner, time):
        order = np.lexsort((time, owner))
        owner = owner[order]
        rows = order if rows is None else rows[order]
    starts = np.flatnonzero(np.diff(owner, prepend=-1)) if owner.size else np.empty(0, np.int64)
    offsets = np.append(starts, owner.size)
    taken = None if rows is None else pa.array(rows)
    return owner[starts], struct_of(
        {
            name: Nested(_field(name, array if taken is None else array.take(taken)), offsets)
            for name, array in values.items()
        }
    )


def gathered(owner: npt.NDArray[np.int64], n: int, values: Mapping[str, pa.Array]) -> pa.StructArray:
    """A struct of lists for each of `n` owners, of values that stand in order of their `owner`."""
    return struct_of({name: Nested.owned(each, owner, n) for name, each in values.items()})


def empty_light_curves(n: int, kind: pa.StructType = LIGHTCURVE_TYPE) -> pa.StructArray:
    """`n` light curves without observations."""
    none = np.zeros(n + 1, np.int64)
    return struct_of({field.name: Nested(pa.array([], field.type.value_type), none) for field in kind})


def medians(mag: pa.Array, owner: npt.NDArray[np.int64], n: int) -> pa.Array:
    """Median of the magnitudes of each of `n` owners, float32, null where there is none; `owner` in any order."""
    values = mag.to_numpy(zero_copy_only=False)
    every = np.bincount(owner, minlength=n)
    starts = np.cumsum(every) - every
    ordered = np.append(values[np.lexsort((values, owner))], np.float32(np.nan))  # those that are NaN come last of each
    counts = np.bincount(owner[np.isfinite(values)], minlength=n)
    middle = (ordered[starts + (counts - 1).clip(0) // 2] + ordered[starts + counts // 2]) / 2
    return pa.array(middle.astype(np.float32), mask=counts == 0)


def light_curve_field(
    bands: tuple[str, ...],
    kind: pa.StructType = LIGHTCURVE_TYPE,
    found: Mapping[str, int] | None = None,
    **metadata: str,
) -> pa.Field:
    """The field `lightcurve`; `bands` (primary band first), units, time scale and the like go to its metadata.

    Where no bands are named, `found` has the observations of each band in the data: `common_field` adds them up.
    """
    unit = "flux: nJy" if "flux" in kind.names else "mag: mag"
    said = {"bands": ",".join(bands), "unit": f"time: d, {unit}", **metadata}
    if found:
        said |= {"bands": ",".join(_by_observations(found)), _COUNTS: json.dumps(dict(found), sort_keys=True)}
    return pa.field("lightcurve", kind, metadata=said)


def counted_bands(bands: pa.Array) -> dict[str, int]:
    """Observations in each band."""
    counts = pc.value_counts(bands.drop_null()).to_pylist()
    return {str(one["values"]): int(one["counts"]) for one in counts}


def common_field(fields: Sequence[pa.Field]) -> pa.Field:
    """One field `lightcurve` for rows of all `fields`: what any of them says, observations in bands added up.

    Raises
    ------
    InputError
        Where some times are MJD and others are days of an origin that nothing states.
    """
    said: dict[str, str] = {}
    counts: Counter[str] = Counter()
    for field in fields:
        own = {key.decode(): value.decode() for key, value in (field.metadata or {}).items()}
        counts.update(json.loads(own.pop(_COUNTS, "{}")))
        origins = {said.get("time_origin"), own.get("time_origin")} - {None}
        if len(origins) > 1 and NO_ORIGIN in origins:
            raise InputError(
                f"times of the files are {' and '.join(sorted(map(str, origins)))}, which cannot stand in one catalog; "
                "say what they are (--time-format), or ingest the files apart"
            )
        for key, value in own.items():
            there = said.get(key, "")
            told = key in ("time_origin", "time_scale") and value and value not in there.split(", ")
            said[key] = ", ".join(filter(None, (there, value))) if told else there or value
    if counts:
        said |= {"bands": ",".join(_by_observations(counts)), _COUNTS: json.dumps(dict(counts), sort_keys=True)}
    return fields[0].with_metadata(said)


def settled_field(field: pa.Field, before: pa.Field | None = None) -> pa.Field:
    """The field as it stands in a catalog, behind whose bands `before` those come that are new."""
    said = {key.decode(): value.decode() for key, value in (field.metadata or {}).items()}
    said.pop(_COUNTS, None)
    if before is None:
        return field.with_metadata(said)
    both = {key.decode(): value.decode() for key, value in (common_field([before, field]).metadata or {}).items()}
    there = (before.metadata or {}).get(b"bands", b"").decode()
    bands = [name for name in f"{there},{said.get('bands', '')}".split(",") if name]
    both.pop(_COUNTS, None)
    return before.with_metadata(both | ({"bands": ",".join(dict.fromkeys(bands))} if bands else {}))


def _by_observations(counts: Mapping[str, int]) -> list[str]:
    return sorted(counts, key=lambda band: (-counts[band], band))


def band_array(band: str, n: int) -> pa.Array:
    """`n` times the same band, in little memory."""
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(n, np.int8)), pa.array([band]))


def _in_order(owner: npt.NDArray[np.int64], time: npt.NDArray[Any]) -> bool:
    step = np.diff(owner)
    return bool(np.all((step > 0) | ((step == 0) & (np.diff(time) >= 0))))


def _field(name: str, array: pa.Array) -> pa.Array:
    """`array` in the type the lake stores; missing numbers of a detection are NaN."""
    if pa.types.is_dictionary(array.type):
        array = array.cast(array.type.value_type)
    if name in _STORED:
        array = array.cast(_STORED[name], safe=False)
    if pa.types.is_floating(array.type) and array.null_count:
        array = pc.fill_null(array, np.nan)
    return array
