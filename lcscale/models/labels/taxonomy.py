"""The classes of variable objects: names, parents, and what the surveys call them (`taxonomy.toml`)."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources

import numpy as np
import numpy.typing as npt

from lcscale.arrays import texts
from lcscale.errors import InputError

SURVEYS = ("crts", "eros2", "gaia", "ogle", "vsx", "ztf", "ztf_chen")
"""Naming schemes whose labels the taxonomy knows."""


@dataclass(frozen=True)
class ObjectClass:
    """One class of the taxonomy."""

    name: str
    """As it stands in `class` columns."""
    title: str
    """In words."""
    parent: str | None = None
    """Name of the class it belongs to."""
    group: bool = False
    """Whether it has no members of its own: its stars are of one of the classes in it."""
    aliases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Survey to the names it uses for this class."""


@cache
def classes() -> dict[str, ObjectClass]:
    """All classes by name, in the order of the file."""
    text = resources.files("lcscale.models.labels").joinpath("taxonomy.toml").read_text("utf-8")
    return {
        name: ObjectClass(
            name,
            row["title"],
            row.get("parent"),
            row.get("group", False),
            {k: tuple(v) for k, v in row.get("aliases", {}).items()},
        )
        for name, row in tomllib.loads(text).items()
    }


def ancestors(name: str) -> tuple[str, ...]:
    """`name` and the classes it belongs to, from the narrowest to the widest.

    Examples
    --------
    >>> ancestors("DCEP_1O")
    ('DCEP_1O', 'DCEP', 'CEP')
    """
    chain = [_known(name)]
    while (parent := chain[-1].parent) is not None:
        chain.append(_known(parent))
    return tuple(entry.name for entry in chain)


def _known(name: str) -> ObjectClass:
    if name not in classes():
        raise InputError(f"no class {name!r} in the taxonomy; there are {', '.join(classes())}")
    return classes()[name]


def class_of(label: str, survey: str | None = None) -> str | None:
    """The taxonomy's name of a survey's `label`; None when nobody uses it, or different surveys for different classes.

    Parameters
    ----------
    label
        As the survey spells it, upper or lower case.
    survey
        One of `SURVEYS`, whose names are looked at first; then come the taxonomy's own, then every survey's.

    Examples
    --------
    >>> class_of("beta_lyrae"), class_of("RR", "ztf_chen"), class_of("RR", "gaia"), class_of("supernova")
    ('EB', 'RRab', 'RR', None)
    """
    key = label.strip().casefold()
    if survey is not None:
        if survey not in SURVEYS:
            raise InputError(f"no survey {survey!r} in the taxonomy; there are {', '.join(SURVEYS)}")
        if named := _aliases(survey).get(key):
            return named
    if own := _own_names().get(key):
        return own
    found = {named for each in SURVEYS if (named := _aliases(each).get(key))}
    return found.pop() if len(found) == 1 else None


@cache
def _own_names() -> dict[str, str]:
    return {name.casefold(): name for name in classes()}


@cache
def _aliases(survey: str) -> dict[str, str]:
    return {alias.casefold(): entry.name for entry in classes().values() for alias in entry.aliases.get(survey, ())}


def map_labels(labels: Iterable[str | None], survey: str | None = None) -> npt.NDArray[np.object_]:
    """`class_of` each label; None stays None. object [n]."""
    labels = texts(labels, "labels")
    translated: dict[str, str | None] = {}
    result = []
    for label in labels:
        if label is not None and label not in translated:
            translated[label] = class_of(label, survey)
        result.append(None if label is None else translated[label])
    return np.array(result, dtype=object)


def roll_up(labels: npt.NDArray[np.object_], min_count: int) -> npt.NDArray[np.object_]:
    """Classes with fewer than `min_count` members replaced by their parent, where they have one.

    One step only: a star of a rare class counts as a member of the class above it, and of nothing wider.

    Examples
    --------
    >>> roll_up(np.array(["RRab", "RRab", "BLAZHKO", None], dtype=object), 2).tolist()
    ['RRab', 'RRab', 'RRab', None]
    """
    labels = texts(labels, "labels")
    names, counts = np.unique([label for label in labels if label is not None], return_counts=True)
    rare = {str(name) for name, count in zip(names, counts, strict=True) if count < min_count}
    parent = {name: _known(name).parent or name for name in rare}
    return np.array([parent.get(label, label) if label is not None else None for label in labels], dtype=object)


def with_parents(names: Sequence[str], probabilities: npt.NDArray[np.floating]) -> dict[str, npt.NDArray[np.floating]]:
    """Probability of every class of `names` and of every class they belong to: a parent's is the sum of its children's.

    A parent that is itself among `names` (a star of it, but of none of its known children) adds its own share.

    Parameters
    ----------
    names
        The n_classes classes, exclusive of each other.
    probabilities
        float [n_objects, n_classes].

    Examples
    --------
    >>> summed = with_parents(["RRab", "RRc"], np.array([[0.25, 0.75]]))
    >>> {name: float(value[0]) for name, value in summed.items()}
    {'RRab': 0.25, 'RR': 1.0, 'RRc': 0.75}
    """
    total: dict[str, npt.NDArray[np.floating]] = {}
    for k, name in enumerate(names):
        for each in ancestors(name):
            total[each] = total[each] + probabilities[:, k] if each in total else probabilities[:, k].copy()
    return total
