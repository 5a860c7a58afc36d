"""An opened version of a HATS catalog: its leaves, schema and columns of position; ours or anybody's."""

from __future__ import annotations

import hashlib
import json
import os
import warnings
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
from upath import UPath

from lcscale.engine import Ledger
from lcscale.errors import InputError, LcscaleError
from lcscale.lake.collection import current_version
from lcscale.lake.layout import Layout, layout_of
from lcscale.lake.leaf import Leaf
from lcscale.lake.leaf_record import LeafRecord
from lcscale.lake.leaves import Leaves
from lcscale.lake.manifest import Manifest, described
from lcscale.lake.pixel import Pixel, Pixels
from lcscale.lake.properties import own_properties
from lcscale.lake.storage import files_below, is_local, path_at
from lcscale.lake.votable import without_votable
from lcscale.lightcurves.fields import LightCurveFields
from lcscale.vocabulary import HEALPIX_COLUMN

_MISSING = "lcscale_missing"


@dataclass(frozen=True)
class Source:
    """A catalog's version as it lies in its folder; small, immutable and picklable."""

    name: str
    """Name of the catalog."""
    url: str
    """Folder of the version."""
    options: tuple[tuple[str, Any], ...]
    """Storage options, as items."""
    layout: Layout
    """How its files hold the rows."""
    leaves: Leaves
    """Its leaves, in order of the sky (by first HEALPix index)."""
    rows: int
    """Total number of rows, as its properties say."""
    properties: tuple[tuple[str, str], ...]
    """All of `hats.properties`, as items."""

    @property
    def schema(self) -> pa.Schema:
        """Arrow schema of its rows, with `_healpix_29`."""
        return self.layout.schema

    def __getstate__(self) -> dict[str, Any]:
        """Its fields: workers are sent nothing that was read meanwhile."""
        return {each.name: getattr(self, each.name) for each in fields(self)}

    @property
    def ra(self) -> str:
        """Name of the right-ascension column, degrees."""
        return self.layout.ra

    @property
    def dec(self) -> str:
        """Name of the declination column, degrees."""
        return self.layout.dec

    @property
    def folder(self) -> UPath:
        """Its folder with the file system."""
        return path_at(self.url, dict(self.options))

    @property
    def version(self) -> str:
        """Name of the version's folder."""
        return str(self.folder.name)

    def lost_leaves(self) -> list[Leaf]:
        """Leaves whose files are gone; on disks only, where looking costs little."""
        if not is_local(self.folder):
            return []
        found = set(files_below(self.folder / "dataset"))
        return [leaf for leaf in self.leaves if leaf.path not in found and not os.path.isdir(leaf.path)]

    @property
    def missing(self) -> tuple[str, ...]:
        """Labels of what could not be made and is missing in it: partitions, of catalogs it was made from too."""
        return tuple(json.loads(dict(self.properties).get(_MISSING, "[]")))

    @property
    def position(self) -> tuple[str, ...]:
        """Columns every partition carries: the HEALPix index and the coordinates."""
        return (HEALPIX_COLUMN, self.ra, self.dec)

    @cached_property
    def manifest(self) -> Manifest | None:
        """What the version knows of its leaves; None where it has no manifest."""
        return Manifest.read(self.folder)

    def digests(self, at: npt.NDArray[np.int64] | None = None) -> list[str]:
        """What stands for the content of each leaf, or of those at some places: its digest, else how it is stored."""
        leaves = self.leaves if at is None else self.leaves[at]
        if self.manifest is not None:
            return self.manifest.digests(leaves.pixels)
        known = self._digests
        missing = [leaf for leaf in leaves if leaf.pixel not in known]
        if missing:
            with ThreadPoolExecutor(8) as pool:
                found = pool.map(stored_digest, missing)
            known |= {leaf.pixel: digest for leaf, digest in zip(missing, found, strict=True)}
        return [known[pixel] for pixel in leaves.pixels]

    @cached_property
    def _digests(self) -> dict[Pixel, str]:
        """Identities known so far, where there is no manifest: at first those in the ledger of one before manifests."""
        done = Ledger(self.folder / "ledger").done().values()
        return {Pixel(*result["pixel"]): result["digest"] for result in done if "digest" in result}

    def records(self) -> dict[Pixel, LeafRecord]:
        """What is known of each leaf."""
        if self.manifest is not None:
            return self.manifest.records()
        with ThreadPoolExecutor(8) as pool:
            found = pool.map(described, self.leaves, self.digests())
        return dict(zip(self.leaves.pixels, found, strict=True))


def stored_digest(leaf: Leaf) -> str:
    """A text that changes when the content of `leaf` does: the stores' checksums of its files, or sizes and times.

    Nothing of the content is read, unless the store tells neither.
    """
    return "-".join(_file_digest(path) for path in leaf.files())


def _file_digest(path: UPath) -> str:
    try:
        info = path.fs.info(path.path)
    except OSError as error:
        raise LcscaleError(f"cannot read the leaf {path}: {error}") from error
    for key in ("ETag", "etag", "md5Hash", "content_md5", "crc32c"):
        if info.get(key):
            return str(info[key]).strip('"')
    if is_local(path):
        return f"{info['size']}@{os.stat(path.path).st_mtime_ns}"
    for key in ("LastModified", "last_modified", "updated", "mtime"):
        if info.get(key) and info.get("size") is not None:
            return f"{info['size']}@{info[key]}"
    return content_digest(path)


