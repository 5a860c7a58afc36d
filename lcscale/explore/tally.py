"""One pass over a catalog of candidates: counts by class, the best of each, periods, agreement with labels."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lcscale.explore.contents import classes_of
from lcscale.lake import HEALPIX_COLUMN, Catalog
from lcscale.models.heads.columns import PROBABILITY
from lcscale.models.keeping.card import Card
from lcscale.models.labels.splitting import TEST, Split, assign
from lcscale.models.labels.taxonomy import ancestors, classes, map_labels, taxonomy

Floats = npt.NDArray[np.float64]

THRESHOLDS = (0.5, 0.9)
"""Probabilities above which candidates are counted apart."""
LOG_PERIOD_EDGES = np.round(np.arange(-2.0, 4.0001, 0.1), 3)
"""Edges of the histogram of log10 period (days)."""
PROBABILITY_EDGES = np.linspace(0.0, 1.0, 11)
"""Edges of the bins in which probabilities are compared with labels."""
RANKED = 10
"""Candidates of each class that are listed."""
_BEST = ("period", "epoch", "epoch_minimum", "n_observations", "name", "doubt", "alias", "evidence_walk")
_COUNTS_IN_TEXT = re.compile(r"^\d+( of \d+)? observations? usable, (\d+) needed$")


@dataclass
class Tally:
    """What a pass over candidates found."""

    classes: tuple[str, ...]
    """Classes the candidates have probabilities of."""
    rows: int = 0
    """Objects."""
    given: Counter[str] = field(default_factory=Counter)
    """Objects by class given."""
    above: dict[float, Counter[str]] = field(default_factory=lambda: {limit: Counter() for limit in THRESHOLDS})
    """Objects by class given, with at least a probability."""
    reasons: Counter[str] = field(default_factory=Counter)
    """Objects without a class by reason."""
    models: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Objects by (model id, trained on)."""
    ranked: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """The `RANKED` most probable candidates of each class, best first, those with a doubt last: name, position, period,
    probability."""
    periods: dict[str, npt.NDArray[np.int64]] = field(default_factory=dict)
    """Histogram of log10 period for each class, over `LOG_PERIOD_EDGES`."""
    confusion: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Objects by (class of the label, class given)."""
    unknown_labels: Counter[str] = field(default_factory=Counter)
    """Labels that the taxonomy does not know."""
    calibration: Floats = field(default_factory=lambda: np.zeros((len(PROBABILITY_EDGES) - 1, 3)))
    """Of labelled objects by probability (`PROBABILITY_EDGES`): number, sum of probabilities, how many were right."""

    @property
    def classified(self) -> int:
        """Objects with a class."""
        return sum(self.given.values())

    @property
    def trained_on(self) -> str:
        """What the models were trained on: real, simulated, mixed; with several, all of them."""
        return ", ".join(sorted({trained for _, trained in self.models}))


def tally(catalog: Catalog, card: Card | None = None) -> Tally:
    """Pass over the catalog, one batch of its few columns at a time.

    Parameters
    ----------
    catalog
        Candidates: a column `class` and columns ``prob_<class>``.
    card
        Card of the model that made them; with it, labels count only on sky that the model was not trained on.
    """
    names = classes_of(catalog.schema)
    wanted = (
        "class",
        *(PROBABILITY.of(name).name for name in names),
        "reason",
        "model_id",
        "trained_on",
        "label",
        *_BEST,
    )
    identity = catalog.id_column_or_none
    wanted = wanted if identity is None else (*wanted, identity)
    result = Tally(names)
    survey = dict(catalog.source.properties).get("lcscale_survey")
    named = {"ra": catalog.source.ra, "dec": catalog.source.dec}
    named |= {} if identity is None else {"object_id": identity}
    for table in catalog.columns(*(name for name in wanted if name in catalog.column_names)).to_batches():
        codes, probability = _best_class(names, table)
        _count(result, table, probability)
        _keep_best(result, table, codes, probability, named)
        if "label" in table.column_names:
            _compare(result, table, probability, survey if survey in taxonomy().surveys else None, card)
    return result


def _count(result: Tally, table: pa.Table, probability: Floats) -> None:
    given = table.column("class")
    result.rows += table.num_rows
    result.given.update(_counts(given))
    for limit, counter in result.above.items():
        counter.update(_counts(given.filter(pa.array(probability >= limit))))
    if "reason" in table.column_names:
        for reason, n in _counts(table.column("reason").filter(pc.is_null(given))).items():
            result.reasons[_general(reason)] += n
    keys = ["model_id", "trained_on"]
    if set(keys) <= set(table.column_names):
        for row in table.select(keys).group_by(keys).aggregate([([], "count_all")]).to_pylist():
            result.models[str(row["model_id"]), str(row["trained_on"])] += row["count_all"]


def _counts(values: pa.ChunkedArray) -> dict[str, int]:
    return {
        str(row["values"]): int(row["counts"])
        for row in pc.value_counts(values).to_pylist()
        if row["values"] is not None
    }


def _general(reason: str) -> str:
    """The reason without the numbers of one object."""
    return _COUNTS_IN_TEXT.sub(r"fewer than \2 usable observations", reason)


def _best_class(names: tuple[str, ...], table: pa.Table) -> tuple[npt.NDArray[np.int64], Floats]:
    """Index of the class given (−1 without one) and its probability (0 without one), [n_rows] each."""
    codes = pc.fill_null(pc.index_in(table.column("class"), pa.array(names)), -1).to_numpy().astype(np.int64)
    probability = np.zeros(table.num_rows)
    for k, name in enumerate(names):
        rows = np.flatnonzero(codes == k)
        probability[rows] = np.nan_to_num(_floats(table, PROBABILITY.of(name).name)[rows])
    return codes, probability


def _keep_best(
    result: Tally, table: pa.Table, codes: npt.NDArray[np.int64], probability: Floats, named: Mapping[str, str]
) -> None:
    """The most probable of each class (to three digits; then those observed most often), and its periods.

    Those of which something speaks against their class come last.
    """
    periods = _floats(table, "period")
    rank = np.round(probability, 3) + 1e-9 * np.nan_to_num(_floats(table, "n_observations"))
    if "doubt" in table.column_names:
        rank -= 10.0 * table.column("doubt").is_valid().to_numpy()
    for k, name in enumerate(result.classes):
        rows = np.flatnonzero(codes == k)
        if not rows.size:
            continue
        positive = periods[rows][periods[rows] > 0]
        histogram = np.histogram(np.log10(positive), LOG_PERIOD_EDGES)[0]
        result.periods[name] = result.periods.get(name, np.zeros_like(histogram)) + histogram
        found = result.ranked.get(name, [])
        for best in rows[np.argsort(-rank[rows], kind="stable")[:RANKED]].tolist():
            row = {key: table.column(key)[best].as_py() for key in _BEST if key in table.column_names}
            row |= {key: table.column(column)[best].as_py() for key, column in named.items()}
            found.append(row | {"probability": float(probability[best]), "rank": float(rank[best])})
        result.ranked[name] = sorted(found, key=lambda row: -row["rank"])[:RANKED]


def _floats(table: pa.Table, name: str) -> Floats:
    if name not in table.column_names:
        return np.full(table.num_rows, np.nan)
    return np.asarray(table.column(name).cast(pa.float64()).to_numpy(zero_copy_only=False), np.float64)


def _compare(result: Tally, table: pa.Table, probability: Floats, survey: str | None, card: Card | None) -> None:
    """Labels against the classes given, and how often a probability was right."""
    rows = pc.and_(pc.is_valid(table.column("label")), pc.is_valid(table.column("class")))
    if card is not None and card.trained_on != "simulated" and "split" in card.data:
        unseen = assign(table.column(HEALPIX_COLUMN).to_numpy(), Split(**card.data["split"])) == TEST
        rows = pc.and_(rows, pa.array(unseen))
    bins = np.clip(np.digitize(probability, PROBABILITY_EDGES) - 1, 0, len(PROBABILITY_EDGES) - 2)
    told = table.select(["label", "class"]).append_column("probability", pa.array(probability))
    chosen = told.append_column("bin", pa.array(bins)).filter(rows)
    grouped = chosen.group_by(["label", "class", "bin"])
    pairs = grouped.aggregate([([], "count_all"), ("probability", "sum")]).to_pylist()
    truth = map_labels([str(row["label"]) for row in pairs], survey)
    for row, name in zip(pairs, truth, strict=True):
        n, given = row["count_all"], str(row["class"])
        if name is None:
            result.unknown_labels[str(row["label"])] += n
            continue
        known = _as_model(str(name), result.classes)
        result.confusion[known, given] += n
        result.calibration[row["bin"]] += (n, row["probability_sum"], n * agrees(known, given))


def _as_model(name: str, names: tuple[str, ...]) -> str:
    """The narrowest class of the model that holds the class `name`; itself where the model has none."""
    return next((each for each in ancestors(name) if each in names), name)


def agrees(truth: str, given: str) -> bool:
    """Whether the class given is the label's, or one within it (a label may be wider than the model's classes)."""
    return given == truth or (given in classes() and truth in ancestors(given))
