"""A version being written: its folder, its ledger, and the one rename that publishes it."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import pyarrow as pa
from upath import UPath

from lcscale.engine import Ledger, Outcome
from lcscale.engine.disk import make_folder, sync, sync_small_files
from lcscale.errors import ConflictError, InputError, LcscaleError
from lcscale.lake.coalescing import part_name, part_path
from lcscale.lake.collection import COLLECTION_FILE, collection_file, current_version
from lcscale.lake.leaf import leaf_name, leaf_path
from lcscale.lake.leaf_record import LeafRecord
from lcscale.lake.manifest import Manifest
from lcscale.lake.metadata import write_metadata
from lcscale.lake.pixel import Pixel
from lcscale.lake.publications import note_publication
from lcscale.lake.row_keys import keys_name
from lcscale.lake.storage import (
    children,
    files_below,
    is_local,
    publishing,
    remove_folder,
    replace_file,
    stamp,
    writing,
)
from lcscale.lake.tables import TABLES
from lcscale.lake.writer import Writer


@dataclass
class Draft:
    """A version of the lake entry `name` that nobody sees until `publish`.

    Its folder is named by the plan, so the same plan finds its own unfinished work again; a published version from
    which partitions are missing is taken over into a new one. Use as a context manager: while it is open no other
    process on this file system can write the same version.
    """

    entry: UPath
    """Folder of the lake entry."""
    plan: str
    """Text that stands for everything the result depends on."""
    takes_over: bool = True
    """Whether a version that completes another one starts from that one's leaves."""
    base: str | None = field(init=False)
    """Version that was current when the draft was made, or None."""
    completes: str | None = field(init=False, default=None)
    """Current version of the same plan, where partitions are missing in it; this one is to have them."""
    folder: UPath = field(init=False)
    """Folder of the version."""
    ledger: Ledger = field(init=False)
    """Ledger of the version's tasks."""

    def __post_init__(self) -> None:
        digest = hashlib.blake2b(self.plan.encode(), digest_size=6).hexdigest()
        self.base = current_version(self.entry)
        numbers = dict(existing_versions(self.entry))
        same = [name for name in numbers if name.endswith(f"-{digest}")]
        version = same[-1] if same else f"v{max(numbers.values(), default=0) + 1}-{digest}"
        if self.base in same and Ledger(self.entry / str(self.base) / "ledger").quarantined():
            self.completes = self.base
            if version == self.base:
                version = f"v{max(numbers.values()) + 1}-{digest}"
        self.folder = self.entry / version
        self.ledger = Ledger(self.folder / "ledger")
        self._writer = Writer(self.folder)

    @property
    def version(self) -> str:
        """Name of the version."""
        return str(self.folder.name)

    @property
    def is_published(self) -> bool:
        """Whether this very version is the current one already."""
        return self.base == self.version

    def __enter__(self) -> Self:
        with writing(self.entry):
            try:
                if is_local(self.folder):
                    make_folder(self.folder.path)
            except (FileExistsError, NotADirectoryError) as error:
                raise LcscaleError(f"cannot write to the lake at {self.entry}: {error}") from error
            self._writer.begin()
        if self.completes is not None and self.takes_over and not self.ledger.folder.exists():
            self._take_over(self.entry / self.completes)
        return self

    def _take_over(self, other: UPath) -> None:
        """Start from the leaves and the ledger of `other`: readers of that version never see this one's work."""
        for path in (
            each
            for kept in ("dataset/**/Npix=*", "row_keys/**/*.npy", "parts/*", "ledger/*.jsonl")
            for each in other.glob(kept)
        ):
            if path.is_file():
                link(path, self.folder / path.relative_to(other).as_posix())

    def take_equal(self, keys: Container[str]) -> dict[str, int]:
        """Take over what tasks of equal keys made in other versions of the entry; how many, by version.

        An equal key stands for equal input, steps and code: the leaf is linked, and the task is done.
        """
        taken: dict[str, int] = {}
        outcomes: list[Outcome] = []
        links: list[tuple[str, str]] = []
        entry = self.entry.path.rstrip("/")
        for key, version, result, name in self.equal_tasks(keys):
            pixel = Pixel(*result["pixel"])
            if name is not None:
                links.append((f"{entry}/{version}/{name}", leaf_name(pixel)))
            if result.get("row_keys"):
                links.append((f"{entry}/{version}/{keys_name(pixel)}", keys_name(pixel)))
            outcomes.append(Outcome(key, f"{self.entry.name} {pixel} of {version}", result))
            taken[version] = taken.get(version, 0) + 1
        self.take(outcomes, links)
        return taken

    def take(self, outcomes: Iterable[Outcome], links: Iterable[tuple[str, str]]) -> None:
        """Make files of other versions appear in this one, and note the tasks that they stand for as done.

        Parameters
        ----------
        outcomes
            What the ledger gets, once all names are on the disk.
        links
            As `link_all` takes them.
        """
        link_all(self.folder, links)
        for outcome in outcomes:
            self.ledger.add(outcome)

    def equal_tasks(self, keys: Container[str]) -> Iterator[tuple[str, str, dict[str, Any], str | None]]:
        """Tasks of `keys` not done here that other versions have: key, version, result, name of the leaf (if any)."""
        known = set(self.ledger.done())
        for version, _ in reversed(existing_versions(self.entry)):
            if version == self.version:
                continue
            other = self.entry / version
            exists = os.path.exists if is_local(other) else other.fs.exists
            for key, result in Ledger(other / "ledger").done(lambda key: key in keys and key not in known).items():
                name = None
                if result["rows"]:
                    names = (place(Pixel(*result["pixel"])) for place in (leaf_name, part_name))
                    name = next((each for each in names if exists(f"{other.path}/{each}")), None)
                    if name is None:
                        continue
                known.add(key)
                yield key, version, result, name

    @property
    def adds_nothing(self) -> bool:
        """Whether it has no more than the version that it was to complete."""
        if self.completes is None:
            return False
        return self.ledger.done().keys() <= Ledger(self.entry / self.completes / "ledger").done().keys()

    def discard(self) -> str:
        """Remove the draft, where it `adds_nothing`; returns the version that stays."""
        self.ledger.close()
        remove_folder(self.folder)
        return str(self.completes)

    def abandon(self) -> None:
        """Remove the draft, which holds nothing that a later run could use, and its entry where nothing else is in it.

        For use after the draft was left; what another process is writing in the entry stays.
        """
        remove_folder(self.folder)
        if self.base is None and is_local(self.entry):
            with contextlib.suppress(OSError):  # another draft is there
                os.rmdir(self.entry.path)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            with writing(self.entry):
                self.ledger.close()
        finally:
            self._writer.end()

    def _remove_orphans(self, pixels: Iterable[Pixel]) -> None:
        """Remove leaves of other pixels: workers wrote them for a run that died before its ledger knew of them.

        Leaves that were put together when there were fewer, and are not now, come back to their places.
        """
        root = self.folder.path.rstrip("/")
        wanted = {f"{root}/{leaf_name(pixel)}": pixel for pixel in pixels}
        leaves = {path for path in files_below(self.folder / "dataset") if "/Npix=" in path}
        for pixel in (wanted[path] for path in wanted.keys() - leaves):
            place, part = leaf_path(self.folder, pixel), part_path(self.folder, pixel)
            if part.exists():
                link(part, place)
                leaves.add(place.path)
        if lost := wanted.keys() - leaves:
            raise LcscaleError(
                f"{len(lost)} leaves that were written are gone, such as {min(lost)}; nothing was published. "
                f"Remove {self.folder} and run the same command again"
            )
        for path in leaves - wanted.keys():
            self.folder.fs.rm_file(path)

    def publish(self, leaves: Iterable[LeafRecord], schema: pa.Schema, *, ra: str, dec: str, **properties: str) -> None:
        """Write the manifest and the HATS metadata of the leaves, and make this version the current one.

        Parameters
        ----------
        leaves
            Its leaves.
        schema
            Schema of the rows.
        ra, dec
            Names of the columns of position.
        properties
            More entries for ``hats.properties``.
        """
        if is_local(self.folder):
            shutil.rmtree(os.path.join(self.folder.path, "partial"), ignore_errors=True)
        with writing(self.entry):
            written = list(leaves)
            self._remove_orphans(leaf.pixel for leaf in written)
            manifest = Manifest.of(written, self.folder)
            write_metadata(self.folder, self.entry.name, manifest, schema, ra=ra, dec=dec, extra=properties)
            if is_local(self.folder):
                sync_small_files(self.folder.path)
            publish_version(self.entry, self.version, self.base)


