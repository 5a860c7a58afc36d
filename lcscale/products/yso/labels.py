"""What other catalogs call young stars, main-sequence stars, evolved stars and galaxies (`labels.toml`)."""

from __future__ import annotations

from functools import cache
from importlib import resources

import numpy as np
import numpy.typing as npt

from lcscale.arrays import texts
from lcscale.models.labels.taxonomy import Taxonomy, map_labels

CLASSES = ("extragalactic", "main_sequence", "evolved", "YSO")
"""The four classes, in the order of the probabilities."""


@cache
def schemes(path: str | None = None) -> Taxonomy:
    """The four classes, and what catalogs call them: our table, with that of a TOML file of the same form.

    Raises
    ------
    InputError
        The file cannot be read, or names a class that is none of the four.
    """
    ours = Taxonomy.read(resources.files("lcscale.products.yso").joinpath("labels.toml"))
    return Taxonomy.read(path, ours) if path else ours


def map_classes(words: npt.ArrayLike, scheme: str, path: str | None = None) -> npt.NDArray[np.object_]:
    """The class of each object, or None where the scheme has no class for its word.

    Parameters
    ----------
    words
        Labels of a catalog.
    scheme
        Name of a table ``[NAME]`` in `labels.toml`, or in the file at `path`; ``any`` for our own names alone.
    path
        TOML file with further tables.

    Examples
    --------
    >>> map_classes(["AGN", "HM-STAR", "CV", None], "yang2022").tolist()
    ['extragalactic', 'main_sequence', None, None]
    """
    survey = None if scheme == "any" else scheme
    return map_labels(texts(words, "words"), survey, of=schemes(path), elsewhere=False)
