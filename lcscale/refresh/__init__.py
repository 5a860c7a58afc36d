"""Pipelines that are run again and again: what is out of date is made, and nothing else."""

from lcscale.refresh.pipeline import Pipeline, RefreshRecord, Step
from lcscale.refresh.states import State

__all__ = ["Pipeline", "RefreshRecord", "State", "Step"]
