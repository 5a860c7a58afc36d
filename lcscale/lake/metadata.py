"""HATS metadata of a version, written by the `hats` library."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
from upath import UPath

from lcscale.lake.pixel import HEALPIX_COLUMN, Pixel

_METADATA_LEAVES = 10_000
_SKYMAP_ORDER = 8


def write_metadata(
    folder: UPath,
    name: str,
    pixels: Mapping[Pixel, int],
    schema: pa.Schema,
    *,
    ra: str,
    dec: str,
    extra: Mapping[str, str],
) -> None:
    """Write ``partition_info.csv``, the Parquet metadata, the sky map and ``hats.properties``.

    Parameters
    ----------
    folder
        Folder of the version, its leaves in ``dataset``.
    name
        Name of the catalog.
    pixels
        Rows of each leaf.
    schema
        Schema of the rows.
    ra, dec
        Names of the columns of position.
    extra
        More properties.
    """
    from hats.catalog import PartitionInfo, TableProperties
    from hats.io import write_parquet_metadata
    from hats.io.skymap import write_skymap
    from hats.pixel_math import HealpixPixel

    import lcscale

    PartitionInfo.from_healpix([HealpixPixel(*pixel) for pixel in pixels]).write_to_file(catalog_path=folder)
    rows = write_parquet_metadata(folder, create_metadata=len(pixels) < _METADATA_LEAVES)
    order = min(max((pixel.order for pixel in pixels), default=0), _SKYMAP_ORDER)
    write_skymap(counts_at(pixels, order), folder)
    TableProperties(
        catalog_name=name,
        catalog_type="object",
        total_rows=rows,
        ra_column=ra,
        dec_column=dec,
        healpix_column=HEALPIX_COLUMN,
        healpix_order=29,
        skymap_order=order,
        moc_sky_fraction=sum(0.25**pixel.order / 12 for pixel in pixels),
        **TableProperties.new_provenance_dict(folder, builder=f"lcscale v{lcscale.__version__}", **extra),
    ).to_properties_file(folder)


def counts_at(pixels: Mapping[Pixel, int], order: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Rows per pixel of `order`, int64 [12 · 4^order]; coarser leaves spread evenly, every leaf at least 1."""
    counts = np.zeros(12 * 4**order, np.int64)
    for pixel, rows in pixels.items():
        if pixel.order >= order:
            counts[pixel.pixel >> 2 * (pixel.order - order)] += rows
        else:
            factor = 4 ** (order - pixel.order)
            part = slice(pixel.pixel * factor, (pixel.pixel + 1) * factor)
            counts[part] = rows // factor
            counts[part.start : part.start + rows % factor] += 1
    return counts
