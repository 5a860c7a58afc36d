"""`Pipeline`: a file that says what a lake is to hold and how it is made; run again, it makes only what changed."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Self

from lcscale.engine import EngineSpec, MaxFailed, RunRecord, allowed_failures, resolve
from lcscale.engine.engines import Engine, prepare
from lcscale.errors import LcscaleError
from lcscale.lake import Catalog, Lake
from lcscale.refresh.entries import Declared, Entry, in_order, read_entries
from lcscale.refresh.locking import refreshing
from lcscale.refresh.making import check, view
from lcscale.refresh.retention import remove_old
from lcscale.refresh.running import bring_up_to_date
from lcscale.refresh.states import OPENED, WAITING, State, state_of

DONE, NOTHING, SET_ASIDE, FAILED, KEPT_BACK = "done", "nothing to do", "set aside", "failed", "kept back"
"""Words of `Step.outcome`."""


@dataclass(frozen=True)
class Step:
    """What a refresh did about one entry."""

    name: str
    """Name of the entry."""
    outcome: str
    """``done``, ``nothing to do``, ``set aside`` (and published without it), ``failed`` or ``kept back``."""
    text: str
    """One line that says so."""
    record: RunRecord | None = None
    """Figures, where it ran."""


@dataclass
class RefreshRecord:
    """What a refresh did."""

    steps: list[Step] = field(default_factory=list)
    """The entries in the order in which they were looked at."""
    removed: list[str] = field(default_factory=list)
    """Old versions that the file's `keep` and `keep_days` let go, where no step failed."""

    @property
    def exit_status(self) -> int:
        """0 done or nothing to do, 1 something failed, 3 something was set aside."""
        outcomes = {step.outcome for step in self.steps}
        return 1 if FAILED in outcomes else 3 if SET_ASIDE in outcomes else 0

    @property
    def did_nothing(self) -> bool:
        """Whether all was up to date."""
        return all(step.outcome == NOTHING for step in self.steps)

    def summary(self) -> str:
        """One line on all of it."""
        if self.did_nothing:
            return f"nothing to do: {len(self.steps)} catalogs and tables are up to date"
        counts = {word: sum(step.outcome == word for step in self.steps) for word in (DONE, NOTHING)}
        counts |= {word: sum(step.outcome == word for step in self.steps) for word in (SET_ASIDE, FAILED, KEPT_BACK)}
        return ", ".join(f"{n} {word}" for word, n in counts.items() if n)


