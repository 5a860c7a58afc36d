"""An opened version of a HATS catalog: its leaves, schema and columns of position; ours or anybody's."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from upath import UPath

from lcscale.engine import Ledger
from lcscale.errors import InputError
from lcscale.lake.collection import current_version
from lcscale.lake.leaf import Leaf, Ranges, leaf_name
from lcscale.lake.manifest import Manifest, described
from lcscale.lake.pixel import HEALPIX_COLUMN, Pixel
from lcscale.lake.storage import is_local, path_at

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
    schema: pa.Schema
    """Arrow schema of its rows, `_healpix_29` first."""
    leaves: tuple[Leaf, ...]
    """Its leaves, in order of the sky (by first HEALPix index)."""
    ra: str
    """Name of the right-ascension column, degrees."""
    dec: str
    """Name of the declination column, degrees."""
    rows: int
    """Total number of rows, as its properties say."""
    properties: tuple[tuple[str, str], ...]
    """All of `hats.properties`, as items."""

    @property
    def folder(self) -> UPath:
        """Its folder with the file system."""
        return path_at(self.url, dict(self.options))

    @property
    def version(self) -> str:
        """Name of the version's folder."""
        return str(self.folder.name)

    @property
    def missing(self) -> tuple[str, ...]:
        """Labels of what could not be made and is missing in it: partitions, of catalogs it was made from too."""
        return tuple(json.loads(dict(self.properties).get(_MISSING, "[]")))

    @property
    def position(self) -> tuple[str, ...]:
        """Columns every partition carries: the HEALPix index and the coordinates."""
        return (HEALPIX_COLUMN, self.ra, self.dec)

    @cached_property
    def spans(self) -> np.ndarray[Any, np.dtype[np.int64]]:
        """First HEALPix index of each leaf and the one behind its last, int64 [n_leaves, 2]."""
        return np.array([leaf.pixel.span for leaf in self.leaves], np.int64).reshape(-1, 2)

    def leaves_within(self, ranges: Ranges) -> list[Leaf]:
        """Leaves whose pixels overlap `ranges`."""
        first, behind = self.spans.T
        after = np.searchsorted(ranges[:, 1], first, side="right")
        hit = after < len(ranges)
        hit[hit] = ranges[after[hit], 0] < behind[hit]
        return [self.leaves[number] for number in np.flatnonzero(hit)]

    @cached_property
    def manifest(self) -> Manifest | None:
        """What the version knows of its leaves; None where it has no manifest."""
        return Manifest.read(self.folder)

    def identities(self) -> dict[Pixel, str]:
        """What stands for each leaf's content: its digest, the store's checksum, or a content hash."""
        known = self._digests()
        missing = [leaf for leaf in self.leaves if leaf.pixel not in known]
        with ThreadPoolExecutor(8) as pool:
            hashes = pool.map(content_identity, [leaf.upath for leaf in missing])
        return known | {leaf.pixel: found for leaf, found in zip(missing, hashes, strict=True)}

    def _digests(self) -> dict[Pixel, str]:
        """Digests of its leaves, of the manifest or (versions before manifests) of the ledger."""
        if self.manifest is not None:
            return self.manifest.digests()
        done = Ledger(self.folder / "ledger").done().values()
        return {Pixel(*result["pixel"]): result["digest"] for result in done if "digest" in result}

    def results(self) -> dict[Pixel, dict[str, Any]]:
        """What is known of each leaf; see `lcscale.lake.LeafWriter.result`."""
        if self.manifest is not None:
            return self.manifest.results()
        identities = self.identities()
        with ThreadPoolExecutor(8) as pool:
            found = pool.map(lambda leaf: described(leaf, identities[leaf.pixel]), self.leaves)
        return {leaf.pixel: result for leaf, result in zip(self.leaves, found, strict=True)}


def missing_property(labels: Iterable[str]) -> dict[str, str]:
    """Entries of ``hats.properties`` that say how much is missing in a version, and what; none where nothing is."""
    every = list(dict.fromkeys(labels))
    return {f"{_MISSING}_count": str(len(every)), _MISSING: json.dumps(every)} if every else {}


