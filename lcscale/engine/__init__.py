"""How partitions are run: tasks, the ledger of what is done, and the engines that run them."""

from lcscale.engine.engines import Engine, Workers, prepare, resolve
from lcscale.engine.ledger import Ledger
from lcscale.engine.record import RunRecord
from lcscale.engine.run import run
from lcscale.engine.task import Outcome, Shared, Task

__all__ = ["Engine", "Ledger", "Outcome", "RunRecord", "Shared", "Task", "Workers", "prepare", "resolve", "run"]
