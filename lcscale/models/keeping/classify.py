"""`Classify`: a model as a step that a catalog maps; it writes what the model's head answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lcscale.errors import InputError, ModelError
from lcscale.lightcurves import clean_light_curves
from lcscale.lightcurves.cleaning import is_none
from lcscale.lightcurves.columns import LIGHT_CURVE
from lcscale.models.heads.classes import ClassHead
from lcscale.models.heads.columns import AGREEMENT, COMPUTED_ON, MODEL_ID, REASON, TRAINED_ON
from lcscale.models.heads.prevalence import Shares, at_prevalence, declared_shares, shares_of
from lcscale.models.keeping.agreement import agreement
from lcscale.models.keeping.card import Card
from lcscale.models.keeping.registry import load, read_card
from lcscale.models.keeping.travelling import Travelling
from lcscale.models.labels.curves import bands_of, numbers_of
from lcscale.models.labels.roles import cast
from lcscale.models.labels.truth import Bools
from lcscale.periods.columns import PERIOD
from lcscale.steps import Declared
from lcscale.vocabulary import Column, append_columns, schema_of

DEFAULT_MODEL = "general"
"""Shipped model that is used where none is named."""


@dataclass(frozen=True)
class Classify(Travelling, Declared):
    """Append what a model answers to a catalog with light curves and periods.

    The new columns of a model of classes: `class`, the one with the highest probability; `prob_<class>` for every class
    of the model; `prediction_set`, the classes (joined by commas, the most probable first) that hold the true one for
    90 % of stars like the training set's; of a stacked model `agreement`, which is low where its parts say different
    things, as they do of stars that are of none of the classes. Those of a model of a value: ``<name>``,
    ``<name>_error``, ``<name>_low`` and ``<name>_high`` (between them it lies for 90 % of such stars), `extrapolated`.
    Of both: `reason`, where an object has no answer (and then these are null); `model_id`; `trained_on`.

    Parameters
    ----------
    model
        Name of a shipped model, or the folder of one. Its files go along when the step is sent to another process,
        which loads them once; jobs send a step once a worker.
    column
        Name of the nested light-curve column.
    period
        Name of the period column, days.
    model_id
        The model's id by content, found out when it is empty; another content at the same place is refused.
    prevalence
        Shares of classes or groups among the stars, as a mapping or pairs; those of classes that are not named stay in
        proportion (`declared_shares`). None: as in training, which is what probabilities are calibrated at.
    device
        Where the network runs, as torch names it; None: the GPU of the process where it has one. No part of the
        fingerprint.
    """

    model: str = DEFAULT_MODEL
    column: str = "lightcurve"
    period: str = "period"
    model_id: str = ""
    prevalence: Mapping[str, float] | tuple[tuple[str, float], ...] | None = None
    device: str | None = field(default=None, repr=False)
    settings = ("prevalence",)
    costly = True
    version = 6

    def __post_init__(self) -> None:
        object.__setattr__(self, "model", str(self.model))
        if not self.model_id:
            object.__setattr__(self, "model_id", read_card(self.model).id)
        if self.prevalence is not None:
            object.__setattr__(self, "prevalence", tuple(sorted(dict(self.prevalence).items())))
            _shares(read_card(self.model), self.prevalence)

    @property
    def reads(self) -> tuple[Column, ...]:
        """Light curve, and period where the model sees folded ones."""
        curves, period = LIGHT_CURVE.named(self.column), PERIOD.named(self.period)
        return (curves,) if read_card(self.model).preparation.raw else (curves, period)

    @property
    def optional_columns(self) -> tuple[str, ...]:
        """Numbers that the model's card names besides, and the other candidate periods it looks at."""
        card = read_card(self.model)
        others = alternatives(self.period, len(card.period_weights))
        return tuple(dict.fromkeys((*card.preparation.columns, *others)))

    def gives(self, input_schema: pa.Schema) -> tuple[Column, ...]:
        """What the model says of an object.

        Raises
        ------
        ModelError
            The catalog's bands do not fit the model.
        InputError
            The column `period` is a survey's own.
        """
        card = read_card(self.model)
        if not card.preparation.raw and self.period == PERIOD.name:
            PERIOD.refuse_another(input_schema, "lcscale.periods.Search")
        bands = bands_of(input_schema, self.column)
        if bands is not None:
            cast(bands, card.preparation.roles)
        return _gives(card)

    def schema(self, input_schema: pa.Schema) -> pa.Schema:
        """`input_schema` with the new columns, without those of another model that would lose their meaning."""
        stale = read_card(self.model).head.stale(input_schema)
        kept = [field for field in input_schema if field.name not in stale]
        return super().schema(pa.schema(kept, input_schema.metadata))

    def fingerprint(self) -> str:
        """The model's id, wherever it is, the columns, the shares where any are declared, and the version."""
        shares = "" if self.prevalence is None else f", {self.prevalence}"
        return f"Classify({self.model_id}, {self.column!r}, {self.period!r}{shares}) v{self.version}"

    def __call__(self, table: pa.Table) -> pa.Table:
        """The rows of `table` with the answers."""
        model = load(self.model, self.device)
        card = model.card
        if card.id != self.model_id:
            raise ModelError(
                f"model {self.model} has changed: it is {card.id} now, the job was planned with {self.model_id}"
            )
        prediction = model.predict(
            clean_light_curves(table, self.column),
            None if card.preparation.raw else self._periods(table, len(card.period_weights)),
            bands=bands_of(table.schema, self.column),
            columns=numbers_of(table, card.preparation.columns),
        )
        answers = prediction.answers
        if self.prevalence is not None:
            answers = at_prevalence(answers, *_shares(card, self.prevalence)).astype(np.float32)
        missing = ~is_none(prediction.reason)
        new = [
            *card.head.columns(answers, prediction.extrapolated, missing),
            *self._agreement(card, prediction.of_parts, answers, missing),
            pa.array(prediction.reason, pa.string()),
            pa.array([self.model_id] * len(table), pa.string()),
            pa.array([card.trained_on] * len(table), pa.string()),
            pa.array([model.computed_on] * len(table), pa.string()),
        ]
        earlier = table.drop_columns(list(card.head.stale(table.schema)))
        result = append_columns(earlier, pa.Table.from_arrays(new, schema=schema_of(_gives(card))))
        at = result.column_names.index("reason")  # what other steps could not do is no reason where there is an answer
        answered = pc.is_valid(result.column(card.head.gives()[0].name))
        reason = pc.if_else(answered, pa.scalar(None, pa.string()), result.column("reason"))
        return result.set_column(at, result.schema.field(at), reason)

    def _agreement(
        self, card: Card, of_parts: npt.NDArray[np.float32] | None, answers: npt.NDArray[np.float32], missing: Bools
    ) -> list[pa.Array]:
        """The column, of a stacked model of classes."""
        if AGREEMENT not in _gives(card) or of_parts is None:
            return []
        if self.prevalence is not None:
            shares = _shares(card, self.prevalence)
            of_parts = np.stack([at_prevalence(each, *shares).astype(np.float32) for each in of_parts])
        found = agreement(of_parts, np.nan_to_num(answers).argmax(axis=1))
        return [pa.array(found, pa.float32(), mask=missing)]

    def _periods(self, table: pa.Table, n_candidates: int) -> npt.NDArray[np.float64]:
        """Candidate periods, the best first; NaN in the columns of those that the catalog does not have."""
        names = (self.period, *alternatives(self.period, n_candidates))
        found = numbers_of(table, names, "d")
        return np.stack([found.get(name, np.full(len(table), np.nan)) for name in names], axis=1)


def alternatives(period: str, n_candidates: int) -> tuple[str, ...]:
    """Columns of the candidate periods after the first: ``period_2``, ``period_3`` …"""
    return tuple(f"{period}_{k}" for k in range(2, n_candidates + 1))


def _shares(card: Card, prevalence: Mapping[str, float] | tuple[tuple[str, float], ...]) -> tuple[Shares, Shares]:
    """Shares that are declared, of all classes of the model, and those that its probabilities are calibrated at."""
    if not isinstance(card.head, ClassHead):
        raise InputError(f"{card.name} answers a value: prevalence is one of classes")
    before = shares_of(card.data["labels"], card.head.classes)
    return declared_shares(dict(prevalence), card.head.classes, before), before


def _gives(card: Card) -> tuple[Column, ...]:
    """Columns that a model of this card appends."""
    stacked = isinstance(card.head, ClassHead) and card.network == "stacked"
    return (*card.head.gives(), *((AGREEMENT,) if stacked else ()), REASON, MODEL_ID, TRAINED_ON, COMPUTED_ON)
