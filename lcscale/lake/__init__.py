"""Where data live: lakes, lazy catalogs, leaves, versions."""

from lcscale.lake.catalog import Catalog, open_catalog
from lcscale.lake.draft import Draft
from lcscale.lake.exporting import Exported, export
from lcscale.lake.gathering import light_curves_at
from lcscale.lake.lake import Lake
from lcscale.lake.leaf import Leaf, LeafWriter, write_leaf
from lcscale.lake.pixel import Pixel, spatial_index
from lcscale.lake.region import Box, Cone
from lcscale.lightcurves import LightCurveFields
from lcscale.vocabulary import HEALPIX_COLUMN

__all__ = [
    "HEALPIX_COLUMN",
    "Box",
    "Catalog",
    "Cone",
    "Draft",
    "Exported",
    "Lake",
    "Leaf",
    "LeafWriter",
    "LightCurveFields",
    "Pixel",
    "export",
    "light_curves_at",
    "open_catalog",
    "spatial_index",
    "write_leaf",
]
