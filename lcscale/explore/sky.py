"""Where the rows of catalogs are on the sky: Mollweide for much of it, the tangent plane for a field."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lcscale.explore.drawing import ACCENT, FAINT, GRID, WARM, as_svg, new_figure, style
from lcscale.lake import Catalog

Floats = npt.NDArray[np.float64]

_MOST = 100_000
_FIELD_DEG = 25.0
_POLE = np.radians((192.85948, 27.12825))
_NODE = np.radians(32.93192)


@dataclass(frozen=True)
class Places:
    """Positions of (a fair part of) a catalog's rows."""

    name: str
    """Name of the catalog."""
    rows: int
    """Rows of the catalog."""
    ra: Floats
    """float64 [n], degrees; every k-th row of a large catalog."""
    dec: Floats
    """float64 [n], degrees."""
    marked: tuple[Floats, Floats] = (np.empty(0), np.empty(0))
    """Positions of the rows to be marked, degrees."""


def places_of(catalog: Catalog) -> Places:
    """Positions of every k-th row, so that no more than 100,000 are kept."""
    step = max(1, -(-catalog.source.rows // _MOST))
    ra, dec = [np.empty(0)], [np.empty(0)]
    start = 0
    for table in catalog.columns().to_batches():
        for values, column in ((ra, catalog.source.ra), (dec, catalog.source.dec)):
            values.append(table.column(column).to_numpy(zero_copy_only=False)[start::step].astype(np.float64))
        start = (start - table.num_rows) % step
    return Places(catalog.name, catalog.source.rows, np.concatenate(ra), np.concatenate(dec))


def mollweide(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """x from −2 to 2 and y from −1 to 1 of longitudes (−π to π) and latitudes, by Newton's method.

    Examples
    --------
    >>> [value.round(6).tolist() for value in mollweide(np.array([np.pi, 0.0]), np.array([0.0, np.pi / 2]))]
    [[2.0, 0.0], [0.0, 1.0]]
    """
    theta = np.clip(lat, -np.pi / 2 + 1e-9, np.pi / 2 - 1e-9)
    for _ in range(40):
        theta = theta - (2 * theta + np.sin(2 * theta) - np.pi * np.sin(lat)) / (2 + 2 * np.cos(2 * theta) + 1e-12)
        theta = np.clip(theta, -np.pi / 2, np.pi / 2)
    return 2 / np.pi * lon * np.cos(theta), np.sin(theta)


def tangent_plane(ra: Floats, dec: Floats, centre_ra: float, centre_dec: float) -> tuple[Floats, Floats]:
    """Degrees east and north of a centre on the tangent plane there; without the positions far from it.

    Parameters
    ----------
    ra, dec
        float64 [n], degrees.
    centre_ra, centre_dec
        Degrees.
    """
    lon, lat, middle = np.radians(ra - centre_ra), np.radians(dec), np.radians(centre_dec)
    depth = np.sin(middle) * np.sin(lat) + np.cos(middle) * np.cos(lat) * np.cos(lon)
    front = depth > 0.1
    lon, lat, depth = lon[front], lat[front], depth[front]
    north = np.cos(middle) * np.sin(lat) - np.sin(middle) * np.cos(lat) * np.cos(lon)
    return np.degrees(np.cos(lat) * np.sin(lon) / depth), np.degrees(north / depth)


def centre_of(places: Sequence[Places]) -> tuple[float, float, float]:
    """Mean direction (degrees) of all positions, and the radius of a cone about it that holds 99 % of them."""
    ra = np.radians(np.concatenate([each.ra for each in places]))
    dec = np.radians(np.concatenate([each.dec for each in places]))
    vectors = np.stack([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)])
    x, y, z = vectors.mean(axis=1)
    middle = np.array([x, y, z]) / max(float(np.hypot(np.hypot(x, y), z)), 1e-12)
    away = np.degrees(np.arccos(np.clip(middle @ vectors, -1, 1)))
    return (
        float(np.degrees(np.arctan2(y, x)) % 360),
        float(np.degrees(np.arcsin(middle[2]))),
        float(np.quantile(away, 0.99)),
    )


def sky_maps(places: Sequence[Places], name: str) -> str:
    """A panel a catalog, all of the same part of the sky."""
    places = [each for each in places if each.ra.size]
    ra, dec, radius = centre_of(places)
    n_columns = min(len(places), 2)
    n_rows = -(-len(places) // n_columns)
    field = radius < _FIELD_DEG
    with style():
        width = 9.6 / n_columns if not field else 4.8
        figure = new_figure(width * n_columns, (0.9 if field else 0.56) * width * n_rows)
        axes = figure.subplots(n_rows, n_columns, squeeze=False).ravel()
        for axis in axes[len(places) :]:
            axis.set_axis_off()
        for axis, each in zip(axes, places, strict=False):
            axis.set_title(f"{each.name}  ({each.rows:,})")
            if field:
                _draw_field(axis, each, ra, dec, max(radius * 1.1, 0.01))
            else:
                _draw_sky(axis, each)
        return as_svg(figure, name, "Positions on the sky")


def _dots(axis: Any, places: Places, project: Callable[[Floats, Floats], tuple[Floats, Floats]]) -> None:
    """All positions, smaller and fainter the more there are, and the marked ones above them."""
    n = places.ra.size
    size, alpha = float(np.clip(6_000 / max(n, 1), 0.6, 9.0)), float(np.clip(20_000 / max(n, 1), 0.15, 0.8))
    axis.scatter(*project(places.ra, places.dec), s=size, alpha=alpha, color=ACCENT, linewidths=0, rasterized=True)
    if places.marked[0].size:
        axis.scatter(*project(*places.marked), s=9.0, color=WARM, linewidths=0, rasterized=True, zorder=3)


def _draw_field(axis: Any, places: Places, ra: float, dec: float, radius: float) -> None:
    """Tangent plane about a centre, east to the left, ticks in degrees from it."""
    _dots(axis, places, lambda lon, lat: tangent_plane(lon, lat, ra, dec))
    axis.set_xlim(radius, -radius)
    axis.set_ylim(-radius, radius)
    axis.set_aspect("equal")
    axis.set_xlabel(f"degrees east of RA {ra:.3f}°")
    axis.set_ylabel(f"degrees north of Dec {dec:+.3f}°")


def _draw_sky(axis: Any, places: Places) -> None:
    """The whole sky, RA 180° in the middle growing to the left, with the plane of the Galaxy."""
    for line in _graticule():
        axis.plot(*line, color=GRID, linewidth=0.6, zorder=0)
    x, y = _galactic_plane()
    edge = int(np.argmax(np.abs(np.diff(x)))) + 1  # where it leaves the map on one side and enters on the other
    axis.plot(np.roll(x, -edge), np.roll(y, -edge), color=WARM, linewidth=0.8, alpha=0.7, zorder=1)
    _dots(axis, places, _project)
    for hour in (0, 6, 12, 18, 24):
        axis.text(-2 * (hour - 12) / 12, -0.02, f"{hour * 15}°", fontsize=6.5, color=FAINT, ha="center", va="top")
    axis.set_xlim(-2.04, 2.04)
    axis.set_ylim(-1.04, 1.04)
    axis.set_aspect("equal")
    axis.set_axis_off()


def _project(ra: Floats, dec: Floats) -> tuple[Floats, Floats]:
    return mollweide(-np.radians(ra % 360.0 - 180.0), np.radians(dec))


def _graticule() -> list[tuple[Floats, Floats]]:
    fine = np.linspace(-np.pi / 2, np.pi / 2, 91)
    meridians = [mollweide(np.full(91, lon), fine) for lon in np.radians(np.arange(-180, 181, 60))]
    parallels = [mollweide(2 * fine, np.full(91, lat)) for lat in np.radians([-60.0, -30.0, 0.0, 30.0, 60.0])]
    return meridians + parallels


def _galactic_plane() -> tuple[Floats, Floats]:
    """Galactic latitude 0 in the map's coordinates (J2000 pole and node of the IAU system)."""
    longitude = np.linspace(0, 2 * np.pi, 400, endpoint=False) - _NODE
    dec = np.arcsin(np.cos(_POLE[1]) * np.sin(longitude))
    ra = _POLE[0] + np.pi / 2 + np.arctan2(np.sin(longitude) * np.sin(_POLE[1]), np.cos(longitude))
    return _project(np.degrees(ra), np.degrees(dec))
