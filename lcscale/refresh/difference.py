"""What changed between two versions of a catalog, row by row, each with its cause."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pyarrow as pa

from lcscale.errors import InputError
from lcscale.lake import HEALPIX_COLUMN, Catalog, Lake, open_catalog
from lcscale.lake.inputs import CODE, CROSSMATCH, JOIN, LIGHT_CURVES, MODELS, ROWS, STEPS
from lcscale.models.heads.columns import PROBABILITY

NEW_OBSERVATIONS, OTHER_MODEL, OTHER_PERIOD = "new observations", "another model", "another period"
OTHER_RIGHT, OTHER_ROWS = "another right-hand catalog", "other rows of what it is made from"
OTHER_STEPS, OTHER_CODE, NOT_TOLD = "other steps", "other code", "not told by the versions"
APPEARED, VANISHED, CHANGED = "appeared", "vanished", "changed"
_NUMBER = "occurrence of the id"
_SIDE = "side"


@dataclass(frozen=True)
class Difference:
    """Rows that differ between two versions."""

    name: str
    """Name of the catalog."""
    before: str
    """The older version."""
    after: str
    """The newer one."""
    table: pa.Table
    """A row for each that differs: its id, position, `change`, `columns` that changed, `cause`; where both versions
    have classes, `class_before`, `class_after`, their `probability_before` and `probability_after`, and
    `probability_moved`, the largest difference of a probability."""
    same_rows: int
    """Rows that are the same in both."""

    def summary(self) -> str:
        """Counts of changes, of causes and of classes that flipped, in lines."""
        changes, causes = Counter(self.table["change"].to_pylist()), Counter(self.table["cause"].to_pylist())
        lines = [f"{self.name} {self.before} -> {self.after}: {self.same_rows:,} rows the same"]
        lines[0] += "".join(f", {changes[word]:,} {word}" for word in (APPEARED, VANISHED, CHANGED))
        total = max(1, self.table.num_rows)
        lines += [f"  {100 * n / total:5.1f} %  {n:>10,}  {cause}" for cause, n in causes.most_common()]
        if "class_before" in self.table.column_names:
            pairs = zip(self.table["class_before"].to_pylist(), self.table["class_after"].to_pylist(), strict=True)
            both = zip(self.table["change"].to_pylist(), pairs, strict=True)
            flips = Counter(pair for change, pair in both if change == CHANGED and pair[0] != pair[1])
            lines += [f"  {sum(flips.values()):,} classes flipped"]
            lines += [
                f"  {n:>10,}  {old or 'no class'} -> {new or 'no class'}" for (old, new), n in flips.most_common()
            ]
        return "\n".join(lines)


def difference(lake: Lake, name: str, before: str | None = None, after: str | None = None) -> Difference:
    """Compare two versions of a catalog, by its column of ids; only leaves that differ are read, into memory.

    Parameters
    ----------
    lake, name
        The catalog.
    before, after
        Names of versions; default: the current one, and the one that was current before it and is still there.

    Raises
    ------
    InputError
        There are no two versions, or the catalog has no column of ids.
    """
    after = after or lake[name].source.version
    there = lake.versions(name)
    if before is None:
        told = [each.version for each in lake.publications(name) if each.version in there and each.version != after]
        if not told:
            raise InputError(f"{name} has one version only, {after}: there is nothing to compare it with")
        before = told[-1]
    for version in (before, after):
        if version not in there:
            raise InputError(f"{name} has no version {version!r}; there are {', '.join(there)}")
    old, new = (open_catalog(str(lake.root / name / each), **lake.root.storage_options) for each in (before, after))
    identity, ra, dec = new.id_column, new.source.ra, new.source.dec
    if identity not in old.column_names:
        raise InputError(f"{name} {before} has no column {identity}, by which rows are compared")
    rows = pd.merge(
        _unshared(old, new, identity), _unshared(new, old, identity), on=[identity, _NUMBER], how="outer",
        suffixes=("_before", "_after"), indicator=_SIDE,
    )  # fmt: skip
    compared = [each for each in new.column_names if f"{each}_before" in rows.columns and each != HEALPIX_COLUMN]
    differs = pd.DataFrame({each: _differ(rows[f"{each}_before"], rows[f"{each}_after"]) for each in compared})
    word = rows[_SIDE].map({"left_only": VANISHED, "right_only": APPEARED, "both": CHANGED}).astype(str)
    kept = (word != CHANGED) | differs.any(axis=1)
    cause = _causes(old, new, word, differs)
    columns = [
        ", ".join(differs.columns[row]) if w == CHANGED else "" for row, w in zip(differs.to_numpy(), word, strict=True)
    ]
    told_rows: dict[str, Any] = {
        identity: rows[identity],
        "ra": rows[f"{ra}_after"].fillna(rows[f"{ra}_before"]),
        "dec": rows[f"{dec}_after"].fillna(rows[f"{dec}_before"]),
        "change": word,
        "columns": columns,
        "cause": cause,
    }
    if "class" in compared:
        for side in ("before", "after"):
            told_rows[f"class_{side}"] = rows[f"class_{side}"]
            told_rows[f"probability_{side}"] = _of_class(rows, side)
        probabilities = filter(PROBABILITY.names, compared)
        moved = [(rows[f"{each}_after"] - rows[f"{each}_before"]).abs() for each in probabilities]
        told_rows["probability_moved"] = pd.concat(moved, axis=1).max(axis=1) if moved else pd.Series(pd.NA, rows.index)
    found = pd.DataFrame(told_rows)[kept].reset_index(drop=True)
    table = pa.Table.from_pandas(found, preserve_index=False).replace_schema_metadata(None)
    same = new.source.rows - int((kept & (word != VANISHED)).sum())
    return Difference(name, before, after, table, same)


def _unshared(catalog: Catalog, other: Catalog, identity: str) -> pd.DataFrame:
    """Flat columns of the rows in leaves that `other` has not the same."""
    theirs = dict(zip(other.source.leaves.pixels, other.source.digests(), strict=True))
    mine = zip(catalog.source.leaves, catalog.source.digests(), strict=True)
    plain = [field.name for field in catalog.schema if not pa.types.is_nested(field.type)]
    plan = catalog.columns(plain).plan()
    tables = [table for leaf, digest in mine if theirs.get(leaf.pixel) != digest for table in plan.tables(leaf)]
    rows = pa.concat_tables([plan.schema.empty_table(), *tables]).to_pandas(types_mapper=pd.ArrowDtype)
    rows[_NUMBER] = rows.groupby(identity).cumcount()
    return rows


def _of_class(rows: pd.DataFrame, side: str) -> pd.Series:
    """The probability of the class that each row has on one side."""
    given = rows[f"class_{side}"]
    found = pd.Series(pd.NA, rows.index, dtype=pd.ArrowDtype(pa.float64()))
    for name in given.dropna().unique():
        if (column := f"{PROBABILITY.of(name).name}_{side}") in rows.columns:
            found = found.mask((given == name).fillna(False), rows[column].astype(found.dtype))
    return found


def _differ(before: pd.Series, after: pd.Series) -> pd.Series:
    """Where two values are not the same; two nulls are."""
    return ~((before == after).fillna(False).astype(bool) | (before.isna() & after.isna()))


def _causes(old: Catalog, new: Catalog, word: pd.Series, differs: pd.DataFrame) -> pd.Series:
    """The cause of each row's change: what the row itself tells, else what the versions tell; exactly one each."""
    both = word == CHANGED
    counted, other = "n_observations" in differs.columns, _other_inputs(old, new)
    cause = pd.Series(_of_versions(old, new, other), word.index, dtype=object)
    if not counted and LIGHT_CURVES in other:  # the rows do not tell which of them have new observations
        cause = cause.mask(both, NEW_OBSERVATIONS)
    elif "period" in differs.columns:
        cause = cause.mask(both & differs["period"], OTHER_PERIOD)
    for column, told in (("model_id", OTHER_MODEL), ("n_observations", NEW_OBSERVATIONS)):
        if column in differs.columns:
            cause = cause.mask(both & differs[column], told)
    return cause


def _other_inputs(old: Catalog, new: Catalog) -> set[str]:
    """Roles in which two versions were made from other inputs."""
    one, two = ({(each.role, each.url or each.name): each.version for each in side.inputs} for side in (old, new))
    return {key[0] for key in {*one, *two} if one.get(key) != two.get(key)}


def _of_versions(old: Catalog, new: Catalog, other: set[str]) -> str:
    """What differs first in what two versions were made from; `other` are the roles in which inputs differ."""
    if other & {ROWS, LIGHT_CURVES} or not (old.inputs or new.inputs):
        return OTHER_ROWS
    if other & {CROSSMATCH, JOIN}:
        return OTHER_RIGHT
    told = [dict(side.source.properties) for side in (old, new)]
    words = ((MODELS, OTHER_MODEL), (STEPS, OTHER_STEPS), (CODE, OTHER_CODE))
    return next((word for key, word in words if told[0].get(key) != told[1].get(key)), NOT_TOLD)