def content_identity(path: UPath) -> str:
    """A text that changes when the content of the file at `path` does: the store's checksum, or a hash of it."""
    if not is_local(path):
        info = path.fs.info(path.path)
        for key in ("ETag", "etag", "md5Hash", "content_md5", "crc32c"):
            if info.get(key):
                return str(info[key]).strip('"')
    if path.is_dir():
        return "-".join(content_identity(child) for child in sorted(path.glob("*.parquet"), key=str))
    with path.open("rb") as stream:
        digest = hashlib.blake2b(digest_size=16)
        while chunk := stream.read(8 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def open_source(url: str, options: Mapping[str, Any] | None = None) -> Source:
    """Open the HATS catalog, or the primary catalog of the HATS collection, at `url`.

    Parameters
    ----------
    url
        Folder or fsspec URL (``s3://``, ``https://``, …).
    options
        Storage options of the file system.
    """
    given = dict(options or {})
    place = path_at(url, given)
    version = _current(place)
    while True:
        elsewhere = version is not None and ("://" in version or version.startswith("/"))
        folder = place if version is None else path_at(version, given) if elsewhere else place / version
        try:
            manifest = Manifest.read(folder)
            return _open_foreign(url, folder, given) if manifest is None else _open_own(folder, manifest, given)
        except OSError as error:
            now = _current(place)
            if now != version:  # it was replaced, and removed, before all of it was read
                version = now
                continue
            if isinstance(error, FileNotFoundError):
                raise InputError(f"no HATS catalog or collection at {url}") from error
            raise


def _current(place: UPath) -> str | None:
    """Name of the primary catalog, where there is a collection at `place`."""
    try:
        return current_version(place)
    except PermissionError:  # what a bucket that may not be listed says of a file that is not there
        return None


def _open_own(folder: UPath, manifest: Manifest, given: Mapping[str, Any]) -> Source:
    """The version at `folder`, told by its manifest."""
    from hats.catalog import TableProperties

    properties = TableProperties.read_from_dir(folder)
    with (folder / "dataset" / "_common_metadata").open("rb") as stream:
        schema = pq.read_schema(stream)
    options = tuple(given.items())
    root = str(folder)
    return Source(
        name=properties.catalog_name,
        url=root,
        options=options,
        schema=schema,
        leaves=tuple(Leaf(pixel, f"{root}/{leaf_name(pixel)}", options) for pixel in manifest.pixels),
        ra=properties.ra_column,
        dec=properties.dec_column,
        rows=manifest.rows,
        properties=tuple((str(k), str(v)) for k, v in (properties.explicit_dict() | properties.extra_dict()).items()),
    )


def _open_foreign(url: str, folder: UPath, given: Mapping[str, Any]) -> Source:
    """The catalog at `folder`, reached through `url`, as hats reads it."""
    import hats
    from hats.catalog.catalog_collection import CatalogCollection
    from hats.io import paths

    opened = hats.read_hats(folder, read_moc=False)
    catalog = opened.main_catalog if isinstance(opened, CatalogCollection) else opened
    info = catalog.catalog_info
    if not hasattr(catalog, "get_healpix_pixels") or info.ra_column is None or info.dec_column is None:
        raise InputError(
            f"the catalog at {url} has no positions (catalog_type {info.catalog_type}); it cannot be mapped"
        )
    base = catalog.catalog_base_dir
    suffix = info.npix_suffix or ".parquet"
    leaves = [
        Leaf(Pixel(p.order, p.pixel), str(paths.pixel_catalog_file(base, p, npix_suffix=suffix)), tuple(given.items()))
        for p in catalog.get_healpix_pixels()
    ]
    schema = catalog.schema
    if HEALPIX_COLUMN not in schema.names:
        raise InputError(
            f"the catalog at {url} has no column {HEALPIX_COLUMN} (HATS 1.0); "
            "ingest it anew with `lcscale ingest table`"
        )
    return Source(
        name=info.catalog_name,
        url=str(base),
        options=tuple(given.items()),
        schema=_without_partition_columns(schema),
        leaves=tuple(sorted(leaves, key=lambda leaf: leaf.pixel.span)),
        ra=info.ra_column,
        dec=info.dec_column,
        rows=int(info.total_rows or 0),
        properties=tuple((str(key), str(value)) for key, value in (info.explicit_dict() | info.extra_dict()).items()),
    )


def _without_partition_columns(schema: pa.Schema) -> pa.Schema:
    """The schema of the leaves themselves: hive columns some writers list are not in them."""
    fields = [field for field in schema if field.name not in ("Norder", "Dir", "Npix")]
    return pa.schema(fields, schema.metadata)
