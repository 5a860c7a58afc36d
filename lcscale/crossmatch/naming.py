"""Names and schema of a joined table: left columns, right columns, what the match adds."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from itertools import chain, count

import pyarrow as pa

from lcscale.crossmatch.options import MatchOptions
from lcscale.errors import InputError
from lcscale.vocabulary import HEALPIX_COLUMN, Column, brought_field

SEPARATION = Column(
    "separation_arcsec",
    pa.float64(),
    "arcsec",
    "pos.angDistance",
    "Distance of the left position from the right one, at the epoch of the comparison.",
    "lcscale.crossmatch",
    unmarked=True,
)
CHANCE = Column(
    "chance_probability",
    pa.float64(),
    "",
    "stat.probability;stat.falsePositive",
    "Probability that an unrelated source of the right catalog is as near by chance.",
    "lcscale.crossmatch",
    unmarked=True,
)

COLUMNS = (SEPARATION, CHANCE)
"""Columns that a match appends."""
AGAIN = tuple(replace(column, name=f"{column.name}<suffix>") for column in COLUMNS)
"""The same of a match with a catalog that is one itself."""


@dataclass(frozen=True)
class JoinedNames:
    """Which right columns a joined table takes, and what they and the added columns are called in it."""

    right: tuple[tuple[str, str], ...]
    """Pairs of (name in the right table, name in the result)."""
    added: tuple[tuple[str, str], ...]
    """Pairs of (what the match computes, its name in the result)."""


def joined_names(
    left: pa.Schema, right: pa.Schema, options: MatchOptions, whole_left: pa.Schema | None = None
) -> JoinedNames:
    """Names of the right and the added columns, with the suffix on those that `left` has too.

    What the match adds takes a number where catalogs that are matches themselves use its name and that with the suffix.

    `whole_left` is the schema of the left catalog where only some of its columns are read: names hang on that one.
    """
    left = left if whole_left is None else whole_left
    wanted = [name for name in right.names if name != HEALPIX_COLUMN]  # rows of the result are where the left ones are
    added = [field.name for field in added_fields(options)]
    repeated = sorted({name for name in wanted if wanted.count(name) > 1})
    if repeated:
        raise InputError(f"the right catalog has more than one column named {', '.join(repeated)}; rename them")
    suffix = options.suffix or _free_suffix(set(left.names), wanted, added)
    right_pairs = [(name, name + suffix if name in left.names else name) for name in wanted]
    taken = {*left.names, *(new for _, new in right_pairs)}
    added_pairs = []
    for name in added:
        numbered = (f"{name}_{number}" for number in count(2))
        new = next(free for free in chain((name, name + suffix), numbered) if free not in taken)
        taken.add(new)
        added_pairs.append((name, new))
    result = [*left.names, *(new for _, new in right_pairs), *(new for _, new in added_pairs)]
    clashes = sorted(name for name, times in Counter(result).items() if times > 1)
    if clashes:
        raise InputError(f"column {', '.join(clashes)} would stand twice in the joined catalog; give another suffix")
    return JoinedNames(tuple(right_pairs), tuple(added_pairs))


def joined_schema(
    left: pa.Schema, right: pa.Schema, options: MatchOptions, whole_left: pa.Schema | None = None
) -> pa.Schema:
    """Schema of `match_tables` for tables of these schemas; the left schema's metadata stays.

    For `whole_left` see `joined_names`.

    Examples
    --------
    >>> left = pa.schema({"id": pa.int64(), "ra": pa.float64(), "dec": pa.float64()})
    >>> joined_schema(left, left, MatchOptions()).names
    ['id', 'ra', 'dec', 'id_2', 'ra_2', 'dec_2', 'separation_arcsec']
    """
    if options.how == "anti":
        return left
    names = joined_names(left, right, options, whole_left)
    fields = [brought_field(right.field(old)).with_name(new) for old, new in names.right]
    fields += [field.with_name(new) for field, (_, new) in zip(added_fields(options), names.added, strict=True)]
    if options.how == "left":
        fields = [field.with_nullable(True) for field in fields]
    return pa.schema([*left, *fields], left.metadata)


def added_fields(options: MatchOptions) -> list[pa.Field]:
    """What a match of these options appends behind the right columns."""
    return [column.field for column in (COLUMNS if options.chance_probability else COLUMNS[:1])]


def _free_suffix(left: set[str], wanted: list[str], added: list[str]) -> str:
    """``_2``, or the first ``_3``, ``_4``... that gives no name a second time (a chain of matches needs them)."""
    for number in count(2):
        suffix = f"_{number}"
        taken = left | set(wanted) | set(added)
        if not any(name + suffix in taken for name in {*wanted, *added} & (left | set(wanted))):
            return suffix
    raise AssertionError("unreachable")
