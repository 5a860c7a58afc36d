"""`judge_yso`: what the classifier of young stars is worth, by sky and with each catalog left out in turn."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lcscale.models.judging.leaving_out import figures
from lcscale.models.judging.ranges import ranges
from lcscale.models.labels.targets import Targets
from lcscale.models.trees.growing import GrowthOptions, Sample, assign_folds, index_of
from lcscale.models.trees.native import BoostingOptions, fit_native
from lcscale.models.trees.tabular import TabularModel
from lcscale.products.yso.branches import answer, realities
from lcscale.products.yso.contamination import contamination
from lcscale.products.yso.features import GROUPS, LONG, photometric_features
from lcscale.products.yso.labels import CLASSES
from lcscale.products.yso.training import Gathered, LabelledTable, branch_of, gather

YOUNG = CLASSES.index("YSO")
RARE = 0.01
"""Prevalence at which the average precision is told."""
_WISE = ("w1", "w2", "w3", "w4")
_OPTICAL = (*GROUPS["optical"], "parallax", "pmra", "pmdec", "g_n_obs")
_DRAWS = 300

Floats = npt.NDArray[np.floating]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Refits:
    """The product's trees on all of its measurements, fitted without some of the stars."""

    gathered: Gathered
    """Labelled stars."""
    sample: Sample
    """The same with features."""
    options: GrowthOptions
    """Folds and seed."""
    boosting: BoostingOptions | None
    """How trees are grown."""

    def without(self, left_out: Bools) -> Callable[[npt.NDArray[np.integer], Sequence[str]], Floats]:
        """Probabilities of stars (rows, and measurements hidden from all of them) by trees that had not seen these."""
        rows = np.flatnonzero(~left_out)
        seen, missing = branch_of(self.sample, LONG, w3=False)
        trees = fit_native(self.sample, rows, seen, CLASSES, missing, self.options, self.boosting)

        def ask(asked: npt.NDArray[np.integer], hidden: Sequence[str]) -> Floats:
            numbers = {name: v[asked] for name, v in self.gathered.numbers.items() if name not in hidden}
            found = trees.probabilities({**numbers, **photometric_features(numbers, asked.size)}, asked.size)
            return np.where(np.isnan(found), 1.0 / len(CLASSES), found)  # no answer: every class is as good

        return ask


def judge_yso(
    model: TabularModel,
    tables: Sequence[LabelledTable],
    main: str,
    options: GrowthOptions | None = None,
    boosting: BoostingOptions | None = None,
) -> dict[str, Any]:
    """Judge a model of young stars on the stars it was trained with.

    Parameters
    ----------
    model
        Trained on `tables`; its own answers for training stars are those of trees that had not seen them.
    tables
        Labelled photometry. Tables of one scheme of labels are one catalog.
    main
        The catalog (scheme, or name of the table) of which the figures with a bar are.
    options, boosting
        Folds of the refits; trees.

    Returns
    -------
    dict
        `bars`; `as_shipped` by branch; `left_out` by catalog (`lcscale.models.judging.leaving_out`); `contamination` of
        the own answers by latitude and reddening; `labelled`, the range of the magnitudes by class; what was refitted.
    """
    options, gathered = options or GrowthOptions(folds=3), gather(tables)
    n = len(gathered)
    sample = gathered.sample({**gathered.numbers, **photometric_features(gathered.numbers, n)}, options.order)
    catalog = _catalogs(gathered, tables)
    refits, fold = Refits(gathered, sample, options, boosting), assign_folds(sample, options)
    by_sky, blind = (np.full((n, len(CLASSES)), np.nan) for _ in range(2))
    for number in range(options.folds):
        judged, ask = np.flatnonzero(fold == number), refits.without(fold == number)
        by_sky[judged], blind[judged] = ask(judged, ()), ask(judged, _WISE)
    left_out, rare = {}, []
    for name in dict.fromkeys(catalog[gathered.real]):
        here = catalog == name
        if set(gathered.label[gathered.real & ~here]) != set(gathered.label[gathered.real]):
            left_out[str(name)] = {"n": int(here.sum()), "removed": 0, "left_out": None}
            continue  # a class is in this catalog alone
        ask = refits.without(here | (fold == 0))
        left_out[str(name)] = _row(ask(np.flatnonzero(here), ()), by_sky[here], gathered.label[here])
        rare += _rare(str(name), ask, gathered, here, (fold == 0) & (catalog == main))
    answers, numbers = _own_answers(model, gathered), gathered.numbers
    with_both = (catalog == main) & np.isfinite(gathered.numbers["g"]) & np.isfinite(gathered.numbers["w1"])
    return {
        "bars": [*_bars(main, gathered, with_both, answers["together"], by_sky, blind), *rare],
        "as_shipped": {
            f"{branch}, {name}": _shipped(p[catalog == name], gathered.label[catalog == name])
            for branch, p in answers.items()
            for name in dict.fromkeys(catalog[gathered.real])
        },
        "left_out": left_out,
        "contamination": contamination(
            answers["together"], gathered.label, gathered.ra, gathered.dec, numbers["j"] - numbers["h"]
        ),
        "labelled": ranges(
            {band: numbers[band][gathered.real] for band in ("g", "k", "w1")}, gathered.label[gathered.real]
        ),
        "left_aside": {},
        "folds": options.folds,
        "order": options.order,
        "refit": "the product's trees on all measurements",
    }


