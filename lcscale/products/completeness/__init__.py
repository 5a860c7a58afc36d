"""Completeness of candidates: what share of periodic stars a search and a model find, by injected signals."""

from lcscale.products.completeness.counting import Bins, completeness_table
from lcscale.products.completeness.injecting import Inject, Recovered
from lcscale.products.completeness.joining import JoinCompleteness, with_completeness
from lcscale.products.completeness.measuring import measure_completeness, write_completeness
from lcscale.products.completeness.planning import InjectionPlan, plan_completeness

__all__ = [
    "Bins",
    "Inject",
    "InjectionPlan",
    "JoinCompleteness",
    "Recovered",
    "completeness_table",
    "measure_completeness",
    "plan_completeness",
    "with_completeness",
    "write_completeness",
]
