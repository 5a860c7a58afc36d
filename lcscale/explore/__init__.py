"""What a person looks at: the report of a lake, the page of one candidate, the page of a training."""

from lcscale.explore.changes import write_difference
from lcscale.explore.report import write_report
from lcscale.explore.show import show
from lcscale.explore.training import write_training_report
from lcscale.explore.why import why

__all__ = ["show", "why", "write_difference", "write_report", "write_training_report"]
