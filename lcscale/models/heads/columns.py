"""What a classifier says of an object."""

from __future__ import annotations

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
AGREEMENT = Column(
    "agreement",
    pa.float32(),
    "",
    "stat.probability;src.class",
    "Geometric mean, over the parts of a stacked model, of the probability of the class; low where the star may be of "
    "none of the classes.",
    _MAKER,
)
REASON = Column("reason", pa.string(), "", "meta.note", "Why there is no class; null where there is one.", _MAKER)
MODEL_ID = Column("model_id", pa.string(), "", "meta.id;meta.modelled", "The model, by its content.", _MAKER)
TRAINED_ON = Column(
    "trained_on", pa.string(), "", "meta.note", "What the model was trained on: real, simulated or mixed data.", _MAKER
)
COMPUTED_ON = Column(
    "computed_on", pa.string(), "", "meta.note", "Device and precision of the network, such as cpu float32.", _MAKER
)

EXTRAPOLATED = Column(
    "extrapolated",
    pa.bool_(),
    "",
    "meta.code",
    "Whether the star is unlike those of the training set: a number at least 6 standard deviations from their mean, or "
    "a value beyond theirs.",
    _MAKER,
)

COLUMNS = (CLASS, PROBABILITY, PREDICTION_SET, AGREEMENT, REASON, MODEL_ID, TRAINED_ON, COMPUTED_ON, EXTRAPOLATED)
"""Columns of `Classify`, in order; models of values have columns of their names instead of the first."""


def value_columns(name: str, unit: str, ucd: str = "") -> tuple[Column, ...]:
    """Columns of a model that gives the value `name`."""
    of_value = (
        (name, f"Value of {name}.", ucd),
        (f"{name}_error", f"Standard error of {name}.", ";".join(("stat.error", *([ucd] if ucd else ())))),
        (f"{name}_low", f"Lower end of the interval that holds {name} for 90 % of stars like the training set's.", ""),
        (f"{name}_high", "Upper end of that interval.", ""),
    )
    return (*(Column(each, pa.float32(), unit, ucd, about, _MAKER) for each, about, ucd in of_value), EXTRAPOLATED)
