"""Paths on any store that show what is there now, and small files that are replaced whole."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import shutil
import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol, TypeAlias

from upath import UPath

from lcscale.engine.disk import move
from lcscale.errors import LcscaleError

_NO_PLACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS}
_FORBIDDEN = {errno.EACCES, errno.EPERM}
_REMEMBERING = {"s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "adl", "http", "https"}
"""Protocols whose file systems keep listings and checksums, unless told not to."""


class StorageError(LcscaleError):
    """The lake takes no more: its disk is full, or it is read-only. A job stops, and goes on when there is room."""

    stops = True


@contextlib.contextmanager
def writing(place: UPath) -> Iterator[None]:
    """Say in one line that nothing can be written at `place`, where that is why the block fails."""
    try:
        yield
    except OSError as error:
        ours = str(error.filename or "").startswith(place.path)
        if error.errno not in _NO_PLACE and not (ours and error.errno in _FORBIDDEN):
            raise
        raise StorageError(
            f"cannot write to the lake at {place}: {error.strerror}; nothing was published. "
            "Make room, or choose another lake, and run the same command again: what is done is kept"
        ) from error


def path_at(url: str | os.PathLike[str] | UPath, options: Mapping[str, Any]) -> UPath:
    """The path at `url` of a file system with the storage `options`, which asks the store whenever it is asked.

    Some file systems of fsspec remember what they have listed: a process that has looked once would never see what
    others publish, and would open what is no longer there. Give ``use_listings_cache=True`` to have that anyway.
    """
    path = UPath(url, **options)
    if path.protocol not in _REMEMBERING or "use_listings_cache" in path.storage_options:
        return path
    return UPath(path, use_listings_cache=False)


class Rooted(Protocol):
    """What has a root, as a `lcscale.Lake`."""

    @property
    def root(self) -> UPath:
        """Its folder."""


StorageOption: TypeAlias = str | float | bool | Mapping[str, object] | Callable[..., object] | None
"""Value of an option of an fsspec file system: keys, endpoints, sizes, and what goes on to the client behind it."""

LakeSpec: TypeAlias = Rooted | str | os.PathLike[str]
"""A `lcscale.Lake`, or its folder or URL."""


def place_of(lake: LakeSpec, **storage_options: StorageOption) -> UPath:
    """The root of a lake: of the object itself, or at a URL with options of its file system."""
    root = path_at(lake, storage_options) if isinstance(lake, str | os.PathLike) else lake.root
    return UPath(os.path.abspath(root.path)) if is_local(root) else root


def content_of(path: UPath) -> bytes | None:
    """What a small file holds that others may replace at any time; None where there is none.

    One request gets the whole file: between two, the file may have become another.
    """
    if path.protocol in ("http", "https") and not path.exists():  # what servers answer then differs
        return None
    try:
        content = path.read_bytes() if is_local(path) else path.fs.cat_file(path.path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    return bytes(content)


def is_local(path: UPath) -> bool:
    """Whether `path` is on a file system of this machine, with rename, links and locks."""
    return path.protocol in ("", "file", "local")


def remove_folder(folder: UPath) -> None:
    """Remove `folder` and all that is in it, if it is there."""
    if is_local(folder):
        if os.path.exists(folder.path):
            shutil.rmtree(folder.path)
    elif folder.fs.find(folder.path):
        folder.fs.rm(folder.path, recursive=True)


def files_below(folder: UPath) -> Iterator[str]:
    """Paths of all files in `folder` and in the folders below it; none where it is not there."""
    if is_local(folder):
        for place, _, names in os.walk(folder.path):
            yield from (os.path.join(place, name) for name in names)
    else:
        yield from map(str, folder.fs.find(folder.path))


def children(folder: UPath) -> list[UPath]:
    """What lies in `folder`; nothing where it is not there."""
    try:
        return list(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []


def stamp(path: UPath) -> str | None:
    """The store's checksum of the file at `path`, as it is now; None where there is no file or no checksum."""
    path.fs.invalidate_cache()
    try:
        found = path.fs.info(path.path).get("ETag")
    except FileNotFoundError:
        return None
    return None if found is None else str(found)


def replace_file(path: UPath, content: bytes, seen: str | None = None) -> bool:
    """Write the file at `path` whole: readers find the old content or the new, after a power cut too.

    On S3 the put is conditional: where the file is no longer the one with the checksum `seen` (None: not there),
    nothing is written and False comes back. Other stores take the content without asking.
    """
    if is_local(path):
        beside = path.with_name(f".{uuid.uuid4().hex}")
        try:
            beside.write_bytes(content)
            move(beside.path, path.path)
        finally:
            beside.unlink(missing_ok=True)
        return True
    condition = {}
    if path.protocol in ("s3", "s3a"):
        condition = {"IfNoneMatch": "*"} if seen is None else {"IfMatch": seen}
    try:
        path.fs.pipe_file(path.path, content, **condition)
    except OSError as error:
        if "PreconditionFailed" not in repr(error) and "pre-condition" not in str(error).lower():
            raise
        return False
    return True


@contextlib.contextmanager
def publishing(entry: UPath) -> Iterator[None]:
    """Hold the entry's publishing lock (a file lock, gone with the process; only on file systems that have it)."""
    if not is_local(entry):
        yield
        return
    with open(os.path.join(entry.path, ".publish.lock"), "w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield
