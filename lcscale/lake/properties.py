"""The small property files of a HATS catalog, read without the `hats` library, whose import takes seconds."""

from __future__ import annotations

from upath import UPath

from lcscale.lake.storage import content_of

PROPERTIES_FILE = "hats.properties"

_NAMES = {
    "obs_collection": "catalog_name",
    "dataproduct_type": "catalog_type",
    "hats_nrows": "total_rows",
    "hats_col_ra": "ra_column",
    "hats_col_dec": "dec_column",
    "hats_col_healpix": "healpix_column",
    "hats_col_healpix_order": "healpix_order",
    "hats_npix_suffix": "npix_suffix",
    "hats_skymap_order": "skymap_order",
}
"""What `hats.catalog.TableProperties` calls the entries of the file that our versions have."""


def entries_of(content: bytes) -> dict[str, str]:
    """The entries of a property file.

    Raises
    ------
    ValueError
        It is no such file.
    """
    from jproperties import Properties, PropertyError

    read = Properties()
    try:
        read.load(content, "utf-8")
    except PropertyError as error:
        raise ValueError(str(error)) from error
    return dict(read.properties)


def own_properties(folder: UPath) -> dict[str, str]:
    """All of ``hats.properties`` of the version at `folder`, as text under the names that hats gives them.

    Raises
    ------
    FileNotFoundError
        There is no such file.
    ValueError
        It cannot be read, or does not say which columns hold the position.
    """
    content = content_of(folder / PROPERTIES_FILE)
    if content is None:
        raise FileNotFoundError(f"no {PROPERTIES_FILE} in {folder}")
    found = {_NAMES.get(key, key): value for key, value in entries_of(content).items()}
    if missing := {"catalog_name", "ra_column", "dec_column"} - found.keys():
        raise ValueError(f"{PROPERTIES_FILE} has no {', '.join(sorted(missing))}")
    return found
