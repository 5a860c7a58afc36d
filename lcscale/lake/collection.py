"""The one small file of a lake entry that names its current version: HATS' ``collection.properties``."""

from __future__ import annotations

import pathlib
import tempfile

from upath import UPath

from lcscale.errors import InputError
from lcscale.lake.properties import entries_of
from lcscale.lake.storage import content_of

COLLECTION_FILE = "collection.properties"


def current_version(entry: UPath) -> str | None:
    """The published version of a lake entry (of any collection: its primary catalog), as it is now, or None."""
    content = content_of(entry / COLLECTION_FILE)
    if content is None:
        return None
    try:
        return entries_of(content)["hats_primary_table_url"]
    except (ValueError, KeyError) as error:
        raise InputError(
            f"{entry / COLLECTION_FILE} is broken: it names no current version; publish the catalog again"
        ) from error


def collection_file(name: str, version: str) -> bytes:
    """Content of the file that makes `version` the current one of the entry `name`."""
    from hats.catalog.dataset.collection_properties import CollectionProperties

    with tempfile.TemporaryDirectory() as folder:
        CollectionProperties(obs_collection=name, hats_primary_table_url=version).to_properties_file(folder)
        return (pathlib.Path(folder) / COLLECTION_FILE).read_bytes()
