"""Periods of light curves: frequency grids, Lomb-Scargle, peaks, aliases, false alarms."""

from lcscale.periods.grid import FrequencyGrid
from lcscale.periods.periodogram import lomb_scargle
from lcscale.periods.search import PERIOD_SCHEMA, find, has_periods
from lcscale.periods.step import Search

__all__ = ["PERIOD_SCHEMA", "FrequencyGrid", "Search", "find", "has_periods", "lomb_scargle"]
