"""Where the rows of catalogs are on the sky: Mollweide for much of it, the tangent plane for a field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from lcscale.explore.drawing import ACCENT, FAINT, GRID, INK, PALE, WARM, as_svg, new_figure, style
from lcscale.lake import HEALPIX_COLUMN, Catalog
from lcscale.lake.leaf import CELL_ORDER, cells_of

if TYPE_CHECKING:
    from astropy.wcs import WCS

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_CELL_DEG = float(np.degrees(np.sqrt(np.pi / 3)) / 2**CELL_ORDER)
_SKY_ORDER = 6
_MOST_CELLS = 200_000
"""Small cells that are drawn of a field at most; more are drawn as a map of the sky."""
_FIELD_DEG = 25.0
_MARK: dict[str, Any] = {"s": 9.0, "color": WARM, "linewidths": 0, "rasterized": True, "zorder": 4}


@dataclass(frozen=True)
class Places:
    """How many rows of a catalog there are in each part of the sky."""

    name: str
    """Name of the catalog."""
    cells: Ints
    """int64 [n], nested HEALPix pixels of order 8 that hold rows."""
    counts: Ints | Floats
    """int64 [n], rows in each; float64 where it is a share of something."""
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
    field = radius < _FIELD_DEG
    n_columns = min(len(places), 2)
    n_rows = -(-len(places) // n_columns)
    with style():
        width = 4.8 if field else 9.6 / n_columns
        figure = new_figure(width * n_columns, (0.9 if field else 0.56) * width * n_rows)
        colours = LinearSegmentedColormap.from_list("rows", [PALE, ACCENT, INK])
        for place, each in enumerate(places, 1):
            projection = _tangent_plane(ra, dec) if field else "mollweide"
            axis = figure.add_subplot(n_rows, n_columns, place, projection=projection)
            shown = each if field else each.at(_SKY_ORDER)
            how = {"cmap": colours, "norm": LogNorm(1, max(2, int(shown.counts.max()))), "linewidths": 0}
            drawn = _draw_field(axis, shown, how, radius) if field else _draw_sky(axis, shown, how)
            axis.set_title(f"{each.name}  ({each.rows:,})")
            bar = figure.colorbar(drawn, ax=axis, shrink=0.6, aspect=24, pad=0.02, format="%d")
            bar.ax.yaxis.set_minor_formatter(lambda value, _: "")
            bar.outline.set_visible(False)
            bar.set_label(f"rows in {_CELL_DEG if field else _CELL_DEG * 2 ** (CELL_ORDER - _SKY_ORDER):.2g}° cells")
        return as_svg(figure, name, "Positions on the sky")


def share_map(cells: Ints, order: int, shares: Floats, title: str) -> str:
    """A share of something, 0 to 1, in cells of the sky.

    Parameters
    ----------
    cells
        int64 [n], nested HEALPix pixels of `order`, 8 at most.
    order
        Their order.
    shares
        float64 [n].
    title
        What it is a share of, different for every map of a page.
    """
    from matplotlib.colors import Normalize

    small = _finer(cells, order, CELL_ORDER)
    ra, dec, radius = centre_of([Places(title, small, np.empty(0, np.int64))])
    field = radius < _FIELD_DEG and small.size <= _MOST_CELLS
    fine = CELL_ORDER if field else _SKY_ORDER
    with style():
        figure = new_figure(4.8, 4.4 if field else 2.9)
        axis = figure.add_subplot(projection=_tangent_plane(ra, dec) if field else "mollweide")
        shown = Places(title, _finer(cells, order, fine), _finer_values(shares, cells, order, fine))
        how = {"cmap": shades(), "norm": Normalize(0, 1), "linewidths": 0}
        drawn = _draw_field(axis, shown, how, radius) if field else _draw_sky(axis, shown, how)
        axis.set_title(title)
        bar = figure.colorbar(drawn, ax=axis, shrink=0.6, aspect=24, pad=0.02)
        bar.outline.set_visible(False)
        return as_svg(figure, f"map {title}", f"On the sky: {title}")


def shades() -> Any:
    """Colours of shares from 0 to 1; none is the page's white."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("share", ["#f3ede4", PALE, ACCENT, INK])


