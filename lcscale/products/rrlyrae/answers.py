"""`answer`: [Fe/H] of described stars by relation and regression, its intervals and the parts of its error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lcscale.errors import InputError
from lcscale.kernels.compiling import Floats
from lcscale.lightcurves import LightCurves
from lcscale.products.rrlyrae.columns import ANSWERS
from lcscale.products.rrlyrae.described import MODES, UNSURE, Bools, Described
from lcscale.products.rrlyrae.model import RRLyraeModel
from lcscale.products.rrlyrae.networks import by_network
from lcscale.products.rrlyrae.relations import Relation, relation_named

_NORMAL = (0.994458, 1.644854)
"""Errors to either side that hold 68 and 90 % of a normal distribution."""
ZERO_POINT = 0.04
"""Standard error of the zero point of [Fe/H] against spectroscopy, dex. Assumed: the scatter of the 95 calibrators
alone would give 0.24 / √95 = 0.025; different spectroscopic scales differ by more."""
OWN_ERROR = 0.5
"""Error of a star's own φ31 from which on it is taken for not measured, rad."""
OWN_OBSERVATIONS = 45
"""Observations from which on a star's own φ31 is taken: with fewer, its error is too small (225 stars of Gaia)."""
WHY = {
    "regression": "reproduces its labels best on stars it had not seen, as the card has it",
    "asked": "asked for",
    "RRc": "no regression, trees or network: there is no RRc to train on",
    "extrapolated": "nothing like the star was in the training of what was preferred",
    "none": "the model has not what was preferred",
}
LEARNED = ("regression", "trees", "network")
"""Answers that are learnt from labels, the best first."""
SCALES = ("spectroscopic", "labels")


@dataclass(frozen=True)
class Choice:
    """What a person may choose of the answers."""

    relations: tuple[str, str] = ("muraveva2025_rrab", "muraveva2025_rrc")
    """Names of the relations for RRab and RRc."""
    prefer: str = "regression"
    """``regression``, ``trees``, ``network`` or ``relation``: which answer `feh` is where a star has it."""
    scale: str = "spectroscopic"
    """``spectroscopic``: the regression is brought to the scale of the calibrators; ``labels``: it stays on that of its
    labels, as trees and network always do."""

    def __post_init__(self) -> None:
        for name, mode in zip(self.relations, MODES, strict=True):
            relation_named(name, mode)
        for value, allowed in ((self.prefer, (*LEARNED, "relation")), (self.scale, SCALES)):
            if value not in allowed:
                raise InputError(f"{value!r} is none of {', '.join(allowed)}")

    @property
    def on_labels(self) -> bool:
        """Whether what is preferred stays on the scale of its labels."""
        return self.scale == "labels" or self.prefer != "regression"


def answer(
    described: Described, fitted: Mapping[str, Floats], lcs: LightCurves, model: RRLyraeModel, choice: Choice
) -> tuple[list[pa.Array], npt.NDArray[np.object_]]:
    """Arrays in the order of `ANSWERS`, and reasons.

    Parameters
    ----------
    described, lcs
        Stars, and their clean light curves.
    fitted
        `phi31` and `phi31_error` of their own series.
    model, choice
        What answers, and what is asked for.
    """
    relations = [relation_named(name, mode) for name, mode in zip(choice.relations, MODES, strict=True)]
    first = described.mode == "RRab"
    sure = (fitted["phi31_error"] < OWN_ERROR) & (lcs.counts >= OWN_OBSERVATIONS)
    both = [_by_relation(r, described, m, fitted, sure) for r, m in zip(relations, MODES, strict=True)]
    related, other = (np.where(first, both[a], both[1 - a]) for a in (0, 1))
    scatter = np.where(first, *(each.scatter for each in relations))
    learned, beyond = _learned(described, lcs, model, first)
    preferred = learned.get(choice.prefer, np.full_like(learned["regression"], np.nan))
    unlike = beyond["network" if choice.prefer == "network" else "regression"]
    use = np.isfinite(preferred[0]) & ~unlike
    moved, scale = _on_scale(preferred, model, choice)
    feh, measured, spread = (np.where(use, a, b) for a, b in zip(moved, (related[0], related[1], scatter), strict=True))
    half = _halves(np.hypot(measured, spread), use, model, choice)
    label = np.where(use & choice.on_labels, model.card.scale.get("error", 0.0), 0.0)
    total = np.sqrt(measured**2 + spread**2 + label**2 + ZERO_POINT**2)
    known = described.answered & np.isfinite(feh)
    unsure = known & (described.prob_rrab > UNSURE[0]) & (described.prob_rrab < UNSURE[1])
    extrapolated = (first & unlike) | _outside(feh)
    numbers = [
        feh, total, feh - half[0], feh + half[0], feh - half[1], feh + half[1],
        measured, spread, label, np.full(len(feh), ZERO_POINT),
        related[0], np.hypot(related[1], scatter),
    ]  # fmt: skip
    numbers += [each for name in LEARNED for each in (learned[name][0], np.hypot(*learned[name][1:]))]
    scales = np.where(use, scale or "", np.where(first, *(each.scale for each in relations)))
    texts = [np.where(use, choice.prefer, "relation"), _why(first, use, unlike, choice, model), scales]
    texts.append(np.where(first, *choice.relations))
    arrays = [_numbers(each, known) for each in numbers]
    arrays += [pa.array(each, pa.string(), mask=~known) for each in texts]
    arrays += [_numbers(other[0], unsure), pa.array(extrapolated, pa.bool_(), mask=~known)]
    assert len(arrays) == len(ANSWERS)
    return arrays, _reasons(described, known, extrapolated, first)


