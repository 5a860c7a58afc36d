"""`simulate_population`: a sky of stars, giants, galaxies and young stars as Gaia, 2MASS and AllWISE would measure it.

It fills the classes and depths for which no labelled photometry is at hand; what is learnt or measured on it is named
simulated everywhere. Sequences, dust and limits are declared in `population.toml`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lcscale.errors import InputError

Floats = npt.NDArray[np.float64]
Objects = tuple[Floats, Floats, Floats, Floats]
"""Apparent magnitudes without dust [n_bands, n], parallax in mas, A_V, and scatter of G in magnitudes, each [n]."""

_CENTRES = ((83.8, -5.4), (246.8, -24.4), (311.8, 44.0), (266.4, -29.0), (100.2, 9.9), (52.0, 31.0))
"""Right ascension and declination (degrees) of the fields that the simulated sources lie in."""
_FIELD_DEGREES = 6.0


@cache
def declared() -> dict[str, Any]:
    """The file `population.toml`."""
    return tomllib.loads(resources.files("lcscale.simulation").joinpath("population.toml").read_text("utf-8"))


def simulate_population(counts: Mapping[str, int], seed: int = 0) -> pa.Table:
    """Sources of each class that Gaia detects, as measured: errors, survey limits, missing bands.

    Parameters
    ----------
    counts
        Number of sources by class: ``main_sequence``, ``evolved``, ``extragalactic``, ``YSO``.
    seed
        Of everything.

    Returns
    -------
    pyarrow.Table
        `source_id`, `ra`, `dec` (degrees), magnitudes `g` … `w4` with `e_j` … `e_w4` (null where not detected),
        `parallax`, `pmra`, `pmdec` with errors (mas, mas/yr), `g_n_obs`, `g_flux_over_error`, `w3_snr`, `w4_snr`, `a_v`
        (what reddened it), `label`.

    Examples
    --------
    >>> simulate_population({"YSO": 3, "evolved": 2}, seed=1).column("label").to_pylist()
    ['YSO', 'YSO', 'YSO', 'evolved', 'evolved']
    """
    unknown = [name for name in counts if name not in _KINDS]
    if unknown:
        raise InputError(f"no simulated class {', '.join(unknown)}; there are {', '.join(_KINDS)}")
    parts = []
    for number, (name, count) in enumerate(counts.items()):
        rng = np.random.default_rng([seed, number])
        parts.append(_class_table(name, count, rng, first_id=1 + sum(list(counts.values())[:number])))
    return pa.concat_tables(parts)


def _class_table(name: str, count: int, rng: np.random.Generator, first_id: int) -> pa.Table:
    """Sources of one class; drawn until enough of them are bright enough for Gaia."""
    kept: list[dict[str, Floats]] = []
    n_kept = 0
    while n_kept < count:
        mags, parallax, a_v, scatter = _KINDS[name](max(2 * count, 64), rng)
        vector = np.array([declared()["extinction"][band] for band in declared()["bands"]])
        observed = _observe(mags + vector[:, None] * a_v, parallax, scatter, rng) | {"a_v": a_v}
        rows = np.flatnonzero(np.isfinite(observed["g"]))[: count - n_kept]
        kept.append({column: values[rows] for column, values in observed.items()})
        n_kept += rows.size
    columns = {column: np.concatenate([part[column] for part in kept]) for column in kept[0]} if kept else {}
    ra, dec = _positions(count, rng)
    numbers = {column: pa.array(values, mask=~np.isfinite(values)) for column, values in columns.items()}
    ids = pa.array(np.arange(first_id, first_id + count), pa.int64())
    return pa.table({"source_id": ids, "ra": ra, "dec": dec, **numbers, "label": [name] * count})


def _positions(n: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    centre = np.array(_CENTRES)[rng.integers(0, len(_CENTRES), n)]
    dec = centre[:, 1] + rng.uniform(-0.5, 0.5, n) * _FIELD_DEGREES
    ra = centre[:, 0] + rng.uniform(-0.5, 0.5, n) * _FIELD_DEGREES / np.cos(np.radians(dec))
    return np.asarray(ra % 360, np.float64), dec


def _along(nodes: list[list[float]], place: Floats) -> Floats:
    """Columns of a table at places between its rows (the first column, which rises or falls), [n_columns - 1, n]."""
    table = np.array(sorted(nodes))
    return np.stack([np.interp(place, table[:, 0], table[:, k]) for k in range(1, table.shape[1])])


def _sequence(nodes: list[list[float]], place: Floats) -> Floats:
    """Absolute magnitudes in all bands of stars along a sequence, [n_bands, n]."""
    g, bp_rp, g_rp, j, j_h, h_k, k_w1, w1_w2, w1_w3, w1_w4 = _along(nodes, place)
    k = j - j_h - h_k
    w1 = k - k_w1
    return np.stack([g, g - g_rp + bp_rp, g - g_rp, j, j - j_h, k, w1, w1 - w1_w2, w1 - w1_w3, w1 - w1_w4])


def _between(limits: Floats, rng: np.random.Generator) -> Floats:
    """Numbers between the rows of `limits`, float64 [2, n]."""
    return np.asarray(limits[0] + (limits[1] - limits[0]) * rng.uniform(0, 1, limits.shape[1]), np.float64)


def _at(absolute: Floats, distance_kpc: Floats) -> Floats:
    return np.asarray(absolute + 5 * np.log10(distance_kpc) + 10, np.float64)


def _main_sequence(n: int, rng: np.random.Generator) -> Objects:
    """Dwarfs as they are counted, and one in ten a hot star, which is seen through much dust."""
    mass = (0.15 * rng.uniform(0, 1, n) ** (-1 / 1.3)).clip(0.1, 20)
    mass = np.where(rng.uniform(0, 1, n) < 0.1, np.exp(rng.uniform(np.log(2), np.log(20), n)), mass)
    mags = _sequence(declared()["main_sequence"]["nodes"], mass)
    mags = mags + rng.normal(0, 0.25, n) + rng.normal(0, 0.03, mags.shape)
    distance = 10 ** rng.uniform(-1.0, 0.6, n)
    return _at(mags, distance), 1 / distance, rng.exponential(0.8 * distance), rng.exponential(0.004, n)


def _evolved(n: int, rng: np.random.Generator) -> Objects:
    """Giants and supergiants, half of them with shells of dust."""
    table = declared()
    mags = _sequence(table["giants"]["nodes"], rng.uniform(0, 5, n))
    mags = mags - (rng.uniform(0, 1, n) < 0.1) * table["giants"]["supergiant_brightening"]
    shell = np.where(rng.uniform(0, 1, n) < 0.5, rng.exponential(1.2, n), 0.0)
    carbon = rng.uniform(0, 1, n) < 0.3
    j_h, h_k, k_w1, w2_w3, w3_w4, g_j = np.where(
        carbon, _along(table["shells"]["carbon"], shell), _along(table["shells"]["oxygen"], shell)
    ) * (shell > 0)
    w1_w2 = np.maximum(shell - k_w1, 0)
    steps = np.stack([g_j, g_j * 1.15, g_j * 0.8, 0 * shell, -j_h, -h_k, -k_w1, -w1_w2, -w2_w3, -w3_w4])
    reddened = np.concatenate([steps[:3], np.cumsum(steps[3:], axis=0)])
    mags = mags + reddened + 0.3 * shell + rng.normal(0, 0.3, n) + rng.normal(0, 0.04, mags.shape)
    distance = rng.gamma(4.0, 1.2, n) + 0.2
    scatter = 0.005 + 0.1 * rng.exponential(1, n) * np.clip(shell, 0, 2)
    return _at(mags, distance), 1 / distance, rng.exponential(0.5 * distance), scatter


def _extragalactic(n: int, rng: np.random.Generator) -> Objects:
    table = declared()["extragalactic"]
    kind = rng.choice(len(table["kinds"]), n, p=table["share"])
    colours = np.array(table["mean"])[kind].T + rng.normal(0, 1, (9, n)) * np.array(table["scatter"])[kind].T
    bp_rp, g_rp, g_j, *redder = colours
    g = 21.0 - rng.exponential(1.3, n)
    j = g - g_j
    mags = np.stack([g, g - g_rp + bp_rp, g - g_rp, j, *(j - np.cumsum(redder, axis=0))])
    return mags, np.zeros(n), rng.exponential(0.7, n), np.where(kind < 2, rng.lognormal(-2.2, 0.6, n), 0.01)


def _young(n: int, rng: np.random.Generator) -> Objects:
    """Photospheres above the main sequence, with a disc's light as a power law from K on, and reddened."""
    table = declared()
    young = table["young"]
    kind = rng.choice(len(young["kinds"]), n, p=young["share"])
    mass = np.clip(rng.lognormal(np.log(0.5), 0.6, n), 0.1, 3.9)
    star = _sequence(table["main_sequence"]["nodes"], mass) - _between(
        np.repeat([young["brightening"]], n, axis=0).T, rng
    )
    slope = _between(np.array(young["slope"])[kind].T, rng)
    disc = 10 ** _between(np.array(young["disc_at_k"])[kind].T, rng)
    zero, wavelength = np.array([table["zero_points"][band] for band in table["bands"]]).T
    flux = zero[:, None] * 10 ** (-0.4 * star)
    ratio = wavelength[:, None] / wavelength[5]
    inner_edge = np.exp(-np.maximum(1 / ratio - 1, 0) * 2.5)  # dust does not survive hotter than at about K
    flux = flux + disc * flux[5] * ratio ** (slope + 1) * inner_edge
    mags = -2.5 * np.log10(flux / zero[:, None]) + rng.normal(0, 0.05, star.shape)
    distance = 10 ** rng.uniform(-0.85, 0.3, n)
    scatter = np.exp(_between(np.repeat([np.log(young["scatter"])], n, axis=0).T, rng))
    return _at(mags, distance), 1 / distance, rng.exponential(np.array(young["mean_av"])[kind]), scatter


