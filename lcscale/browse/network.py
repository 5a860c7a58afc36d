"""What the network saw of a row, where it looked, and what it says at each candidate period."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lcscale.browse.curves import Curve
from lcscale.errors import InputError
from lcscale.explore.cards import find_model
from lcscale.explore.closeup import network_view

PERIODS = ("period", "period_2", "period_3")


@dataclass(frozen=True)
class NetworkSight:
    """A model's view of one object."""

    model: str
    """Name of the model."""
    trained_on: str
    """real, simulated or mixed."""
    by_period: list[dict[str, Any]]
    """A row a candidate period: ``column``, ``period``, ``probabilities`` by class."""
    numbers: list[dict[str, Any]]
    """What it was told besides: ``name`` and ``value`` in standard deviations of the training set."""
    svg: str
    """The images, and below them where it found evidence for the class."""


def sight(curve: Curve, row: Mapping[str, Any], class_name: str | None, folders: Sequence[str]) -> NetworkSight:
    """Draw again what the model of `row` saw; the bits are those of the job.

    Raises
    ------
    InputError
        The model is not there, or has no such class.
    """
    from lcscale.models.inputs.preparation import prepare
    from lcscale.models.keeping.registry import load
    from lcscale.models.networks.attention import grad_cam

    place = find_model(str(row.get("model_id")), folders)
    if place is None:
        raise InputError(f"the model {row.get('model_id')} was not found; name its folder with --model")
    model = load(place)
    if not hasattr(model, "network"):
        raise InputError(f"the model {place} is no network: it saw no images")
    asked = class_name or str(row["class"])
    if asked not in model.classes:
        raise InputError(f"the model has no class {asked[:60]!r}; it has {', '.join(model.classes)}")
    how, bands = model.card.preparation, curve.bands()
    extra = {name: np.array([_number(row.get(name))]) for name in how.columns}
    inputs = prepare(curve.lcs, [_number(row.get("period_peak") or row.get("period"))], how, bands=bands, columns=extra)
    looked = grad_cam(model.network, inputs, [model.classes.index(asked)])[0]
    by_period = []
    for name in PERIODS:
        period = _number(row.get(name))
        if np.isfinite(period):
            again = model.predict_proba(curve.lcs, [[period, np.nan, np.nan]], bands=bands, columns=extra)[0]
            shares = dict(zip(model.classes, np.round(again.astype(float), 4).tolist(), strict=True))
            by_period.append({"column": name, "period": period, "probabilities": shares})
    numbers = [
        {"name": name, "value": None if np.isnan(value) else float(value)}
        for name, value in zip(how.names, inputs.numbers[0], strict=True)
    ]
    svg = network_view(inputs, how, looked, "network")
    return NetworkSight(model.card.name, model.card.trained_on, by_period, numbers, svg)


def _number(value: Any) -> float:
    return float("nan") if value is None else float(value)