def _catalogs(gathered: Gathered, tables: Sequence[LabelledTable]) -> npt.NDArray[np.object_]:
    names = {each.name: each.name if each.scheme == "any" else each.scheme for each in tables}
    return np.array([names[name] for name in gathered.origin], object)


def _truth(label: npt.NDArray[np.object_]) -> Targets:
    return Targets(CLASSES, label, np.asarray(label[:, None] == np.array(CLASSES, object)[None], np.bool_))


def _row(outside: Floats, inside: Floats, label: npt.NDArray[np.object_]) -> dict[str, Any]:
    parts = {"left_out": figures(outside, _truth(label)), "by_sky": figures(inside, _truth(label))}
    return {"n": int(label.size), "removed": 0, **parts, "known": {"n": int(label.size), **parts}}


def _shipped(answers: Floats, label: npt.NDArray[np.object_]) -> dict[str, Any]:
    known = np.isfinite(answers[:, 0])
    row: dict[str, Any] = {"in_training": True, "n": int(known.sum())}
    return row | (figures(answers[known], _truth(label[known])) if known.any() else {})


def _own_answers(model: TabularModel, gathered: Gathered) -> dict[str, Floats]:
    """What the model's trees that had not seen a star say of it; NaN where its place is not known."""
    rows = np.flatnonzero(gathered.real & np.isfinite(gathered.ra))
    answers: dict[str, Floats] = {}
    for branch in ("SY", "LY"):
        answers[branch] = np.full((len(gathered), len(CLASSES)), np.nan, np.float32)
        answers[branch][rows] = model.arrays[branch]
    reality = realities(model, gathered.numbers, len(gathered))["R"]
    return answers | {"together": answer(model, answers["SY"], answers["LY"], reality)[0]}


def _bars(
    main: str, gathered: Gathered, rows: Bools, own: Floats, by_sky: Floats, blind: Floats
) -> list[dict[str, Any]]:
    """Figures of the stars with G and W1."""
    label = gathered.label[rows]
    young = label == "YSO"
    share = np.array([(label == name).mean() for name in CLASSES])
    shared = own[rows] * np.maximum(share, 1e-3)
    pattern = _pattern_alone(gathered, rows)
    table = [
        ("F1 for YSO, own answers, by sky", own[rows], _f1, "≥ 0.92"),
        ("accuracy, own answers, by sky", own[rows], _accuracy, "≥ 0.975"),
        ("F1 for YSO at the catalog's own shares", shared, _f1, ""),
        ("accuracy at the catalog's own shares", shared, _accuracy, ""),
        ("F1 for YSO, refit by sky", by_sky[rows], _f1, "≥ 0.89"),
        ("others called YSO", own[rows], _called, ""),
        ("others called YSO, WISE hidden", blind[rows], _called, "≤ 0.03"),
        ("F1 for YSO of trees that see only what is missing", pattern, _f1, ""),
        ("average precision at 1 % prevalence, catalog in training", by_sky[rows][:, [YOUNG]], average_precision, ""),
    ]
    return [
        {"what": f"{what} ({main}, G and W1)", **_with_interval(p, label, young, value), "bar": bar}
        for what, p, value, bar in table
    ]


