"""How partitions are run: tasks, the ledger of what is done, and the engines that run them."""

from lcscale.engine.engines import Engine, EngineSpec, Workers, opened, prepare, resolve
from lcscale.engine.failures import MaxFailed, allowed_failures, read_max_failed
from lcscale.engine.ledger import Ledger
from lcscale.engine.record import RunRecord
from lcscale.engine.run import run
from lcscale.engine.task import Outcome, Shared, Task

__all__ = [
    "Engine",
    "EngineSpec",
    "Ledger",
    "MaxFailed",
    "Outcome",
    "RunRecord",
    "Shared",
    "Task",
    "Workers",
    "allowed_failures",
    "opened",
    "prepare",
    "read_max_failed",
    "resolve",
    "run",
]
