"""Which leaves of other catalogs the rows of one partition may meet: all of them that its task has to carry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from lcscale.lake.borders import ranges_around_pixels
from lcscale.lake.leaves import Leaves
from lcscale.lake.partition import PartitionPlan
from lcscale.lake.pixel import Pixel, Pixels
from lcscale.lake.view import ReadsOthers, View
from lcscale.steps import Step


class Near(NamedTuple):
    """What a step reads of another catalog around one partition."""

    leaves: Leaves
    """The other catalog's leaves."""
    steps: tuple[tuple[Near, ...], ...]
    """What that catalog's own steps read, for each of them."""


def near(steps: Sequence[Step], pixel: Pixel, reach: float = 0.0) -> tuple[tuple[Near, ...], ...]:
    """What each of `steps` reads of other catalogs for rows within `reach` arcseconds of `pixel`."""
    return tuple(_near(step, pixel, reach) if isinstance(step, ReadsOthers) else () for step in steps)


def _near(step: ReadsOthers, pixel: Pixel, reach: float) -> tuple[Near, ...]:
    found = []
    for view, farther in step.others:
        at = view.source.leaves.within(ranges_around_pixels(Pixels.of([pixel]), reach + farther))
        found.append(Near(view.source.leaves[at], near(view.steps, pixel, reach + farther)))
    return tuple(found)


def given(steps: Sequence[Step], found: Sequence[tuple[Near, ...]]) -> tuple[Step, ...]:
    """`steps`, which read of other catalogs what was `found` near a partition."""
    return tuple(_given(step, some) for step, some in zip(steps, found, strict=True))


def _given(step: Step, found: Sequence[Near]) -> Step:
    if not isinstance(step, ReadsOthers):
        return step
    views: list[Any] = [view for view, _ in step.others]
    return step.reading([_with(view, *each) for view, each in zip(views, found, strict=True)])


def _with(view: View, leaves: Leaves, steps: Sequence[tuple[Near, ...]]) -> View:
    return replace(view, source=replace(view.source, leaves=leaves), steps=given(view.steps, steps))


def without_leaves(plan: PartitionPlan) -> PartitionPlan:
    """`plan` without any leaf of other catalogs: what all partitions share, however large those catalogs are."""
    return replace(plan, steps=given(plan.steps, _nothing(plan.steps)))


def _nothing(steps: Sequence[Step]) -> tuple[tuple[Near, ...], ...]:
    return tuple(
        tuple(Near(view.source.leaves[:0], _nothing(view.steps)) for view, _ in step.others)
        if isinstance(step, ReadsOthers)
        else ()
        for step in steps
    )


def with_leaves(plan: PartitionPlan, found: Sequence[tuple[Near, ...]]) -> PartitionPlan:
    """`plan`, made by `without_leaves`, with what was found `near` a partition."""
    return replace(plan, steps=given(plan.steps, found))
