"""A model's files travel with the step that uses it, to processes where its folder is not."""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from pathlib import Path
from typing import Any, ClassVar

from lcscale.models.keeping.registry import CARD, SHIPPED, WEIGHTS, find_folder

Files = dict[str, bytes]
"""The files of a model's folder by their names; empty for a shipped model, which every process has."""


class Travelling:
    """What makes a step with a field `model` take the model's files along when it is pickled."""

    model: str
    shipped: ClassVar[Path] = SHIPPED
    """Folder of the models inside the package that the step knows by name."""

    def __getstate__(self) -> dict[str, Any]:
        return vars(self) | {"files": packed(self.model, self.shipped)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        files = state.pop("files")
        vars(self).update(state | {"model": unpacked(state["model"], files)})


def packed(model: str, shipped: Path = SHIPPED) -> Files:
    """The files of the model at the folder `model`; none of one in `shipped`."""
    folder = find_folder(model, shipped)
    if folder.parent == shipped:
        return {}
    return {name: (folder / name).read_bytes() for name in (CARD, WEIGHTS)}


def unpacked(model: str, files: Files) -> str:
    """The folder `model` where it holds these very files, else a folder of this user's that does now.

    Examples
    --------
    >>> unpacked("general", packed("general"))
    'general'
    """
    if not files or all(_content(Path(model) / name) == content for name, content in files.items()):
        return model
    digest = hashlib.sha256(b"".join(files[name] for name in sorted(files))).hexdigest()[:32]
    root = Path(tempfile.gettempdir()) / f"lcscale-models-{os.getuid()}"
    root.mkdir(mode=0o700, exist_ok=True)
    found = root.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o022:
        raise PermissionError(f"{root} is no folder that only this user writes to: remove it")
    folder = root / digest
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        if _content(folder / name) != content:
            with tempfile.NamedTemporaryFile(dir=root, delete=False) as beside:
                beside.write(content)
            os.replace(beside.name, folder / name)
    return str(folder)


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None
