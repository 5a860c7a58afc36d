"""`answer`: [Fe/H] of described stars by relation and regression, its intervals and the parts of its error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lcscale.errors import InputError
from lcscale.kernels.compiling import Floats
from lcscale.products.rrlyrae.columns import ANSWERS
from lcscale.products.rrlyrae.described import MODES, UNSURE, Described
from lcscale.products.rrlyrae.model import RRLyraeModel
from lcscale.products.rrlyrae.parameters import FourierParameters
from lcscale.products.rrlyrae.relations import Relation, relation_named

_NORMAL = (0.994458, 1.644854)
"""Errors to either side that hold 68 and 90 % of a normal distribution."""
ZERO_POINT = 0.04
"""Standard error of the zero point of [Fe/H] against spectroscopy, dex. Assumed: the scatter of the 95 calibrators
alone would give 0.24 / √95 = 0.025; different spectroscopic scales differ by more."""
OWN_ERROR = 0.5
"""Error of a star's own φ31 from which on it is taken for not measured, rad."""
WHY = {
    "regression": "reproduces its labels better than the relation on stars it had not seen",
    "asked": "asked for",
    "RRc": "no regression or network: there is no RRc to train on",
    "extrapolated": "nothing like the star was in the training of the regression",
    "none": "the model has no regression",
}


@dataclass(frozen=True)
class Choice:
    """What a person may choose of the answers."""

    relations: tuple[str, str] = ("muraveva2025_rrab", "muraveva2025_rrc")
    """Names of the relations for RRab and RRc."""
    prefer: str = "regression"
    """``regression`` or ``relation``: which answer `feh` is where a star has both."""
    scale: str = "spectroscopic"
    """``spectroscopic``: the regression is brought to the scale of the calibrators; ``labels``: it stays on that of its
    labels."""

    def __post_init__(self) -> None:
        for name, mode in zip(self.relations, MODES, strict=True):
            relation_named(name, mode)
        for value, allowed in ((self.prefer, ("regression", "relation")), (self.scale, ("spectroscopic", "labels"))):
            if value not in allowed:
                raise InputError(f"{value!r} is neither {allowed[0]} nor {allowed[1]}")


def answer(
    described: Described, fitted: Mapping[str, Floats], model: RRLyraeModel, choice: Choice
) -> tuple[list[pa.Array], npt.NDArray[np.object_]]:
    """Arrays in the order of `ANSWERS`, and reasons; `fitted` are `phi31` and `phi31_error` of the own series."""
    relations = [relation_named(name, mode) for name, mode in zip(choice.relations, MODES, strict=True)]
    first = described.mode == "RRab"
    both = [_by_relation(r, described, m, fitted) for r, m in zip(relations, MODES, strict=True)]
    related, other = (np.where(first, both[a], both[1 - a]) for a in (0, 1))
    scatter = np.where(first, *(each.scatter for each in relations))
    regressed, unlike = _by_regression(described, model, first)
    use = np.isfinite(regressed[0]) & (choice.prefer == "regression") & ~unlike
    moved, scale = _on_scale(regressed, model, choice)
    feh, measured, spread = (np.where(use, a, b) for a, b in zip(moved, (related[0], related[1], scatter), strict=True))
    half = _halves(np.hypot(measured, spread), use, model, choice)
    label = np.where(use & (choice.scale == "labels"), model.card.scale.get("error", 0.0), 0.0)
    total = np.sqrt(measured**2 + spread**2 + label**2 + ZERO_POINT**2)
    known = described.answered & np.isfinite(feh)
    unsure = known & (described.prob_rrab > UNSURE[0]) & (described.prob_rrab < UNSURE[1])
    extrapolated = (first & unlike) | _outside(feh)
    numbers = [
        feh, total, feh - half[0], feh + half[0], feh - half[1], feh + half[1],
        measured, spread, label, np.full(len(feh), ZERO_POINT),
        related[0], np.hypot(related[1], scatter), regressed[0], np.hypot(regressed[1], regressed[2]),
    ]  # fmt: skip
    scales = np.where(use, scale or "", np.where(first, *(each.scale for each in relations)))
    texts = [np.where(use, "regression", "relation"), _why(first, use, unlike, choice, model), scales]
    texts.append(np.where(first, *choice.relations))
    arrays = [_numbers(each, known) for each in numbers]
    arrays += [pa.array(each, pa.string(), mask=~known) for each in texts]
    arrays += [_numbers(other[0], unsure), pa.array(extrapolated, pa.bool_(), mask=~known)]
    assert len(arrays) == len(ANSWERS)
    return arrays, _reasons(described, known, extrapolated, first)


