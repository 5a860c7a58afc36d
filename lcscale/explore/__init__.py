"""What a person looks at: the report of a lake."""

from lcscale.explore.report import write_report

__all__ = ["write_report"]
