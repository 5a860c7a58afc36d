"""What a person looks at: the report of a lake, the page of one candidate, the page of a training."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

_PLACES = {
    "gallery": "pictures",
    "show": "candidate_page",
    "why": "reasons",
    "write_classes": "classes",
    "write_difference": "changes",
    "write_report": "report",
    "write_training_report": "training",
}

if TYPE_CHECKING:
    from lcscale.explore.candidate_page import show as show
    from lcscale.explore.changes import write_difference as write_difference
    from lcscale.explore.classes import write_classes as write_classes
    from lcscale.explore.pictures import gallery as gallery
    from lcscale.explore.reasons import why as why
    from lcscale.explore.report import write_report as write_report
    from lcscale.explore.training import write_training_report as write_training_report

__all__ = sorted(_PLACES)


def __getattr__(name: str) -> Any:
    """Import the modules behind the names when they are first used: one star's page needs none of the report."""
    if name not in _PLACES:
        raise AttributeError(f"module 'lcscale.explore' has no attribute {name!r}")
    return getattr(importlib.import_module(f"lcscale.explore.{_PLACES[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
