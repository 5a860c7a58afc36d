"""What a person looks at: the report of a lake, and the page of one candidate."""

from lcscale.explore.report import write_report
from lcscale.explore.show import show

__all__ = ["show", "write_report"]
