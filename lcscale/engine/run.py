"""Run tasks on an engine, once each, with a ledger that a later run continues."""

from __future__ import annotations

import time
from collections.abc import Collection

from lcscale.engine.engines import EngineSpec, resolve
from lcscale.engine.failures import Failures, MaxFailed, allowed_failures
from lcscale.engine.ledger import Ledger
from lcscale.engine.progress import progress_for
from lcscale.engine.record import RunRecord, code_versions
from lcscale.engine.task import Task
from lcscale.errors import LcscaleError

RETRIES = 2
"""How often a task that raises is tried again before its partition is set aside."""


def run(
    tasks: Collection[Task],
    *,
    ledger: Ledger,
    engine: EngineSpec = None,
    title: str = "",
    progress: bool | None = None,
    retries: int = RETRIES,
    max_failed: MaxFailed = 0,
) -> RunRecord:
    """Run those of `tasks` that `ledger` does not know yet.

    A task that raises is tried again, then set aside with its traceback in the ledger while the others go on. Run
    again with the same ledger, finished tasks are skipped and those set aside are tried anew. An error that all tasks
    would meet (its attribute `stops` is true: a full disk) ends the run; so do many tasks in a row that fail alike.

    Parameters
    ----------
    tasks
        The tasks; each key once. They are drawn as they are needed, twice over: thousands need not be in memory.
    ledger
        Where outcomes are recorded.
    engine
        See `lcscale.engine.resolve`.
    title
        What a person reads beside the progress.
    progress
        True, False, or None to show it in a terminal only.
    retries
        How often a task that raises is tried again.
    max_failed
        How many tasks may fail, or which share of them, before the record says that the result is not to be published.

    Returns
    -------
    RunRecord
        Rows and bytes of all tasks, those skipped included; `withheld` says why the result is not to be published.

    Raises
    ------
    LcscaleError
        Where a task says that the run should stop.
    """
    start = time.perf_counter()
    record = RunRecord(title, versions=code_versions())
    failures = Failures(allowed_failures(max_failed, len(tasks)), len(tasks))
    left = {task.key for task in tasks}
    for entry in ledger.entries():
        if entry["key"] in left and entry["error"] is None:
            left.remove(entry["key"])
            record.skipped += 1
            record.add_result(entry["result"])
    waiting = (task for task in tasks if task.key in left)
    chosen = resolve(engine)
    record.engine = chosen.name
    place = f"{chosen.name}, dashboard {chosen.dashboard}" if chosen.dashboard else chosen.name
    if left:
        ledger.begin(title, len(tasks), chosen.name)
    try:
        with progress_for(progress, title, len(left), place) as shown:
            for outcome in chosen.outcomes(waiting, retries) if left else ():
                if outcome.stops:
                    raise LcscaleError(f"{outcome.label}: {outcome.error}")
                ledger.add(outcome)
                record.count(outcome)
                failures.count(outcome)
                if failures.end_the_run:
                    break
                shown.advance(int(outcome.result.get("rows", 0)))
    finally:
        ledger.close()
        if chosen is not engine:
            chosen.close()
    record.withheld = failures.told(failures.end_the_run)
    record.seconds = time.perf_counter() - start
    return record
