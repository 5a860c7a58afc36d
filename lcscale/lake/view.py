"""`View`: an opened catalog, the steps to apply and the part of the sky wanted: all that planning and running need."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Protocol, Self, runtime_checkable

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from upath import UPath

from lcscale.engine.overlap import two_at_once
from lcscale.engine.record import code_versions
from lcscale.errors import InputError, abridged, meant
from lcscale.lake.borders import ranges_around_each, ranges_around_pixels
from lcscale.lake.inputs import (
    CODE,
    COMMON_ID_COLUMNS,
    ID_COLUMN,
    INPUTS,
    LIGHT_CURVES,
    MODELS,
    OF_A_VERSION,
    ROWS,
    STEPS,
    Input,
    from_properties,
    input_of,
    to_text,
)
from lcscale.lake.layout import Layout
from lcscale.lake.leaf import Ranges
from lcscale.lake.leaves import Leaves
from lcscale.lake.partition import PartitionPlan, apply
from lcscale.lake.pixel import Pixels
from lcscale.lake.region import Region
from lcscale.lake.source import Source
from lcscale.steps import Narrowing, Select, Step, chain_schema, settings_of


@runtime_checkable
class ReadsOthers(Protocol):
    """A step that reads other catalogs, near the rows it is given."""

    @property
    def others(self) -> tuple[tuple[View, float], ...]:
        """The catalogs it reads, and how far from its rows, in arcseconds, it reads each at most."""

    def reading(self, others: Sequence[View]) -> Step:
        """The same step, which reads `others` in place of its own."""

    def fingerprint_with(self, contents: Sequence[str]) -> str:
        """`Step.fingerprint`, where `contents` stand for what is read of each of the others."""


@dataclass(frozen=True)
class View:
    """Rows on the sky, partitioned by HEALPix pixel, and the steps to apply to them; nothing is read until asked."""

    source: Source
    steps: tuple[Step, ...] = ()
    area: Region | None = None
    entries: UPath | None = None
    """Root of the lake it came from, where `write` puts its result."""

    @property
    def name(self) -> str:
        """Name of the catalog it reads."""
        return self.source.name

    @cached_property
    def schema(self) -> pa.Schema:
        """Arrow schema of its rows after all steps."""
        return chain_schema(self.steps, self.source.schema)

    @property
    def column_names(self) -> list[str]:
        """Names of its columns after all steps."""
        return list(self.schema.names)

    def columns(self, *names: str | Iterable[str]) -> Self:
        """Keep only these columns, names or lists of names; the HEALPix index and the coordinates always stay."""
        schema, wanted = self.schema, listed(names)
        unknown = [name for name in wanted if name not in schema.names]
        if unknown:
            raise InputError(
                f"{self.name}: no column {', '.join(map(repr, unknown))}{meant(unknown, schema.names)}; "
                f"there are {abridged(schema.names)}"
            )
        kept = [name for name in self.source.position if name not in wanted]
        return replace(self, steps=(*self.steps, Select((*kept, *dict.fromkeys(wanted)))))

    def mapped(self, *steps: Step) -> Self:
        """The rows after further steps."""
        chain_schema(steps, self.schema)
        return replace(self, steps=(*self.steps, *steps))

    def without_rows(self) -> View:
        """A view of no rows that has the same columns after no step."""
        layout = Layout(self.schema, self.source.ra, self.source.dec)
        return View(replace(self.source, leaves=self.source.leaves[:0], layout=layout))

    def plan(self) -> PartitionPlan:
        """How its partitions are read and computed: only columns that are needed are read, of other catalogs too."""
        columns, steps = self._needed()
        return PartitionPlan(
            columns=columns,
            layout=self.source.layout,
            steps=steps,
            region=self.area,
        )

    def _needed(self) -> tuple[tuple[str, ...], tuple[Step, ...]]:
        """Columns to read, and the steps, of which those that read other catalogs read what is kept in the end."""
        wanted: set[str] | None = None
        steps = []
        for step in reversed(self.steps):
            if isinstance(step, Select):
                wanted = set(step.names)
            elif wanted is not None:
                step = step.narrowed(wanted) if isinstance(step, Narrowing) else step
                wanted |= {*step.columns, *getattr(step, "optional_columns", ())}
            steps.append(step)
        names = self.source.schema.names
        wanted = set(names) if wanted is None else wanted.union(self.source.position)
        return tuple(name for name in names if name in wanted), tuple(reversed(steps))

    @property
    def partitions(self) -> Leaves:
        """The leaves it reads, in order of the sky."""
        leaves = self.source.leaves
        return leaves if self.area is None else leaves[self._places()]

    def to_batches(self) -> Iterator[pa.Table]:
        """The rows, one table a partition, computed here as they are asked for, and the next one meanwhile."""
        return two_at_once(self.plan().table, self.partitions)

    def first_rows(self, n: int) -> pa.Table:
        """The first `n` rows, computed here.

        Steps behind the last that needs whole partitions are given some rows at a time: `n`, and more where some are
        not kept.
        """
        if n < 0:
            raise InputError(f"{self.name}: the first {n} rows; the number must not be negative")
        plan = self.plan()
        behind = max((number for number, step in enumerate(plan.steps, 1) if not step.rowwise), default=0)
        found, some = [plan.schema.empty_table()], n
        missing = n
        for batch in (batch for leaf in self.partitions for batch in plan.batches(leaf)) if n else ():
            table = apply(plan.steps[:behind], batch)
            while missing and table.num_rows:
                taken, table = table.slice(0, some), table.slice(some)
                found.append(apply(plan.steps[behind:], taken).slice(0, missing))
                missing -= found[-1].num_rows
                some = 2 * some if found[-1].num_rows < taken.num_rows else missing
            if not missing:
                break
        return pa.concat_tables(found)

    def rows_within(self, ranges: Ranges) -> pa.Table:
        """The rows whose `_healpix_29` lies in `ranges`, in one table, computed here."""
        plan = self.plan()
        leaves = self.source.leaves
        found = [table for leaf in leaves[leaves.within(ranges)] for table in plan.tables(leaf, ranges)]
        return pa.concat_tables([plan.schema.empty_table(), *found]).combine_chunks()

    def to_arrow(self) -> pa.Table:
        """All rows in one Arrow table, computed here."""
        return pa.concat_tables([self.schema.empty_table(), *self.to_batches()]).combine_chunks()

    def leaf_digests(self) -> list[str]:
        """What stands for the content of each of `partitions`."""
        return self.source.digests(self._places())

    def fingerprint(self, near: Pixels | None = None, reach: float = 0.0) -> str:
        """A text that stands for its rows within `reach` arcseconds of the pixels `near` (default: all).

        It has the digests of the leaves that hold them, the steps and the region.
        """
        at = self._places() if near is None else self.source.leaves.within(ranges_around_pixels(near, reach))
        return self._fingerprint_of(at.tolist(), self._contents(at))

    def fingerprints(self, pixels: Pixels, reach: float) -> list[str]:
        """`fingerprint` for each of `pixels` alone.

        Where the manifest tells what the leaves hold, of the leaves in it and in the pixels around it; of other
        catalogs nothing is asked about leaves that are out of reach.
        """
        leaves = self.source.leaves
        if self.source.manifest is not None:
            runs = leaves.runs_within(ranges_around_each(pixels, reach))
            around = [tuple(zip(*each, strict=True)) for each in zip(*(edge.tolist() for edge in runs), strict=True)]
            contents = self._contents(np.arange(len(leaves)))
        else:
            apart = [leaves.within(ranges_around_pixels(pixels[k : k + 1], reach)) for k in range(len(pixels))]
            around = [tuple((place, place + 1) for place in places.tolist()) for places in apart]
            contents = self._contents(np.unique(np.concatenate(apart))) if apart else {}
        known: dict[tuple[tuple[int, int], ...], str] = {}
        for each in around:
            if each not in known:
                known[each] = self._fingerprint_of([place for run in each for place in range(*run)], contents)
        return [known[each] for each in around]

    def _places(self) -> npt.NDArray[np.int64]:
        """Places of the leaves it reads."""
        leaves = self.source.leaves
        return np.arange(len(leaves)) if self.area is None else leaves.within(self.area.ranges())

    def _contents(self, at: npt.NDArray[np.int64]) -> dict[int, str]:
        """What stands for the leaves at some places."""
        told = zip(self.source.leaves[at].pixels, self.source.digests(at), strict=True)
        return dict(zip(at.tolist(), (f"{pixel}={digest}" for pixel, digest in told), strict=True))

    def _fingerprint_of(self, places: Sequence[int], contents: Mapping[int, str]) -> str:
        parts = [contents[place] for place in places]
        if not parts:  # which tell the columns too
            parts = [self.source.schema.to_string(truncate_metadata=False)]
        steps = self._own_fingerprint
        if steps is None:
            steps = self.steps_fingerprint(self.source.leaves.pixels[np.array(places, np.int64)])
        return hashlib.blake2b("\n".join([*parts, steps]).encode(), digest_size=16).hexdigest()

    @cached_property
    def _own_fingerprint(self) -> str | None:
        """`steps_fingerprint`, whatever the pixels; None where steps read other catalogs."""
        return None if any(isinstance(step, ReadsOthers) for step in self.steps) else self.steps_fingerprint()

    def steps_fingerprint(self, pixels: Pixels | None = None) -> str:
        """A text that stands for what is done to each partition; `pixels` are all that are computed, where not all."""

        def told(step: Step) -> str:
            if pixels is None or not isinstance(step, ReadsOthers):
                return step.fingerprint()
            return step.fingerprint_with([view.fingerprint(pixels, reach) for view, reach in step.others])

        return self._told([told(step) for step in self.steps])

    def steps_fingerprints(self, pixels: Pixels) -> list[str]:
        """`steps_fingerprint` for each of `pixels` alone."""
        if self._own_fingerprint is not None:
            return [self._own_fingerprint] * len(pixels)
        columns: list[Iterable[str]] = []
        for step in self.steps:
            if isinstance(step, ReadsOthers):
                contents = [view.fingerprints(pixels, reach) for view, reach in step.others]
                columns.append([step.fingerprint_with(each) for each in zip(*contents, strict=True)])
            else:
                columns.append(itertools.repeat(step.fingerprint(), len(pixels)))
        start = self._told(())
        return ["\n".join([start, *each]) for each in zip(*columns, strict=True)]

    def _told(self, steps: Sequence[str]) -> str:
        layout = self.source.layout.fingerprint()
        return "\n".join([*([layout] if layout else []), repr(self.area), *steps])

    @property
    def id_column(self) -> str:
        """Column that names the rows: the one that the catalog tells, else ``object_id``, ``source_id`` or ``id``.

        Raises
        ------
        InputError
            There is none.
        """
        found = self.id_column_or_none
        if found is None:
            raise InputError(f"{self.name} has no column for its ids; there are {', '.join(self.column_names)}")
        return found

    @property
    def id_column_or_none(self) -> str | None:
        """`id_column`; None where there is none."""
        names = self.column_names
        told = dict(self.source.properties).get(ID_COLUMN)
        return next((name for name in (told, *COMMON_ID_COLUMNS) if name in names), None)

    def inputs_of_result(self, lake: UPath | None) -> list[Input]:
        """What a catalog of the lake at the root `lake` is made from, when this is written."""
        found = [input_of(ROWS, self.name, self.source.folder, lake)]
        for step in self.steps:
            for role, view in getattr(step, "inputs", ()):
                first, *others = view.inputs_of_result(lake)
                found += [replace(first, role=role), *(each for each in others if each.role != LIGHT_CURVES)]
        curves = self._light_curves()
        if curves is not None and "lightcurve" not in self.schema.names:
            found.append(input_of(LIGHT_CURVES, *curves, lake))
        return found

    def _light_curves(self) -> tuple[str, UPath] | None:
        """Name and folder of the version with the light curves that the rows were made from."""
        source = self.source
        if "lightcurve" in source.schema.names:
            return source.name, source.folder
        told = from_properties(dict(source.properties))
        found = next((each for each in told if each.role == LIGHT_CURVES), None)
        options = dict(source.options)
        return None if found is None else (found.name, UPath(found.folder(source.folder.parent.parent), **options))

    def properties_of_result(self, lake: UPath | None) -> dict[str, str]:
        """Properties of what is written: those of the source that stay true of its rows, and what it is made from."""
        kept = {key: value for key, value in self.source.properties if key.startswith(("lcscale_", "obs_", "bib_"))}
        kept = {key: value for key, value in kept.items() if key not in OF_A_VERSION}
        carrying: list[Any] = [step for step in self.steps if hasattr(step, "model_id")]
        told = dict(self.source.properties).get(ID_COLUMN)
        return kept | {
            INPUTS: to_text(self.inputs_of_result(lake)),
            STEPS: json.dumps([_told(step) for step in self.steps]),
            MODELS: json.dumps({str(step.model): step.model_id for step in carrying}),
            CODE: json.dumps(code_versions()),
            **({ID_COLUMN: told} if told is not None and told in self.schema.names else {}),
        }

    def __len__(self) -> int:
        """Number of rows; counted where steps or a region leave some out."""
        if not self.steps and self.area is None:
            return self.source.rows
        return sum(batch.num_rows for batch in self.columns().to_batches())

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        size = f"{self.source.rows:,} rows, {len(self.source.leaves)} partitions"
        lines = [f"{type(self).__name__} {self.name} ({size}, {self.source.url})"]
        lines += [f"  in {self.area!r}"] if self.area is not None else []
        lines += [f"  -> {step!r}" for step in self.steps]
        return "\n".join([*lines, f"  columns: {', '.join(self.column_names)}"])


def listed(names: Iterable[str | Iterable[str]]) -> list[str]:
    """Names, of which some may have come as lists.

    Examples
    --------
    >>> listed(["ra", ["dec", "mag"]])
    ['ra', 'dec', 'mag']
    """
    return [name for each in names for name in ([each] if isinstance(each, str) else each)]


def _told(step: Step) -> dict[str, Any]:
    """What the properties keep of a step: its name and version, its condition, and what was chosen for it."""
    told: dict[str, Any] = {"step": type(step).__name__, "version": step.version}
    condition, names = getattr(step, "condition", None), getattr(step, "settings", None)
    if condition is not None:
        told["condition"] = str(condition)
    return told | ({} if names is None else {"settings": settings_of(step, names)})