class Pipeline:
    """Catalogs and tables of a lake, and how each is made from others.

    Parameters
    ----------
    declared
        What the file says; see `read`.
    lake
        The lake; default: the one that the file names.

    Raises
    ------
    InputError
        A name in the file is unknown, a circle, or something that does not fit: one line with the place.
    """

    def __init__(self, declared: Declared, lake: Lake | None = None) -> None:
        self.declared = declared
        self.lake = Lake(declared.lake) if lake is None else lake
        for entry in declared.entries.values():
            check(entry)
        self.entries = in_order(declared.entries, self.lake.names())
        self._opened: dict[str, Catalog] = {}

    @classmethod
    def read(cls, path: str | os.PathLike[str], *, lake: Lake | None = None) -> Self:
        """The pipeline in the file at `path`.

        Parameters
        ----------
        path
            A TOML file.
        lake
            The lake in place of the one that the file names, with storage options of its own perhaps.

        Examples
        --------
        >>> import lcscale as lc
        >>> lc.Pipeline.read("pipeline.toml").refresh(engine="local")  # doctest: +SKIP
        """
        return cls(read_entries(path), lake)

    def states(self) -> Iterator[State]:
        """How each entry stands now, in the order in which they would run."""
        due: set[str] = set()
        for entry in self.entries:
            before = [name for name in entry.sources if name in due]
            if before:
                version = self.lake.current(entry.name) if entry.section == "catalogs" else None
                state = State(entry.name, WAITING, version, f"made after {', '.join(before)}")
            else:
                state = state_of(entry, self.lake, self._find)
            if state.is_due:
                due.add(entry.name)
            yield state

    def refresh(
        self,
        *,
        engine: EngineSpec = None,
        progress: bool | None = None,
        max_failed: MaxFailed = 0,
        allow_removal: bool = False,
        tell: Callable[[Step], None] = lambda step: None,
    ) -> RefreshRecord:
        """Make what is out of date, each entry behind those that it is made from.

        A step that fails leaves everything behind it at its last good version.

        Parameters
        ----------
        engine
            See `lcscale.engine.resolve`; it is started when there is something to do.
        progress
            True, False, or None to show it in a terminal only.
        max_failed
            How many partitions of each step may fail, or which share of them; see `Catalog.write`.
        allow_removal
            Whether a release from which files are gone is made anew without their rows.
        tell
            Called with each step when it is over.

        Raises
        ------
        ConflictError
            Somebody else refreshes this lake now; says who.
        """
        allowed_failures(max_failed, 0)
        record = RefreshRecord()
        options: dict[str, Any] = {"progress": progress, "max_failed": max_failed, "allow_removal": allow_removal}
        unmade: set[str] = set()
        with refreshing(self.lake.root), _Lazily(engine) as started:
            for entry in self.entries:
                before = [name for name in entry.sources if name in unmade]
                step = self._kept_back(entry, before) if before else self._step(entry, started, options)
                if step.outcome in (FAILED, KEPT_BACK):
                    unmade.add(entry.name)
                record.steps.append(step)
                tell(step)
            if not unmade:
                for entry in self.entries:
                    record.removed += [f"{entry.name} {old}" for old in remove_old(entry, self.declared, self.lake)]
        return record

    def _kept_back(self, entry: Entry, before: list[str]) -> Step:
        version = self._version(entry)
        stays = f"{version} stays as it is" if version else "it is not there yet"
        return Step(entry.name, KEPT_BACK, f"{entry.name}: not run, as {', '.join(before)} failed; {stays}")

    def _step(self, entry: Entry, engine: _Lazily, options: dict[str, Any]) -> Step:
        name = entry.name
        try:
            state = state_of(entry, self.lake, self._find)
            problems = () if state.changes is None else state.changes.problems
            if not state.is_due and not problems:
                word = OPENED if state.status == OPENED else NOTHING
                return Step(name, NOTHING, f"{name}: {word}, {state.version or 'it'} has {state.rows:,} rows")
            run = bring_up_to_date(entry, state, self.lake, self._find, engine=engine.started, **options)
        except (LcscaleError, OSError) as error:
            return Step(name, FAILED, f"{name}: failed: {error}")
        if run.withheld and not (entry.word == "ingest" and not run.missing and name in self.lake):
            return Step(name, FAILED, f"{name}: failed: {run.withheld}", run)
        if run.quarantined:
            return Step(name, SET_ASIDE, run.summary(), run)
        return Step(name, DONE if run.published else NOTHING, run.summary(), run)

    def _version(self, entry: Entry) -> str | None:
        if entry.section == "tables":
            return "the table" if entry.name in self.lake.table_names() else None
        return self.lake.current(entry.name)

    def _find(self, name: str) -> Catalog:
        """A catalog of the pipeline or the lake, as it is now; those of others are opened once."""
        entry = self.declared.entries.get(name)
        if entry is None or entry.word != "open":
            return self.lake[name]
        if name not in self._opened:
            self._opened[name] = view(entry, self._find)
        return self._opened[name]


class _Lazily(contextlib.AbstractContextManager["_Lazily"]):
    """An engine that is started when it is asked for, and closed in the end if it was made here."""

    def __init__(self, spec: Any) -> None:
        self._spec = spec
        self._engine: Engine | None = None

    @property
    def started(self) -> Engine:
        """The engine."""
        if self._engine is None:
            prepare(self._spec)
            self._engine = resolve(self._spec)
        return self._engine

    def __exit__(self, *_: object) -> None:
        if self._engine is not None and self._engine is not self._spec:
            self._engine.close()
