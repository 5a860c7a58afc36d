"""What a classifier says of an object."""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa

from lcscale.vocabulary import Column

_MAKER = "lcscale.models"

CLASS = Column("class", pa.string(), "", "src.class", "Class of the highest probability.", _MAKER)
PROBABILITY = Column(
    "prob_<class>",
    pa.float32(),
    "",
    "stat.probability;src.class",
    "Calibrated probability of <class>.",
    _MAKER,
)
PREDICTION_SET = Column(
    "prediction_set",
    pa.string(),
    "",
    "src.class",
    "Classes, the most probable first, that hold the true one for 90 % of stars like the training set's.",
    _MAKER,
)
REASON = Column("reason", pa.string(), "", "meta.note", "Why there is no class; null where there is one.", _MAKER)
MODEL_ID = Column("model_id", pa.string(), "", "meta.id;meta.modelled", "The model, by its content.", _MAKER)
TRAINED_ON = Column(
    "trained_on", pa.string(), "", "meta.note", "What the model was trained on: real, simulated or mixed data.", _MAKER
)

COLUMNS = (CLASS, PROBABILITY, PREDICTION_SET, REASON, MODEL_ID, TRAINED_ON)
"""Columns of `Classify`, in order."""


def columns_for(classes: Iterable[str]) -> tuple[Column, ...]:
    """The columns of a model of these classes."""
    return (CLASS, *map(PROBABILITY.of, classes), PREDICTION_SET, REASON, MODEL_ID, TRAINED_ON)
