"""Run tasks on an engine, once each, with a ledger that a later run continues."""

from __future__ import annotations

import time
from collections.abc import Sequence

from lcscale.engine.engines import EngineSpec, resolve
from lcscale.engine.ledger import Ledger
from lcscale.engine.progress import progress_for
from lcscale.engine.record import RunRecord, code_versions
from lcscale.engine.task import Task

RETRIES = 2
"""How often a task that raises is tried again before its partition is set aside."""


def run(
    tasks: Sequence[Task],
    *,
    ledger: Ledger,
    engine: EngineSpec = None,
    title: str = "",
    progress: bool | None = None,
    retries: int = RETRIES,
) -> RunRecord:
    """Run those of `tasks` that `ledger` does not know yet.

    A task that raises is tried again, then set aside with its traceback in the ledger while the others go on. Run
    again with the same ledger, finished tasks are skipped and those set aside are tried anew.

    Parameters
    ----------
    tasks
        The tasks; each key once.
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

    Returns
    -------
    RunRecord
        Rows and bytes of all tasks, those skipped included.
    """
    start = time.perf_counter()
    known = ledger.done()
    record = RunRecord(title, versions=code_versions())
    for task in tasks:
        if task.key in known:
            record.skipped += 1
            record.add_result(known[task.key])
    waiting = [task for task in tasks if task.key not in known]
    chosen = resolve(engine)
    record.engine = chosen.name
    if waiting:
        ledger.begin(title, len(tasks), chosen.name)
    try:
        with progress_for(progress, title, len(waiting)) as shown:
            for outcome in chosen.outcomes(iter(waiting), retries) if waiting else ():
                ledger.add(outcome)
                record.count(outcome)
                shown.advance(int(outcome.result.get("rows", 0)))
    finally:
        ledger.close()
        if chosen is not engine:
            chosen.close()
    record.seconds = time.perf_counter() - start
    return record
