"""Periods of light curves: frequency grids, Lomb-Scargle, peaks, aliases, false alarms."""

from lcscale.periods.columns import PERIOD, PERIOD_SCHEMA
from lcscale.periods.grid import FrequencyGrid
from lcscale.periods.periodogram import lomb_scargle
from lcscale.periods.search import find
from lcscale.periods.step import Search

__all__ = ["PERIOD", "PERIOD_SCHEMA", "FrequencyGrid", "Search", "find", "lomb_scargle"]
