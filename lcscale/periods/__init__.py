"""Periods of light curves: frequency grids, Lomb-Scargle, peaks, aliases, false alarms."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from lcscale.periods.columns import PERIOD, PERIOD_SCHEMA
from lcscale.periods.grid import FrequencyGrid

if TYPE_CHECKING:
    from lcscale.periods.given import PeriodFrom as PeriodFrom
    from lcscale.periods.periodogram import lomb_scargle as lomb_scargle
    from lcscale.periods.search import find as find
    from lcscale.periods.step import Search as Search

_COMPILED = {"PeriodFrom": "given", "Search": "step", "find": "search", "lomb_scargle": "periodogram"}

__all__ = ["PERIOD", "PERIOD_SCHEMA", "FrequencyGrid", "PeriodFrom", "Search", "find", "lomb_scargle"]


def __getattr__(name: str) -> Any:
    """Import what is compiled when it is first used: names of columns do without."""
    if name not in _COMPILED:
        raise AttributeError(f"module 'lcscale.periods' has no attribute {name!r}")
    return getattr(importlib.import_module(f"lcscale.periods.{_COMPILED[name]}"), name)
