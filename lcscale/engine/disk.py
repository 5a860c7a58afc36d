"""What a ledger or a collection names is on the disk before it is named: contents, names, and the folders around them.

A file system may write a rename before the content of the file, and a line of the ledger before both: after a power cut
a finished leaf could be empty. All of this is for disks; object stores keep what they have taken.
"""

from __future__ import annotations

import os


def sync(*paths: str) -> None:
    """Bring the contents of files, and the names in folders, to the disk."""
    for path in paths:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def make_folder(path: str) -> None:
    """Make a folder, and those around it that are not there, so that they stay."""
    missing, path = [], os.path.abspath(path)
    while not os.path.isdir(path):
        missing.append(path)
        path = os.path.dirname(path)
    for folder in reversed(missing):
        os.makedirs(folder, exist_ok=True)
        sync(os.path.dirname(folder))


def move(beside: str, place: str) -> None:
    """Rename a complete file so that, whatever happens, nothing or the old file or all of the new one is at `place`."""
    make_folder(os.path.dirname(place))
    sync(beside)
    os.replace(beside, place)
    sync(os.path.dirname(place))


def sync_small_files(version: str) -> None:
    """Bring a version's metadata and the names of all that is in its folders to the disk; leaves are there already."""
    for folder, folders, files in os.walk(version):
        if folder in (version, os.path.join(version, "dataset")):
            sync(*(os.path.join(folder, name) for name in files))
        sync(folder)
        folders[:] = [name for name in folders if name not in ("partial", "staging")]
