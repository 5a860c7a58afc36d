"""Tasks of an ingest: their keys, the search for duplicated ids, and links to leaves of the version before."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Sequence
from typing import Any

from upath import UPath

from lcscale.engine import Outcome, Shared, Task
from lcscale.ingest.duplicates import ROWS_OF_A_TASK, find_duplicates
from lcscale.ingest.leaves import link_leaf
from lcscale.lake import Draft, Pixel
from lcscale.lake.leaf import leaf_name
from lcscale.lake.storage import writing


def task_of(
    function: Any, arguments: tuple[Any, ...], what: str, label: str, draft: Draft, *, keyed: bool = False
) -> Task:
    """A task of this draft, whose plan says the rest; `keyed` ones get their key as last argument."""
    key = key_of(draft, function.__name__, what)
    return Task(key, function, (*arguments, key) if keyed else arguments, label)


def key_of(draft: Draft, name: str, what: str) -> str:
    """The key of a task of this draft: the function's name, and what tells its tasks apart."""
    digest = _digest_of(draft.plan).copy()
    digest.update(f"|{name}|{what}".encode())
    return digest.hexdigest()


def checking_tasks(results: Sequence[dict[str, Any]], identity: str, draft: Draft, spills: UPath) -> list[Task]:
    """Look for ids that stand in two leaves: a task for each range of the ids' hashes."""
    spans = sum(result["rows"] for result in results) // ROWS_OF_A_TASK + 1
    pixels = Shared(key_of(draft, "pixels", ""), tuple(Pixel(*result["pixel"]) for result in results))
    return [
        task_of(
            find_duplicates, (spills, draft.folder, pixels, identity, i, spans), f"{i}/{spans}", "duplicates", draft
        )
        for i in range(spans)
    ]


def link(tasks: Sequence[Task], draft: Draft) -> None:
    """Do the tasks that only link a leaf of the version before."""
    done = draft.ledger.done()
    linking = [task for task in tasks if task.function is link_leaf and task.key not in done]
    outcomes = [Outcome(task.key, task.label, task.arguments[1].to_json()) for task in linking]
    leaves = (task.arguments[0] for task in linking)
    with writing(draft.entry):
        draft.take(outcomes, [(leaf.upath.path, leaf_name(leaf.pixel)) for leaf in leaves])


@functools.lru_cache(maxsize=2)
def _digest_of(plan: str) -> hashlib.blake2b:
    """The digest of a plan so far: it names all parts of a release, of which there may be very many."""
    return hashlib.blake2b(plan.encode(), digest_size=12)