_KINDS: dict[str, Callable[[int, np.random.Generator], Objects]] = {
    "main_sequence": _main_sequence,
    "evolved": _evolved,
    "extragalactic": _extragalactic,
    "YSO": _young,
}


def _observe(mags: Floats, parallax: Floats, scatter: Floats, rng: np.random.Generator) -> dict[str, Floats]:
    """What the surveys measure of sources with these magnitudes, by name; NaN where they detect nothing."""
    table, n = declared(), parallax.size
    found: dict[str, Floats] = {}
    for band, true in zip(table["bands"], mags, strict=True):
        limit, floor = table["limits"][band]
        noise = np.hypot(floor, 0.217 * 10 ** (0.4 * np.clip(true - limit, -15, 1)))
        measured = true + rng.normal(0, 1, n) * noise
        seen = (measured < limit) & (true < limit + 1)
        found[band] = np.where(seen, measured, np.nan)
        if band not in ("g", "bp", "rp"):
            found[f"e_{band}"] = np.where(seen, noise, np.nan)
        if band in ("w3", "w4"):
            found[f"{band}_snr"] = 1.086 / found[f"e_{band}"]
    gaia, g = table["gaia"], mags[0]
    error = np.exp(np.interp(g, gaia["g"], np.log(gaia["parallax_error"])))
    solved = (g < 20.8) & (rng.uniform(0, 1, n) > 0.03)
    motion = rng.normal(0, 4, (2, n)) * np.sqrt(parallax.clip(0)) + rng.normal(0, error, (2, n))
    astrometry = {"parallax": parallax + rng.normal(0, error), "pmra": motion[0], "pmdec": motion[1]}
    for name, values in astrometry.items():
        found[name], found[f"{name}_error"] = np.where(solved, values, np.nan), np.where(solved, error, np.nan)
    observations = np.rint(rng.normal(350, 120, n).clip(60, 1000))
    flux_error = np.exp(np.interp(g, gaia["g"], np.log(gaia["flux_error"]))) * rng.lognormal(0, 0.15, n)
    found["g_n_obs"] = observations
    found["g_flux_over_error"] = 1.086 / np.hypot(flux_error, scatter / np.sqrt(observations))
    return found
