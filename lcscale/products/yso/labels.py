"""What other catalogs call young stars, main-sequence stars, evolved stars and galaxies (`labels.toml`)."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lcscale.arrays import texts
from lcscale.errors import InputError

CLASSES = ("extragalactic", "main_sequence", "evolved", "YSO")
"""The four classes, in the order of the probabilities."""


@cache
def schemes(path: str | None = None) -> dict[str, dict[str, str]]:
    """Our class by the catalog's word, by scheme; from our table, or from a TOML file of the same form.

    Raises
    ------
    InputError
        The file cannot be read, or names a class that is none of the four.
    """
    try:
        place = Path(path) if path else resources.files("lcscale.products.yso").joinpath("labels.toml")
        rows = tomllib.loads(place.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"cannot read the table of labels {path}: {error}") from error
    wrong = [f"{scheme}.{name}" for scheme, row in rows.items() for name in row if name not in CLASSES]
    if wrong:
        raise InputError(f"{path}: {', '.join(wrong)} is none of the classes {', '.join(CLASSES)}")
    return {scheme: {word: name for name, words in row.items() for word in words} for scheme, row in rows.items()}


def map_classes(words: npt.ArrayLike, scheme: str, path: str | None = None) -> npt.NDArray[np.object_]:
    """The class of each object, or None where the scheme has no class for its word.

    Parameters
    ----------
    words
        Labels of a catalog.
    scheme
        Name of a table in `labels.toml`, or in the file at `path`.
    path
        TOML file with further tables.

    Examples
    --------
    >>> map_classes(["AGN", "HM-STAR", "CV", None], "yang2022").tolist()
    ['extragalactic', 'main_sequence', None, None]
    """
    known = schemes() | (schemes(path) if path else {})
    if scheme not in known:
        raise InputError(f"no scheme of labels {scheme!r}; there are {', '.join(known)}")
    table = known["any"] | known[scheme]
    return np.array([table.get(word) if isinstance(word, str) else None for word in texts(words, "words")], object)