def _finer(cells: Ints, order: int, fine: int) -> Ints:
    """The pixels of order `fine` in (or, of a lower order, around) some of `order`."""
    if fine < order:
        return np.unique(cells >> 2 * (order - fine))
    n = 4 ** (fine - order)
    return np.asarray((cells[:, None] * n + np.arange(n)).ravel(), np.int64)


def _finer_values(values: Floats, cells: Ints, order: int, fine: int) -> Floats:
    """The values of `_finer` pixels: those of the pixel that each lies in, or the mean of those in it."""
    if fine >= order:
        return np.repeat(values, 4 ** (fine - order))
    _, number = np.unique(cells >> 2 * (order - fine), return_inverse=True)
    return np.asarray(np.bincount(number.reshape(-1), values) / np.bincount(number.reshape(-1)))


def _tangent_plane(ra: float, dec: float) -> WCS:
    """Coordinates whose pixels are degrees from a centre, east to the left."""
    from astropy.wcs import WCS

    plane = WCS(naxis=2)
    plane.wcs.ctype = ["RA---TAN", "DEC--TAN"]
    plane.wcs.crval, plane.wcs.crpix, plane.wcs.cdelt = [ra, dec], [1.0, 1.0], [-1.0, 1.0]
    return plane


def _draw_field(axis: Any, places: Places, how: Mapping[str, Any], radius: float) -> Any:
    """The cells near the centre of the axis' coordinates, within a radius in degrees."""
    from astropy.coordinates import angular_separation
    from cdshealpix.nested import vertices
    from matplotlib.collections import PolyCollection

    centre = np.radians(axis.wcs.wcs.crval)

    def near(lon: Floats, lat: Floats) -> npt.NDArray[np.bool_]:
        away = angular_separation(np.radians(lon), np.radians(lat), *centre)
        return np.asarray(np.degrees(away) < 2 * _FIELD_DEG)

    lon, lat = (np.asarray(each.deg) for each in vertices(places.cells.astype(np.uint64), CELL_ORDER))
    whole = np.all(near(lon, lat), axis=1)
    corners = axis.wcs.wcs_world2pix(np.stack([lon[whole].ravel(), lat[whole].ravel()], axis=1), 0).reshape(-1, 4, 2)
    drawn = axis.add_collection(PolyCollection(list(corners), array=places.counts[whole], rasterized=True, **how))
    lon, lat = places.marked
    marked = near(lon, lat)
    axis.scatter(*axis.wcs.wcs_world2pix(lon[marked], lat[marked], 0), **_MARK)
    axis.set_xlim(-radius, radius)
    axis.set_ylim(-radius, radius)
    axis.set_aspect("equal")
    axis.coords[0].set_axislabel("right ascension")
    axis.coords[1].set_axislabel("declination")
    axis.coords.grid(color=GRID, linewidth=0.6)
    for coordinate in axis.coords:
        coordinate.set_format_unit("deg", decimal=True)
        coordinate.set_ticks(number=5)
        coordinate.set_ticklabel(exclude_overlapping=True)
    return drawn


def _draw_sky(axis: Any, places: Places, how: Mapping[str, Any]) -> Any:
    """The whole sky, RA 180° in the middle growing to the left, with the plane of the Galaxy."""
    from astropy.coordinates import SkyCoord

    axis.grid(color=GRID, linewidth=0.6)
    axis.set_longitude_grid(60)
    axis.set_latitude_grid(30)
    axis.xaxis.set_major_formatter(lambda lon, _: f"{180 - np.degrees(lon):.0f}°")
    axis.tick_params(labelsize=6.5, labelcolor=FAINT)
    place = _on_map(*centres(places.cells, _SKY_ORDER))
    drawn = axis.scatter(*place, c=places.counts, s=1.8, marker="s", rasterized=True, zorder=2, **how)
    plane = SkyCoord(np.linspace(0, 360, 400, endpoint=False), 0.0, unit="deg", frame="galactic").icrs
    lon, lat = _on_map(plane.ra.deg, plane.dec.deg)
    left = np.argsort(lon)
    axis.plot(lon[left], lat[left], color=WARM, linewidth=0.8, alpha=0.7, zorder=3)
    axis.scatter(*_on_map(*places.marked), **_MARK)
    return drawn


def _on_map(ra: Floats, dec: Floats) -> tuple[Floats, Floats]:
    """Longitude and latitude of the map, radians."""
    return -np.radians(ra % 360.0 - 180.0), np.radians(dec)