def missing_property(labels: Iterable[str]) -> dict[str, str]:
    """Entries of ``hats.properties`` that say how much is missing in a version, and what; none where nothing is."""
    every = list(dict.fromkeys(labels))
    return {f"{_MISSING}_count": str(len(every)), _MISSING: json.dumps(every)} if every else {}


def content_digest(path: UPath) -> str:
    """A hash of the content of the file at `path`."""
    with path.open("rb") as stream:
        digest = hashlib.blake2b(digest_size=16)
        while chunk := stream.read(8 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def open_source(
    url: str, options: Mapping[str, Any] | None = None, light_curves: LightCurveFields | None = None
) -> Source:
    """Open the HATS catalog, or the primary catalog of the HATS collection, at `url`.

    Parameters
    ----------
    url
        Folder or fsspec URL (``s3://``, ``https://``, …).
    options
        Storage options of the file system.
    light_curves
        Names of its light curves' parts, where they are not ours; default: ours, or those of ZTF's releases.
    """
    given = dict(options or {})
    place = path_at(url, given)
    version = _current(place)
    while True:
        elsewhere = version is not None and ("://" in version or version.startswith("/"))
        folder = place if version is None else path_at(version, given) if elsewhere else place / version
        try:
            manifest = Manifest.read(folder)
            if manifest is None:
                return _open_foreign(url, folder, given, light_curves)
            return _open_own(url, folder, manifest, given, light_curves)
        except OSError as error:
            now = _current(place)
            if now != version:  # it was replaced, and removed, before all of it was read
                version = now
                continue
            if not isinstance(error, FileNotFoundError):
                raise
            if version is None:
                raise InputError(f"no HATS catalog or collection at {url}") from error
            raise InputError(
                f"the collection at {url} is broken: its version {version} is not there, or not whole"
            ) from error
        except (ValueError, KeyError, TypeError) as error:
            if isinstance(error, LcscaleError):
                raise
            raise InputError(f"the catalog at {url} is broken: its metadata cannot be read ({error})") from error


def _current(place: UPath) -> str | None:
    """Name of the primary catalog, where there is a collection at `place`."""
    try:
        return current_version(place)
    except PermissionError:  # what a bucket that may not be listed says of a file that is not there
        return None


def _open_own(
    url: str, folder: UPath, manifest: Manifest, given: Mapping[str, Any], light_curves: LightCurveFields | None
) -> Source:
    """The version at `folder`, told by its manifest."""
    properties = own_properties(folder)
    try:
        with (folder / "dataset" / "_common_metadata").open("rb") as stream:
            schema = pq.read_schema(stream)
    except FileNotFoundError:
        schema = None
    return _source(url, folder, properties, manifest.pixels, schema, manifest.rows, given, light_curves)


def _open_foreign(url: str, folder: UPath, given: Mapping[str, Any], light_curves: LightCurveFields | None) -> Source:
    """The catalog at `folder`, reached through `url`, as hats reads it."""
    import hats
    from hats.catalog.catalog_collection import CatalogCollection

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "_common_metadata or _metadata files not found")
        opened = hats.read_hats(folder, read_moc=False)
    catalog = opened.main_catalog if isinstance(opened, CatalogCollection) else opened
    info = catalog.catalog_info
    if not hasattr(catalog, "get_healpix_pixels") or info.ra_column is None or info.dec_column is None:
        raise InputError(
            f"the catalog at {url} has no positions (catalog_type {info.catalog_type}); it cannot be mapped"
        )
    pixels = Pixels.of((each.order, each.pixel) for each in catalog.get_healpix_pixels())
    rows = int(info.total_rows or 0)
    entries = {str(key): str(value) for key, value in (info.explicit_dict() | info.extra_dict()).items()}
    place = catalog.catalog_base_dir
    return _source(url, place, entries, pixels[pixels.argsort()], catalog.schema, rows, given, light_curves)


def _source(
    url: str,
    folder: UPath,
    properties: Mapping[str, str],
    pixels: Pixels,
    stored: pa.Schema | None,
    rows: int,
    given: Mapping[str, Any],
    light_curves: LightCurveFields | None,
) -> Source:
    """The catalog at `folder`, with its files where the properties say and in the form that they have."""
    root, options = str(folder), tuple(given.items())
    leaves = Leaves(pixels, root, properties.get("npix_suffix") or ".parquet", options)
    if stored is None and not leaves:
        raise InputError(f"the catalog at {url} has no schema: neither dataset/_common_metadata nor any leaf")
    schema = without_votable(leaves[0].schema() if stored is None else stored)
    try:
        order = properties.get("healpix_order")
        index = properties.get("healpix_column"), None if order is None else int(order)
        position = properties["ra_column"], properties["dec_column"]
        layout = layout_of(schema, *position, index=index, light_curves=light_curves)
    except InputError as error:
        raise InputError(f"the catalog at {url}: {error}") from error
    return Source(
        name=properties["catalog_name"],
        url=root,
        options=options,
        layout=layout,
        leaves=leaves,
        rows=rows,
        properties=tuple(properties.items()),
    )
