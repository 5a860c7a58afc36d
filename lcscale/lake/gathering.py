"""The light curves of one place on the sky, from all catalogs of a lake: a row an observation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lcscale.lake.catalog import Catalog
from lcscale.lake.lake import Lake
from lcscale.lake.region import Cone
from lcscale.lightcurves import Detections

_COLUMN = "lightcurve"
_MEASURED = ("mag", "mag_err", "flux", "flux_err")
_SCHEMA = pa.schema(
    [
        pa.field("catalog", pa.string(), metadata={"description": "Catalog of the lake that has the observation."}),
        pa.field("object_id", pa.string(), metadata={"description": "Name of the object there."}),
        pa.field("separation_arcsec", pa.float64(), metadata={"unit": "arcsec"}),
        pa.field("time", pa.float64(), metadata={"unit": "d"}),
        pa.field("time_origin", pa.string(), metadata={"description": "What the time is, where it is said."}),
        pa.field("time_scale", pa.string()),
        pa.field("band", pa.string()),
        pa.field("mag", pa.float32(), metadata={"unit": "mag"}),
        pa.field("mag_err", pa.float32(), metadata={"unit": "mag"}),
        pa.field("flux", pa.float32(), metadata={"unit": "nJy"}),
        pa.field("flux_err", pa.float32(), metadata={"unit": "nJy"}),
    ]
)


def light_curves_at(
    lake: Lake, ra: float, dec: float, radius_arcsec: float = 2.0, catalogs: Sequence[str] = ()
) -> pa.Table:
    """All observations of the objects within a radius of a position.

    Parameters
    ----------
    lake
        The lake.
    ra, dec
        The position, degrees.
    radius_arcsec
        The radius.
    catalogs
        Names; default: all with light curves that were not made from another catalog, which has the same ones.

    Returns
    -------
    pyarrow.Table
        In order of catalog, object and time: `catalog`, `object_id`, `separation_arcsec`, `time` with `time_origin` and
        `time_scale`, `band`, and `mag` and `mag_err` or `flux` and `flux_err`, whichever the catalog holds.

    Raises
    ------
    InputError
        A named catalog is not in the lake, or the position is none.
    """
    cone = Cone(ra, dec, radius_arcsec)
    found = [_SCHEMA.empty_table()]
    for name in catalogs or lake.names():
        catalog = lake[name]
        if _COLUMN in catalog.column_names and (catalogs or not catalog.inputs):
            found.append(_observations(name, catalog, cone))
    order = [(name, "ascending") for name in ("catalog", "separation_arcsec", "object_id", "time")]
    return pa.concat_tables(found).sort_by(order).combine_chunks()


def _observations(name: str, catalog: Catalog, cone: Cone) -> pa.Table:
    """The observations of a catalog's objects in a cone."""
    source, identity = catalog.source, catalog.id_column_or_none
    rows = catalog.region(cone).to_arrow()
    lon, lat = (np.radians(rows.column(each).to_numpy()) for each in (source.ra, source.dec))
    ra, dec = np.radians([cone.ra, cone.dec])
    half = np.sin((lat - dec) / 2) ** 2 + np.cos(lat) * np.cos(dec) * np.sin((lon - ra) / 2) ** 2
    told = rows.schema.field(_COLUMN).metadata or {}
    names = pa.nulls(len(rows), pa.string()) if identity is None else rows.column(identity).cast(pa.string())
    objects = {"object_id": names, "separation_arcsec": pa.array(np.degrees(2 * np.arcsin(np.sqrt(half))) * 3600)}
    long = Detections(_COLUMN)(pa.table({**objects, _COLUMN: rows.column(_COLUMN)}))
    columns = {each: long.column(each) for each in long.column_names}
    said = {"catalog": name, **{each: told.get(each.encode(), b"").decode() for each in ("time_origin", "time_scale")}}
    columns |= {each: pa.array([text]).take(pa.array(np.zeros(len(long), np.int8))) for each, text in said.items()}
    arrays = [
        pc.cast(columns[field.name], field.type) if field.name in columns else pa.nulls(len(long), field.type)
        for field in _SCHEMA
    ]
    return pa.Table.from_arrays(arrays, schema=_SCHEMA)