def _by_relation(relation: Relation, described: Described, mode: str, fitted: Mapping[str, Floats]) -> Floats:
    """[Fe/H] and the error that measurement makes, float64 [2, n].

    φ31 is that of the star's own series, with which relations are made, or the denoised one where it has none that is
    better than `OWN_ERROR`.
    """
    parameters = described.parameters[mode]
    own = fitted["phi31_error"] < OWN_ERROR
    terms = {
        "period": described.period,
        "log_period": np.log10(described.period),
        "phi31": np.where(own, fitted["phi31"], parameters.phases[:, 1]),
        "a2": parameters.amplitudes[:, 1],
    }
    errors = {
        "phi31": np.where(own, fitted["phi31_error"], parameters.errors[:, 4]),
        "a2": parameters.errors[:, 1],
    }
    return np.stack([relation.value(terms), relation.measurement_error(errors)])


def _on_scale(regressed: Floats, model: RRLyraeModel, choice: Choice) -> tuple[Floats, str | None]:
    """The regression's [Fe/H], error of measurement and of the model on the scale asked for, and its name."""
    to = model.card.scale.get("spectroscopic")
    if choice.scale == "labels" or to is None:
        return regressed, model.card.scale.get("name")
    feh, measured, spread = regressed
    slope = to["slope"]
    return np.stack([to["constant"] + slope * feh, slope * measured, np.hypot(slope * spread, to["scatter"])]), to[
        "name"
    ]


def _halves(error: Floats, use: npt.NDArray[np.bool_], model: RRLyraeModel, choice: Choice) -> list[Floats]:
    """Half widths of the intervals that hold 68 and 90 %."""
    fitted = model.regression is not None and choice.scale == "labels"
    bounds = model.regression.bounds if model.regression is not None and fitted else _NORMAL
    return [np.where(use, a, b) * error for a, b in zip(bounds, _NORMAL, strict=True)]


def _by_regression(
    described: Described, model: RRLyraeModel, first: npt.NDArray[np.bool_]
) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """[Fe/H], error of measurement and of the model, float64 [3, n], NaN for RRc; and what is extrapolated."""
    answers, beyond = np.full((3, len(first)), np.nan), np.zeros(len(first), np.bool_)
    if model.regression is None or not first.any():
        return answers, beyond
    own = described.parameters["RRab"]
    some = FourierParameters(own.amplitudes[first], own.phases[first], own.errors[first], own.features[first])
    feh, beyond[first] = model.regression.predict(described.period[first], some)
    answers[:, first] = feh, *model.regression.errors(some)
    return answers, beyond


def _outside(feh: Floats) -> npt.NDArray[np.bool_]:
    """[Fe/H] that no calibrator of any relation has."""
    return np.asarray((feh < -3.0) | (feh > 0.2))


def _why(
    first: npt.NDArray[np.bool_],
    use: npt.NDArray[np.bool_],
    unlike: npt.NDArray[np.bool_],
    choice: Choice,
    model: RRLyraeModel,
) -> npt.NDArray[np.object_]:
    why = np.full(len(first), WHY["asked"], object)
    if model.regression is None:
        why[:] = WHY["none"]
    elif choice.prefer == "regression":
        why[unlike] = WHY["extrapolated"]
    why[~first] = WHY["RRc"]
    why[use] = WHY["regression"]
    return why


def _numbers(values: Floats, known: npt.NDArray[np.bool_]) -> pa.Array:
    return pa.array(np.asarray(values, np.float64), mask=~(known & np.isfinite(values)))


def _reasons(
    described: Described,
    known: npt.NDArray[np.bool_],
    extrapolated: npt.NDArray[np.bool_],
    first: npt.NDArray[np.bool_],
) -> npt.NDArray[np.object_]:
    """Those of the description, and what the answer adds."""
    reasons = described.reason.copy()
    for mask, text in ((known & extrapolated, "extrapolated"), (known & ~first, WHY["RRc"])):
        for i in np.flatnonzero(mask):
            reasons[i] = text if reasons[i] is None else f"{reasons[i]}; {text}"
    return reasons
