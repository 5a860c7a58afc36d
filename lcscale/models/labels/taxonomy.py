"""Classes of objects: names, parents, and what the surveys call them; shipped files and the user's own."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lcscale.arrays import texts
from lcscale.errors import InputError

OWN_FILE = "LCSCALE_TAXONOMY"
"""Environment variable with the user's own file of surveys and classes, which is read besides ours."""


@dataclass(frozen=True)
class ObjectClass:
    """One class of a taxonomy."""

    name: str
    """As it stands in `class` columns."""
    title: str
    """In words."""
    parent: str | None = None
    """Name of the class it belongs to."""
    group: bool = False
    """Whether it has no members of its own: its stars are of one of the classes in it."""


@dataclass(frozen=True)
class Taxonomy:
    """Classes, and what each survey calls them.

    Examples
    --------
    >>> own = Taxonomy({"RRab": ObjectClass("RRab", "RR Lyrae star")}, {"asas": {"RRAB": "RRab"}})
    >>> own.class_of("rrab", "asas")
    'RRab'
    """

    classes: Mapping[str, ObjectClass]
    """By name, in the order of the file."""
    surveys: Mapping[str, Mapping[str, str]]
    """Class by the survey's word, by survey."""

    @classmethod
    def read(cls, path: str | os.PathLike[str] | Traversable, more: Taxonomy | None = None) -> Taxonomy:
        """The taxonomy of a TOML file: a table ``[classes]``, and one a survey with its words by class.

        Parameters
        ----------
        path
            File. Adding a survey's classes is adding a table.
        more
            What it adds to: its surveys may use the classes of that, too.

        Raises
        ------
        InputError
            The file cannot be read, or names a class that there is not.
        """
        try:
            place = path if isinstance(path, Traversable) else Path(path)
            rows = tomllib.loads(place.read_text("utf-8"))
            known = dict(more.classes) if more else {}
            known |= {name: ObjectClass(name, **row) for name, row in rows.get("classes", {}).items()}
            tables = {
                survey: {word: name for name, words in table.items() for word in words}
                for survey, table in rows.items()
                if survey != "classes"
            }
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, TypeError, AttributeError) as error:
            raise InputError(f"cannot read the table of labels {path}: {error}") from error
        strange = sorted({f"{s}.{name}" for s, t in tables.items() for name in t.values() if name not in known})
        strange += [f"{each.name}.parent" for each in known.values() if each.parent and each.parent not in known]
        if strange:
            raise InputError(f"{path}: {', '.join(strange)} is none of the classes {', '.join(known)}")
        surveys = {name: dict(table) for name, table in more.surveys.items()} if more else {}
        for survey, table in tables.items():
            surveys[survey] = {**surveys.get(survey, {}), **table}
        return cls(known, surveys)

    def class_of(self, label: str, survey: str | None = None, *, elsewhere: bool = True) -> str | None:
        """Our name of a survey's `label`; None when nobody uses it, or different surveys for different classes.

        Parameters
        ----------
        label
            As the survey spells it, upper or lower case.
        survey
            Whose names are looked at first; then come our own.
        elsewhere
            Whether every survey's come last.
        """
        key = label.strip().casefold()
        if survey is not None:
            if survey not in self.surveys:
                raise InputError(f"no survey {survey!r} in the taxonomy; there are {', '.join(self.surveys)}")
            if named := self._words(survey).get(key):
                return named
        if own := self._words(None).get(key):
            return own
        found = {named for each in self.surveys if (named := self._words(each).get(key))} if elsewhere else set()
        return found.pop() if len(found) == 1 else None

    def ancestors(self, name: str) -> tuple[str, ...]:
        """`name` and the classes it belongs to, from the narrowest to the widest."""
        chain = [name]
        while (parent := self.named(chain[-1]).parent) is not None:
            chain.append(parent)
        return tuple(chain)

    def named(self, name: str) -> ObjectClass:
        """The class of this name."""
        if name not in self.classes:
            raise InputError(
                f"no class {name!r} in the taxonomy; there are {', '.join(self.classes)}. The environment variable "
                f"{OWN_FILE} may name a file with classes of your own"
            )
        return self.classes[name]

    def _words(self, survey: str | None) -> dict[str, str]:
        """Class by word in lower case; of our own names without a survey."""
        words = {name: name for name in self.classes} if survey is None else self.surveys[survey]
        return {word.casefold(): name for word, name in words.items()}


def taxonomy() -> Taxonomy:
    """The taxonomy of variable objects: `taxonomy.toml`, with the file that `OWN_FILE` names where it does."""
    return _with_own(os.environ.get(OWN_FILE))


@cache
def _with_own(path: str | None) -> Taxonomy:
    shipped = Taxonomy.read(resources.files("lcscale.models.labels").joinpath("taxonomy.toml"))
    return Taxonomy.read(path, shipped) if path else shipped


def classes() -> Mapping[str, ObjectClass]:
    """All classes of variable objects by name, in the order of the file."""
    return taxonomy().classes


def ancestors(name: str) -> tuple[str, ...]:
    """`name` and the classes it belongs to, from the narrowest to the widest.

    Examples
    --------
    >>> ancestors("DCEP_1O")
    ('DCEP_1O', 'DCEP', 'CEP')
    """
    return taxonomy().ancestors(name)


def widest(name: str) -> str:
    """The widest class that `name` belongs to; `name` itself where it is of a taxonomy of its own.

    Examples
    --------
    >>> widest("DCEP_1O"), widest("AGB")
    ('CEP', 'AGB')
    """
    return ancestors(name)[-1] if name in classes() else name


def class_of(label: str, survey: str | None = None) -> str | None:
    """The taxonomy's name of a survey's `label` (`Taxonomy.class_of`).

    Examples
    --------
    >>> class_of("beta_lyrae"), class_of("RR", "ztf_chen"), class_of("RR", "gaia"), class_of("supernova")
    ('EB', 'RRab', 'RR', None)
    """
    return taxonomy().class_of(label, survey)


def map_labels(
    labels: Iterable[str | None], survey: str | None = None, *, of: Taxonomy | None = None, elsewhere: bool = True
) -> npt.NDArray[np.object_]:
    """`Taxonomy.class_of` each label, of the taxonomy of variable objects where none is given. object [n].

    None, and what is no text, stays None.
    """
    labels, known = texts(labels, "labels"), of or taxonomy()
    if survey is not None:
        known.class_of("", survey)  # there is the survey
    words = {label for label in labels if isinstance(label, str)}
    translated = {word: known.class_of(word, survey, elsewhere=elsewhere) for word in words}
    return np.array([translated.get(label) if isinstance(label, str) else None for label in labels], dtype=object)


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
    parent = {name: taxonomy().named(name).parent or name for name in rare}
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
