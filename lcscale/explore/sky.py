"""Where the rows of catalogs are on the sky: Mollweide for much of it, the tangent plane for a field."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from lcscale.explore.drawing import ACCENT, FAINT, GRID, INK, PALE, WARM, as_svg, new_figure, style
from lcscale.lake import HEALPIX_COLUMN, Catalog
from lcscale.lake.leaf import CELL_ORDER, cells_of

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_CELL_DEG = float(np.degrees(np.sqrt(np.pi / 3)) / 2**CELL_ORDER)
_SKY_ORDER = 6
_FIELD_DEG = 25.0
_POLE = np.radians((192.85948, 27.12825))
_NODE = np.radians(32.93192)


@dataclass(frozen=True)
class Places:
    """How many rows of a catalog there are in each part of the sky."""

    name: str
    """Name of the catalog."""
    cells: Ints
    """int64 [n], nested HEALPix pixels of order 8 that hold rows."""
    counts: Ints
    """int64 [n], rows in each."""
    marked: tuple[Floats, Floats] = (np.empty(0), np.empty(0))
    """Positions of the rows to be marked, degrees."""

    @property
    def rows(self) -> int:
        """Rows of the catalog."""
        return int(self.counts.sum())

    def at(self, order: int) -> Places:
        """The same by pixels of a lower order."""
        cells, place = np.unique(self.cells >> 2 * (CELL_ORDER - order), return_inverse=True)
        return replace(self, cells=cells, counts=np.bincount(place, self.counts).astype(np.int64))


def places_of(catalog: Catalog) -> Places:
    """Rows by cell: what the manifest tells, else (catalogs of others, steps) counted in the HEALPix index."""
    manifest = None if catalog.steps or catalog.area is not None else catalog.source.manifest
    counts = np.zeros(12 << 2 * CELL_ORDER, np.int64) if manifest is None else manifest.counts(CELL_ORDER)
    for table in catalog.columns().to_batches() if manifest is None else ():
        cells, rows = cells_of(table.column(HEALPIX_COLUMN).to_numpy())
        counts[cells] += rows
    occupied = np.flatnonzero(counts)
    return Places(catalog.name, occupied, counts[occupied])


def centres(cells: Ints, order: int) -> tuple[Floats, Floats]:
    """Right ascension and declination of the centres of nested pixels, degrees."""
    from cdshealpix.nested import healpix_to_lonlat

    lon, lat = healpix_to_lonlat(cells.astype(np.uint64), order)
    return np.asarray(lon.deg), np.asarray(lat.deg)


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
    """Mean direction (degrees) of all cells, and the radius of a cone about it that holds 99 % of them."""
    ra, dec = map(np.radians, centres(np.concatenate([each.cells for each in places]), CELL_ORDER))
    vectors = np.stack([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)])
    x, y, z = vectors.mean(axis=1)
    middle = np.array([x, y, z]) / max(float(np.hypot(np.hypot(x, y), z)), 1e-12)
    away = np.degrees(np.arccos(np.clip(middle @ vectors, -1, 1)))
    return (
        float(np.degrees(np.arctan2(y, x)) % 360),
        float(np.degrees(np.arcsin(middle[2]))),
        float(np.quantile(away, 0.99)) + _CELL_DEG,
    )


def sky_maps(places: Sequence[Places], name: str) -> str:
    """A panel a catalog, all of the same part of the sky."""
    from matplotlib.colors import LinearSegmentedColormap, LogNorm

    places = [each for each in places if each.cells.size]
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
        colours = LinearSegmentedColormap.from_list("rows", [PALE, ACCENT, INK])
        for axis, each in zip(axes, places, strict=False):
            axis.set_title(f"{each.name}  ({each.rows:,})")
            shown = each if field else each.at(_SKY_ORDER)
            how = {"cmap": colours, "norm": LogNorm(1, max(2, int(shown.counts.max()))), "linewidths": 0}
            drawn = _draw_field(axis, shown, how, ra, dec, radius) if field else _draw_sky(axis, shown, how)
            bar = figure.colorbar(drawn, ax=axis, shrink=0.6, aspect=24, pad=0.02, format="%d")
            bar.ax.yaxis.set_minor_formatter(lambda value, _: "")
            bar.outline.set_visible(False)
            bar.set_label(f"rows in {_CELL_DEG if field else _CELL_DEG * 2 ** (CELL_ORDER - _SKY_ORDER):.2g}° cells")
        return as_svg(figure, name, "Positions on the sky")


def _mark(axis: Any, places: Places, project: Callable[[Floats, Floats], tuple[Floats, Floats]]) -> None:
    if places.marked[0].size:
        axis.scatter(*project(*places.marked), s=9.0, color=WARM, linewidths=0, rasterized=True, zorder=3)


def _draw_field(axis: Any, places: Places, how: Mapping[str, Any], ra: float, dec: float, radius: float) -> Any:
    """Tangent plane about a centre, east to the left, ticks in degrees from it."""
    from cdshealpix.nested import vertices
    from matplotlib.collections import PolyCollection

    lon, lat = (np.asarray(each.deg) for each in vertices(places.cells.astype(np.uint64), CELL_ORDER))
    near = np.all(_separation(lon, lat, ra, dec) < 2 * _FIELD_DEG, axis=1)
    x, y = tangent_plane(lon[near].ravel(), lat[near].ravel(), ra, dec)
    corners = np.stack([x, y], axis=-1).reshape(-1, 4, 2)
    drawn = axis.add_collection(PolyCollection(list(corners), array=places.counts[near], rasterized=True, **how))
    _mark(axis, places, lambda lon, lat: tangent_plane(lon, lat, ra, dec))
    axis.set_xlim(radius, -radius)
    axis.set_ylim(-radius, radius)
    axis.set_aspect("equal")
    axis.set_xlabel(f"degrees east of RA {ra:.3f}°")
    axis.set_ylabel(f"degrees north of Dec {dec:+.3f}°")
    return drawn


def _separation(lon: Floats, lat: Floats, ra: float, dec: float) -> Floats:
    """Degrees between positions and (`ra`, `dec`)."""
    a, b, away = np.radians(lat), np.radians(dec), np.radians(lon - ra)
    cosine = np.sin(a) * np.sin(b) + np.cos(a) * np.cos(b) * np.cos(away)
    return np.asarray(np.degrees(np.arccos(np.clip(cosine, -1, 1))))


def _draw_sky(axis: Any, places: Places, how: Mapping[str, Any]) -> Any:
    """The whole sky, RA 180° in the middle growing to the left, with the plane of the Galaxy."""
    for line in _graticule():
        axis.plot(*line, color=GRID, linewidth=0.6, zorder=0)
    x, y = _galactic_plane()
    edge = int(np.argmax(np.abs(np.diff(x)))) + 1  # where it leaves the map on one side and enters on the other
    place = _project(*centres(places.cells, _SKY_ORDER))
    drawn = axis.scatter(*place, c=places.counts, s=1.8, marker="s", rasterized=True, zorder=1, **how)
    axis.plot(np.roll(x, -edge), np.roll(y, -edge), color=WARM, linewidth=0.8, alpha=0.7, zorder=2)
    _mark(axis, places, _project)
    for hour in (0, 6, 12, 18, 24):
        axis.text(-2 * (hour - 12) / 12, -0.02, f"{hour * 15}°", fontsize=6.5, color=FAINT, ha="center", va="top")
    axis.set_xlim(-2.04, 2.04)
    axis.set_ylim(-1.04, 1.04)
    axis.set_aspect("equal")
    axis.set_axis_off()
    return drawn


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
