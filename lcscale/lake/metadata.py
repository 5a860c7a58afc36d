"""HATS metadata of a version, written by the `hats` library."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa
import pyarrow.parquet as pq
from upath import UPath

from lcscale.lake.leaf import CELL_ORDER, leaf_name, leaf_path
from lcscale.lake.manifest import Manifest
from lcscale.lake.pixel import Pixel
from lcscale.lake.votable import with_votable
from lcscale.vocabulary import HEALPIX_COLUMN

_METADATA_LEAVES = 1_000


def write_metadata(
    folder: UPath, name: str, manifest: Manifest, schema: pa.Schema, *, ra: str, dec: str, extra: Mapping[str, str]
) -> None:
    """Write the manifest, ``partition_info.csv``, the Parquet metadata, the sky map and ``hats.properties``.

    All of it comes from the manifest; the footers of the leaves are gathered into ``_metadata`` too, which LSDB's
    statistics of columns read, where they are few.

    Parameters
    ----------
    folder
        Folder of the version, its leaves in ``dataset``.
    name
        Name of the catalog.
    manifest
        Its leaves.
    schema
        Schema of the rows.
    ra, dec
        Names of the columns of position.
    extra
        More properties.
    """
    from hats.catalog import PartitionInfo, TableProperties
    from hats.io.skymap import write_skymap
    from hats.pixel_math import HealpixPixel

    import lcscale

    manifest.write(folder)
    pixels = manifest.pixels
    PartitionInfo.from_healpix([HealpixPixel(*pixel) for pixel in pixels]).write_to_file(catalog_path=folder)
    _write_parquet_metadata(folder, pixels, schema, ra=ra, dec=dec)
    order = min(int(pixels.order.max(initial=0)), CELL_ORDER)
    write_skymap(manifest.counts(order), folder)
    TableProperties(
        catalog_name=name,
        catalog_type="object",
        total_rows=manifest.rows,
        ra_column=ra,
        dec_column=dec,
        healpix_column=HEALPIX_COLUMN,
        healpix_order=29,
        skymap_order=order,
        moc_sky_fraction=float((0.25**pixels.order).sum() / 12),
        **TableProperties.new_provenance_dict(builder=f"lcscale v{lcscale.__version__}", **extra)
        | {"hats_estsize": manifest.bytes >> 10},
    ).to_properties_file(folder)


def _write_parquet_metadata(folder: UPath, pixels: Sequence[Pixel], schema: pa.Schema, *, ra: str, dec: str) -> None:
    """Write ``_common_metadata`` with the VOTable of the columns, and ``_metadata`` of catalogs of few leaves."""
    from hats.io import paths
    from hats.io.file_io.file_io import write_parquet_metadata

    write_parquet_metadata(with_votable(schema, ra=ra, dec=dec), paths.get_common_metadata_pointer(folder))
    if len(pixels) > _METADATA_LEAVES:
        return
    footers = []
    for pixel in pixels:
        with leaf_path(folder, pixel).open("rb") as stream:
            footers.append(pq.read_metadata(stream))
        footers[-1].set_file_path(leaf_name(pixel).removeprefix("dataset/"))
    write_parquet_metadata(schema, paths.get_parquet_metadata_pointer(folder), metadata_collector=footers)