def is_name(name: object) -> bool:
    """Whether `name` can be that of a lake's entry: one word, so that it leads nowhere else."""
    return isinstance(name, str) and bool(re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", name)) and name != TABLES


def check_name(name: str) -> None:
    """`InputError` unless `name` can be that of a lake's entry."""
    if not is_name(name):
        raise InputError(f"{name!r} cannot be a name in a lake: use letters, digits, '_', '-' and '.' (not {TABLES!r})")


def existing_versions(entry: UPath) -> list[tuple[str, int]]:
    """Names and numbers of the version folders of a lake entry, unfinished ones too."""
    matches = [re.fullmatch(r"v(\d+)-[0-9a-f]+", child.name) for child in children(entry)]
    return sorted(((m[0], int(m[1])) for m in matches if m), key=lambda item: item[1])


def publish_version(entry: UPath, version: str, base: str | None) -> None:
    """Make `version` current, unless another was published since `base` was."""
    path = entry / COLLECTION_FILE
    content = collection_file(entry.name, version)
    with publishing(entry):
        seen = None if is_local(entry) else stamp(path)
        now = current_version(entry)
        if now not in (base, version) or not replace_file(path, content, seen):
            raise ConflictError(
                f"{entry.name}: version {current_version(entry)} was published while {version} was written; its leaves "
                f"are kept in {entry / version}: run the same command again to publish it on top"
            )
        note_publication(entry, version)


def link(path: UPath, place: UPath) -> None:
    """Make the file at `path` appear at `place` too, as `link_all` does."""
    link_all(place.parent, [(path.path, place.name)])


def link_all(folder: UPath, links: Iterable[tuple[str, str]]) -> None:
    """Make files appear in `folder` too: hard links, or copies by the store where it has none.

    Parameters
    ----------
    folder
        Where; on a disk it and its folders are synced.
    links
        Path of each file on the same file system, and its name in `folder`. (Of thousands: a `UPath` takes longer to
        make than a link.)
    """
    local, root, made = is_local(folder), folder.path.rstrip("/"), set[str]()
    for path, name in links:
        place = f"{root}/{name}"
        if not local:
            folder.fs.copy(path, place)
            continue
        if (parent := os.path.dirname(place)) not in made:
            make_folder(parent)
            made.add(parent)
        if not os.path.exists(place):
            os.link(path, place)
    sync(*sorted(made))
