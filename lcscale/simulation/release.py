"""A simulated two-band survey for the demonstration: its release files, which the adapter ``simulated`` reads.

Beside the release stand what the other steps need: a reference catalog with parallaxes and proper motions, a listing of
alerts in the form of Gaia's, and a list of known young stars.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv as pv

if TYPE_CHECKING:
    from lcscale.simulation.synthesis import SyntheticLightCurves

Floats = npt.NDArray[np.float64]

BANDS = ("g", "r")
CLASSES = {
    "CONST": 10,
    "RRab": 12,
    "RRc": 8,
    "DCEP_F": 7,
    "DCEP_1O": 4,
    "DSCT": 8,
    "EA": 10,
    "EB": 5,
    "EW": 12,
    "ROT": 6,
    "LPV": 6,
    "MIRA": 3,
    "YSO": 6,
    "QSO": 3,
}
"""How often each class is among the stars, in percent."""

STARS = "stars.csv"
_CENTRE = (283.0, 4.5)
_SIZE_DEG = 1.6
_FILES = 3
_VERSION = 1
_REFERENCE_EPOCH = 2016.0
_SURVEY_EPOCH = 2020.0


@dataclass(frozen=True)
class SimulatedRelease:
    """Where `write_release` put what."""

    survey: str
    """Folder of the release, for the adapter ``simulated``."""
    reference: str
    """CSV: source_id, ra, dec, pmra, pmdec (mas/yr, with cos dec), parallax (mas), g_mag, bp_rp; epoch 2016.0."""
    alerts: str
    """CSV in the form of the Gaia Science Alerts' listing, for the adapter ``gaia_alerts``."""
    yso: str
    """CSV of known young stars: name, ra, dec, class."""


def write_release(folder: str | os.PathLike[str], *, n: int = 1500, seed: int = 20) -> SimulatedRelease:
    """Write a simulated survey of `n` stars, the same bytes for the same arguments; written once only.

    Parameters
    ----------
    folder
        Where to write; made if it is not there.
    n
        Number of stars.
    seed
        Of all random numbers.

    Returns
    -------
    SimulatedRelease
        The paths written. Truth stands in ``stars.csv``: class, true_period (days; empty where there is none).
    """
    root = Path(folder)
    release = SimulatedRelease(*(str(root / name) for name in ("survey", "reference.csv", "alerts.csv", "yso.csv")))
    marker = root / ".release.json"
    content = json.dumps({"version": _VERSION, "n": n, "seed": seed})
    there = all(os.path.exists(path) for path in (marker, *vars(release).values()))
    if there and marker.read_text() == content:
        return release
    _write_all(release, n, seed)
    marker.write_text(content)
    return release


def _write_all(release: SimulatedRelease, n: int, seed: int) -> None:
    from lcscale.simulation.synthesis import synthesize

    root = Path(release.survey).parent
    rng = np.random.default_rng(seed)
    labels = rng.choice(list(CLASSES), n, p=np.array(list(CLASSES.values())) / sum(CLASSES.values())).tolist()
    made = synthesize(labels, seed, bands=BANDS, n_observations=(40, 180), baseline_days=1200.0)
    made_ra, made_dec = _positions(rng, n)
    (root / "survey").mkdir(parents=True, exist_ok=True)
    stars = {"star": _names("SIM", n), "ra": made_ra.round(7), "dec": made_dec.round(7), "class": labels}
    _write(stars | {"true_period": _nullable(made.period, 8)}, root / "survey" / STARS)
    _write_detections(made, root / "survey")
    _write(_reference(rng, made, made_ra, made_dec), root / "reference.csv")
    _write_alerts(rng, made, made_ra, made_dec, root / "alerts.csv")
    young = np.flatnonzero((made.label == "YSO") & (rng.random(n) < 0.7))
    known = {"name": _names("YSO", young.size), "ra": made_ra[young].round(7), "dec": made_dec[young].round(7)}
    _write(known | {"class": rng.choice(["ClassII", "FS", "ClassIII"], young.size)}, root / "yso.csv")


def _positions(rng: np.random.Generator, n: int) -> tuple[Floats, Floats]:
    """Positions spread evenly over a square field."""
    dec = _CENTRE[1] + _SIZE_DEG * (rng.random(n) - 0.5)
    ra = _CENTRE[0] + _SIZE_DEG * (rng.random(n) - 0.5) / np.cos(np.radians(dec))
    return ra, dec


def _names(prefix: str, n: int) -> list[str]:
    return [f"{prefix}-{i:05d}" for i in range(1, n + 1)]


def _nullable(values: Floats, digits: int) -> pa.Array:
    return pa.array(np.round(values, digits), mask=~np.isfinite(values))


def _write(columns: Mapping[str, object], path: Path) -> None:
    """Write a CSV whole."""
    beside = path.with_name(f".{path.name}")
    pv.write_csv(pa.table(dict(columns)), beside)
    beside.replace(path)


def _write_detections(made: SyntheticLightCurves, folder: Path) -> None:
    """All detections in order of time, as a survey takes them, in a few files."""
    lcs = made.lcs
    order = np.argsort(lcs.time, kind="stable")
    owner = lcs.object_index()[order]
    names = np.array(_names("SIM", len(lcs)))
    bands = np.zeros(order.size, np.int8) if lcs.band is None else lcs.band[order]
    for i, rows in enumerate(np.array_split(np.arange(order.size), _FILES)):
        columns = {
            "star": names[owner[rows]],
            "mjd": lcs.time[order[rows]].round(6),
            "filter": np.array(BANDS)[bands[rows]],
            "mag": lcs.mag[order[rows]].astype(np.float64).round(4),
            "magerr": lcs.mag_err[order[rows]].astype(np.float64).round(4),
        }
        _write(columns, folder / f"detections-{i + 1}.csv")


def _reference(rng: np.random.Generator, made: SyntheticLightCurves, ra: Floats, dec: Floats) -> dict[str, object]:
    """Most stars of the survey where they were in 2016, and as many others that do not vary."""
    n = ra.size
    seen = np.flatnonzero(rng.random(n) < 0.95)
    others = _positions(rng, n)
    all_ra, all_dec = np.append(ra[seen], others[0]), np.append(dec[seen], others[1])
    m = all_ra.size
    parallax = np.maximum(rng.gamma(1.2, 0.6, m), 0.02)
    pmra, pmdec = (rng.normal(-2, 3, m) + 6 * parallax * rng.normal(0, 1, m) for _ in range(2))
    years = _REFERENCE_EPOCH - _SURVEY_EPOCH
    error = rng.normal(0, 0.05, (2, m)) / 3600
    all_dec = all_dec + pmdec * years / 3.6e6 + error[0]
    all_ra = all_ra + (pmra * years / 3.6e6 + error[1]) / np.cos(np.radians(all_dec))
    blue, red = made.mean_mag[seen].T
    g_mag = np.append(0.5 * (blue + red), rng.uniform(14, 20, n))
    colour = np.append(0.3 + 1.4 * (blue - red), rng.normal(1.2, 0.4, n))
    order = rng.permutation(m)
    ids = 4_270_000_000_000_000_000 + np.sort(rng.choice(10**15, m, replace=False))
    columns: dict[str, object] = {"source_id": ids}
    rounded = {"ra": (all_ra, 8), "dec": (all_dec, 8), "pmra": (pmra, 3), "pmdec": (pmdec, 3)}
    rounded |= {"parallax": (parallax, 4), "g_mag": (g_mag, 4), "bp_rp": (colour, 4)}
    return columns | {name: values[order].round(digits) for name, (values, digits) in rounded.items()}


def _write_alerts(rng: np.random.Generator, made: SyntheticLightCurves, ra: Floats, dec: Floats, path: Path) -> None:
    """Alerts on some variable stars and on transients elsewhere, over five years, newest first."""
    loud = np.flatnonzero(np.isin(made.label, ["YSO", "LPV", "MIRA", "QSO"]))
    stars = np.sort(rng.choice(loud, loud.size // 2, replace=False))
    n_other = 4 * stars.size
    other_ra, other_dec = _positions(rng, n_other)
    all_ra, all_dec = np.append(ra[stars], other_ra), np.append(dec[stars], other_dec)
    kinds = np.append(np.full(stars.size, "unknown"), rng.choice(["unknown", "SN Ia", "CV", "QSO"], n_other))
    days = np.sort(rng.choice(5 * 365, all_ra.size, replace=False))[::-1]
    order = rng.permutation(all_ra.size)
    lines = ["#Name, Date, RaDeg, DecDeg, AlertMag, HistoricMag, HistoricStdDev, Class, Published, Comment, TNSid"]
    for day, i in zip(days, order, strict=True):
        date = np.datetime64("2019-01-01T03:10:00") + np.timedelta64(int(day), "D")
        text = str(date).replace("T", " ")
        historic = f"{rng.uniform(16, 19):.2f},{rng.uniform(0.05, 0.6):.2f}" if i < stars.size else ","
        lines.append(
            f"Sim{text[2:4]}{day:04d},{text},{all_ra[i]:.5f},{all_dec[i]:.5f},{rng.uniform(15, 19):.2f},{historic},"
            f'"{kinds[i]}",{text},"simulated, {"brightens" if i % 2 else "fades"}",'
        )
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
