"""`ClassifyYSO`: the model of YSO candidates as a step that a catalog maps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lcscale.crossmatch import match
from lcscale.errors import InputError, ModelError
from lcscale.models.heads.prevalence import at_prevalence
from lcscale.models.keeping.travelling import Travelling
from lcscale.models.trees.tabular import SHIPPED, TabularModel, load_tabular, read_tabular_card
from lcscale.products.yso.branches import answer, both_branches, realities
from lcscale.products.yso.columns import CLASSIFIED, IDS, NUMBERS, quantities
from lcscale.products.yso.labels import CLASSES
from lcscale.products.yso.precision import DUSTY_FIELD, precision_of
from lcscale.steps import Declared
from lcscale.vocabulary import DEC, RA, Column, append_columns, schema_of

DEFAULT_MODEL = "yso"
"""Shipped model that is used where none is named."""
SAME_ARCSEC = 1.0
"""A source within this distance of a training star is that star."""


@dataclass(frozen=True)
class ClassifyYSO(Travelling, Declared):
    """Append the four classes' probabilities to checked photometry (`Photometry`).

    The new columns: `SY` and `LY`, the probability of a YSO without and with W3 and W4; `R`, that W3 and W4 are real
    (and `R_w3`, `R_w4`); `branch`, the one that counts (both: their mean); `class` and ``prob_<class>`` of that branch;
    `yso_precision`, the share of young stars among sources with at least this probability (`precision_of`; null where
    the model is an older one); `in_training`: a star of the training set is at this place, and `SY`, `LY` and the class
    come from trees that had not seen it (training stars without a position are not recognised, and `R` is always that
    of all trees); `reason`, where there is no class; `model_id`; `trained_on`.

    Parameters
    ----------
    position
        Names of right ascension and declination, degrees.
    model
        Name of a shipped model, or the folder of one.
    prevalence
        Shares of the four classes among the sources; None leaves them equally frequent, as in training.
    model_id
        The model's id by content, found out when it is empty; another content at the same place is refused.
    """

    position: tuple[str, str] = ("ra", "dec")
    model: str = DEFAULT_MODEL
    prevalence: tuple[float, ...] | None = None
    model_id: str = ""
    settings = ("prevalence",)
    costly = True
    version = 3
    shipped = SHIPPED

    def __post_init__(self) -> None:
        object.__setattr__(self, "model", str(self.model))
        if self.prevalence is not None and not (len(self.prevalence) == len(CLASSES) and min(self.prevalence) > 0):
            raise InputError(f"prevalence must be {len(CLASSES)} shares above 0, of {', '.join(CLASSES)}")
        if not self.model_id:
            object.__setattr__(self, "model_id", read_tabular_card(self.model).id)

    @property
    def reads(self) -> tuple[Column, ...]:
        """The position; measurements are used as far as they are there."""
        return RA.named(self.position[0]), DEC.named(self.position[1])

    @property
    def optional_columns(self) -> tuple[str, ...]:
        """All measurements, and the further features that the model's card names."""
        parts = read_tabular_card(self.model).parts.values()
        named = {name for part in parts for pattern in part.patterns for name in pattern.features}
        return tuple(dict.fromkeys((*quantities(), *sorted(named))))

    def gives(self, input_schema: pa.Schema) -> tuple[Column, ...]:
        """What the model says."""
        return CLASSIFIED

    def fingerprint(self) -> str:
        """The model's id, wherever it is, the other parameters and the version."""
        return f"ClassifyYSO({self.model_id}, {self.position}, {self.prevalence}) v{self.version}"

    def __call__(self, table: pa.Table) -> pa.Table:
        """The rows of `table` with class and probabilities."""
        model = load_tabular(self.model)
        if model.card.id != self.model_id:
            raise ModelError(
                f"model {self.model} has changed: it is {model.card.id} now, the job was planned with {self.model_id}"
            )
        n = len(table)
        numeric = {field.name for field in table.schema if not pa.types.is_nested(field.type)} - set(IDS)
        numbers = {name: _floats(table, name) for name in self.optional_columns if name in numeric}
        real = realities(model, numbers, n)
        short, long = both_branches(model, numbers, n)
        known = _unseen(model, _floats(table, self.position[0]), _floats(table, self.position[1]), short, long)
        chosen, branch = answer(model, short, long, real["R"])
        answered = np.isfinite(chosen[:, 0])
        worth = self._precision(model, chosen[:, CLASSES.index("YSO")])
        chosen = chosen if self.prevalence is None else at_prevalence(chosen, self.prevalence).astype(np.float32)
        young = CLASSES.index("YSO")
        best = np.array(CLASSES, object)[np.nan_to_num(chosen).argmax(axis=1)]
        values = {"SY": short[:, young], "LY": long[:, young], **real}
        arrays = [
            *(_nullable(values[column.name]) for column in NUMBERS),
            pa.array(branch, pa.string(), mask=~answered),
            pa.array(best, pa.string(), mask=~answered),
            *(_nullable(chosen[:, k]) for k in range(len(CLASSES))),
            _nullable(worth),
            pa.array(known),
            pa.array(np.full(n, "too few measurements", object), pa.string(), mask=answered),
            pa.array([self.model_id] * n, pa.string()),
            pa.array([model.card.trained_on] * n, pa.string()),
        ]
        return append_columns(table, pa.Table.from_arrays(arrays, schema=schema_of(CLASSIFIED)))

    def _precision(self, model: TabularModel, young: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
        counted, shares = model.card.data.get("above"), self.prevalence or tuple(DUSTY_FIELD[name] for name in CLASSES)
        return np.full(young.size, np.nan) if counted is None else precision_of(young, counted, shares)


def _floats(table: pa.Table, name: str) -> npt.NDArray[np.float64]:
    """A column as numbers, NaN for nulls."""
    return np.asarray(table.column(name).cast(pa.float64()).to_numpy(zero_copy_only=False), np.float64)


def _nullable(values: npt.NDArray[np.floating]) -> pa.Array:
    return pa.array(values.astype(np.float32), mask=~np.isfinite(values))


def _unseen(
    model: TabularModel, ra: Any, dec: Any, short: npt.NDArray[np.float32], long: npt.NDArray[np.float32]
) -> npt.NDArray[np.bool_]:
    """Which sources are training stars; what the branches say of them is replaced, in place, by what was said unseen.

    A branch that has no answer for the measurements of this catalog gets none from training either.
    """
    known = np.zeros(len(short), np.bool_)
    if "ra" not in model.arrays:
        return known
    here, there, _ = match(ra, dec, model.arrays["ra"], model.arrays["dec"], SAME_ARCSEC)
    known[here] = True
    for said, name in ((short, "SY"), (long, "LY")):
        said[here] = np.where(np.isfinite(said[here]), model.arrays[name][there], np.nan)
    return known