def _rare(name: str, ask: Any, gathered: Gathered, here: Bools, others: Bools) -> list[dict[str, Any]]:
    """Average precision for the young stars of a catalog that was left out, all with the measurements it has."""
    young, numbers = here & (gathered.label == "YSO"), gathered.numbers
    if not young.any():
        return []
    bands = [band for group in GROUPS.values() for band in group if band in numbers]
    share = {band: np.isfinite(numbers[band][young]).mean() for band in bands}
    hidden = [band for band in bands if share[band] < 0.1]
    hidden += list(_OPTICAL) if "g" in hidden else []
    needed = [band for band in ("g", "k", "w1") if share[band] > 0.5]
    enough = np.logical_and.reduce([np.isfinite(numbers[band]) for band in needed])
    others = others & (gathered.label != "YSO") & ~here
    if not others.any():  # the catalog of the others itself
        others = gathered.real & (gathered.label != "YSO") & here
    rows = np.flatnonzero((young | others) & enough)
    label = gathered.label[rows]
    found = _with_interval(ask(rows, hidden)[:, [YOUNG]], label, label == "YSO", average_precision)
    what = (
        f"average precision at 1 % prevalence, {name} left out, all with its bands (others: {(label != 'YSO').sum():,})"
    )
    return [{"what": what, **found, "bar": "≥ 0.45"}]


def _pattern_alone(gathered: Gathered, rows: Bools) -> Floats:
    """Probabilities of trees that see which bands there are and nothing else, by sky."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.model_selection import cross_val_predict

    seen = np.stack([np.isfinite(gathered.numbers[b]) for group in GROUPS.values() for b in group], 1).astype(float)
    trees = HistGradientBoostingClassifier(max_iter=20, random_state=0)
    label = index_of(gathered.label[rows], CLASSES)
    found = np.zeros((label.size, len(CLASSES)))
    found[:, np.unique(label)] = cross_val_predict(trees, seen[rows], label, cv=3, method="predict_proba")
    return found


def _f1(probabilities: Floats, label: npt.NDArray[np.object_]) -> float:
    given, true = probabilities.argmax(axis=1) == YOUNG, label == "YSO"
    return float(2 * (given & true).sum() / max(given.sum() + true.sum(), 1))


def _accuracy(probabilities: Floats, label: npt.NDArray[np.object_]) -> float:
    return float((np.array(CLASSES, object)[probabilities.argmax(axis=1)] == label).mean())


def _called(probabilities: Floats, label: npt.NDArray[np.object_]) -> float:
    return float((probabilities.argmax(axis=1) == YOUNG)[label != "YSO"].mean())


def average_precision(probabilities: Floats, label: npt.NDArray[np.object_], prevalence: float = RARE) -> float:
    """Mean precision over recall for young stars, as frequent among the others as `prevalence` says.

    Parameters
    ----------
    probabilities
        Of a YSO, float [n, 1].
    label
        object [n], class.
    prevalence
        Share of the young stars.
    """
    from sklearn.metrics import average_precision_score

    young = label == "YSO"
    weight = np.where(young, prevalence / max(young.sum(), 1), (1 - prevalence) / max((~young).sum(), 1))
    return float(average_precision_score(young, probabilities[:, 0], sample_weight=weight))


def _with_interval(
    probabilities: Floats,
    label: npt.NDArray[np.object_],
    young: Bools,
    value: Callable[[Floats, npt.NDArray[np.object_]], float],
) -> Mapping[str, Any]:
    """A figure and the range of its middle 90 % where stars are drawn again, young ones and others apart."""
    rng, parts = np.random.default_rng(0), [np.flatnonzero(young), np.flatnonzero(~young)]
    draws = []
    for _ in range(_DRAWS):
        rows = np.concatenate([rng.choice(part, part.size) for part in parts if part.size])
        draws.append(value(probabilities[rows], label[rows]))
    low, high = np.quantile(draws, [0.05, 0.95])
    told = {"value": value(probabilities, label), "low": low, "high": high}
    return {"n": int(label.size), "of_them": int(young.sum())} | {k: round(float(v), 4) for k, v in told.items()}
