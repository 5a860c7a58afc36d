"""Light curves of single Gaia alerts, as the survey's pages publish them (``GaiaXXyyy.csv``)."""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from lcscale.surveys.nesting import light_curve_field
from lcscale.vocabulary import Column

FIELD = light_curve_field(("G",), time_scale="TCB", time_origin="JD - 2400000.5", mag_system="Vega")
"""The light-curve column; the survey publishes no errors here, so they are null."""

REASON = Column(
    "reason", pa.string(), "", "meta.note", "Why a file could not be read as a light curve.", "lcscale.surveys"
)

SCHEMA = pa.schema(
    [
        pa.field("object_id", pa.string()),
        FIELD,
        pa.field("n_rows", pa.int32()),
        pa.field("n_untrusted", pa.int32()),
        pa.field("n_null", pa.int32()),
        pa.field("n_malformed", pa.int32()),
        REASON.field,
    ]
)
"""Columns of `read_alert_curves`."""

_HEADER = "#date,jd(tcb),averagemag"
_MJD = 2_400_000.5


def read_alert_curves(paths: Sequence[str | os.PathLike[str]]) -> pa.Table:
    """One row a file: a line with the alert's name, ``#Date,JD(TCB),averagemag.``, then the observations.

    Magnitudes that are ``untrusted`` or ``null`` are counted and left out, lines that cannot be read too. A file that
    is no such light curve keeps its row, with the file's name and a `reason`.

    Parameters
    ----------
    paths
        Files, as downloaded.
    """
    return pa.Table.from_pylist([_row(Path(path)) for path in paths], schema=SCHEMA)


def _row(path: Path) -> dict[str, object]:
    empty: dict[str, object] = {"object_id": path.stem, "lightcurve": None, "n_rows": 0, "n_untrusted": 0, "n_null": 0}
    try:
        lines = [line.strip() for line in path.read_text("utf-8-sig").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        return empty | {"n_malformed": 0, "reason": f"cannot read {path}: {error}"}
    if len(lines) < 2 or not lines[1].replace(" ", "").lower().startswith(_HEADER):
        return empty | {
            "n_malformed": 0,
            "reason": f"{path} is no alert's light curve: line 2 is not '#Date,JD(TCB),…'",
        }
    times, mags, odd = [], [], {"untrusted": 0, "null": 0, "": 0}
    for row in csv.reader(lines[2:]):
        moment, mag = (row[1].strip(), row[2].strip().lower()) if len(row) == 3 else ("", "")
        time, value = _number(moment), _number(mag)
        if time is not None and value is not None:
            times.append(time - _MJD)
            mags.append(value)
        else:
            odd[mag if mag in odd and time is not None else ""] += 1
    order = sorted(range(len(times)), key=times.__getitem__)
    curve = {
        "time": [times[k] for k in order],
        "mag": [mags[k] for k in order],
        "mag_err": [None] * len(order),
        "band": ["G"] * len(order),
    }
    kept = {field.name: curve[field.name] for field in FIELD.type}
    name = lines[0].lstrip("#").rstrip(",").strip()
    counts = {"n_untrusted": odd["untrusted"], "n_null": odd["null"], "n_malformed": odd[""]}
    return {"object_id": name, "lightcurve": kept, "n_rows": len(lines) - 2, **counts, "reason": None}


def _number(text: str) -> float | None:
    """A finite number, or None."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if abs(value) < float("inf") else None