def _by_relation(
    relation: Relation, described: Described, mode: str, fitted: Mapping[str, Floats], own: Bools
) -> Floats:
    """[Fe/H] and the error that measurement makes, float64 [2, n].

    φ31 is that of the star's own series, with which relations are made, where that is `own`; else the denoised one.
    """
    parameters = described.parameters[mode]
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


def _on_scale(answers: Floats, model: RRLyraeModel, choice: Choice) -> tuple[Floats, str | None]:
    """[Fe/H], error of measurement and of the model on the scale asked for, and its name."""
    to = model.card.scale.get("spectroscopic")
    if choice.on_labels or to is None:
        return answers, model.card.scale.get("name")
    feh, measured, spread = answers
    slope = to["slope"]
    return np.stack([to["constant"] + slope * feh, slope * measured, np.hypot(slope * spread, to["scatter"])]), to[
        "name"
    ]


def _halves(error: Floats, use: Bools, model: RRLyraeModel, choice: Choice) -> list[Floats]:
    """Half widths of the intervals that hold 68 and 90 %."""
    bounds = _NORMAL
    if choice.prefer == "regression" and choice.on_labels and model.regression is not None:
        bounds = model.regression.bounds
    return [np.where(use, a, b) * error for a, b in zip(bounds, _NORMAL, strict=True)]


def _learned(
    described: Described, lcs: LightCurves, model: RRLyraeModel, first: Bools
) -> tuple[dict[str, Floats], dict[str, Bools]]:
    """[Fe/H], error of measurement and of the model by each of `LEARNED`, float64 [3, n]; and what is extrapolated.

    NaN for RRc. Trees and networks know one error alone, that of the model.
    """
    answers = {name: np.full((3, len(first)), np.nan) for name in LEARNED}
    beyond = {name: np.zeros(len(first), np.bool_) for name in LEARNED}
    rows = np.flatnonzero(first)
    if not rows.size:
        return answers, beyond
    some, period = described.parameters["RRab"].take(rows), described.period[rows]
    if model.regression is not None:
        feh, beyond["regression"][rows] = model.regression.predict(period, some)
        answers["regression"][:, rows] = feh, *model.regression.errors(some)
    if model.trees is not None:
        feh, error = model.trees.predict(period, some)
        answers["trees"][:, rows] = feh, np.zeros_like(feh), error
    if model.network is not None:
        (feh, error), beyond["network"][rows] = by_network(model.network, lcs.take(rows), period, some)
        answers["network"][:, rows] = feh, np.zeros_like(feh), error
    return answers, beyond


def _outside(feh: Floats) -> Bools:
    """[Fe/H] that no calibrator of any relation has."""
    return np.asarray((feh < -3.0) | (feh > 0.2))


def _why(first: Bools, use: Bools, unlike: Bools, choice: Choice, model: RRLyraeModel) -> npt.NDArray[np.object_]:
    why = np.full(len(first), WHY["asked"], object)
    if choice.prefer in LEARNED:
        why[:] = WHY["none"] if getattr(model, choice.prefer) is None else WHY["asked"]
        why[unlike] = WHY["extrapolated"]
    why[~first] = WHY["RRc"]
    if choice.prefer == "regression":
        why[use] = WHY["regression"]
    return why


def _numbers(values: Floats, known: Bools) -> pa.Array:
    return pa.array(np.asarray(values, np.float64), mask=~(known & np.isfinite(values)))


def _reasons(
    described: Described,
    known: Bools,
    extrapolated: Bools,
    first: Bools,
) -> npt.NDArray[np.object_]:
    """Those of the description, and what the answer adds."""
    reasons = described.reason.copy()
    for mask, text in ((known & extrapolated, "extrapolated"), (known & ~first, WHY["RRc"])):
        for i in np.flatnonzero(mask):
            reasons[i] = text if reasons[i] is None else f"{reasons[i]}; {text}"
    return reasons
