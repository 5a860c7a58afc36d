"""`Dataset`: the training set, the stars held back, and how they are prepared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, TypeAlias, runtime_checkable

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lcscale.errors import InputError, abridged, meant
from lcscale.lake import Catalog
from lcscale.lightcurves.cleaning import is_none
from lcscale.models.heads.head import Head, Labelling
from lcscale.models.inputs.preparation import ALTERNATIVES, Preparation, fit_standards, prepare, standardise
from lcscale.models.judging.held import Held
from lcscale.models.labels.curves import SIMULATED, LabelledCurves, numbers_in
from lcscale.models.labels.roles import cast
from lcscale.models.labels.splitting import TEST, TRAIN, VALIDATION, Split, assign
from lcscale.models.labels.truth import Truth
from lcscale.models.training.options import TrainingOptions
from lcscale.models.training.streamed import OfSets, Streamed, as_it_is, some_of
from lcscale.models.training.synthetic import fill_up
from lcscale.models.training.training_set import InMemory, TrainingSet
from lcscale.vocabulary import HEALPIX_COLUMN

SETS = {"train": TRAIN, "validation": VALIDATION, "test": TEST}
_CHUNK = 1024
MOST_HELD = 20_000
"""Stars of the validation set, of the test set and of the baselines' that are held in memory when training streams."""

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Dataset:
    """Everything that one network is trained and judged with."""

    train: TrainingSet
    """What is taught."""
    held: dict[str, Held]
    """`validation` and `test`; `simulated_test` where simulated stars stand beside real ones, and are not in `test`;
    ``unseen <origin>`` for a survey that is kept out of training."""
    preparation: Preparation
    """Fitted to the training set."""
    head: Head[Any]
    """With what it takes from the training set."""
    teaching: tuple[Floats, Truth]
    """Standardised numbers of stars of the training set, and what is known of them."""
    known: tuple[Floats, Truth]
    """Standardised numbers of stars the baselines are trained on, and what is known of them."""
    sizes: Mapping[str, int]
    """Stars of each set."""
    facts: Mapping[str, Any]
    """For the card: labels, origins, what could not be used."""
    split: Split
    """Of the sky."""
    synthetic: Mapping[str, int] = field(default_factory=dict)
    """Synthetic stars of each class in the training set."""
    rows: Mapping[str, npt.NDArray[np.int64]] = field(default_factory=dict)
    """Places of each set's stars among the labelled ones, where these are in memory."""


@dataclass(frozen=True, eq=False)
class Labelled:
    """Stars in memory with what is known of them, before the sky is split."""

    curves: LabelledCurves
    """All."""
    truth: Truth
    """What is known; nothing of those that cannot be used."""
    numbers: Floats
    """As the preparation has them before training."""
    preparation: Preparation
    """Not fitted."""
    head: Head[Any]
    """Of the labels."""
    facts: Mapping[str, Any]
    """For the card."""


@runtime_checkable
class Batched(Protocol):
    """A catalog, or what gives its rows like one."""

    def to_batches(self) -> Iterator[pa.Table]:
        """The rows in tables."""


Source: TypeAlias = LabelledCurves | Batched | pa.Table | Iterable[pa.Table]
"""What a model is trained on: labelled light curves, a catalog of such, or Arrow tables."""


def gather(source: Source, preparation: Preparation, head: Head[Any], labelling: Labelling) -> LabelledCurves:
    """All labelled stars of a catalog, of Arrow tables, or as they are."""
    if isinstance(source, LabelledCurves):
        return source
    if isinstance(source, pa.Table):
        tables: Iterable[pa.Table] = [source]
    else:
        tables = source.to_batches() if isinstance(source, Batched) else source
    return LabelledCurves.from_tables(tables, **_reading(preparation, head, labelling))


def read_labels(curves: LabelledCurves, preparation: Preparation, head: Head[Any], labelling: Labelling) -> Labelled:
    """Read the labels of the stars that can be used.

    Raises
    ------
    InputError
        Nothing can be learnt of them.
    """
    preparation = _with_filled_roles(curves.bands, preparation)
    numbers, reason = numbers_and_reasons(curves, preparation)
    head, truth, unknown = head.learn(curves.label, curves.columns, is_none(reason), labelling)
    left_out = {"cannot be classified": int((~is_none(reason)).sum()), "unknown labels": unknown}
    facts = {"labels": truth.counts(), "origins": _origins(curves), "left_out": left_out}
    return Labelled(curves, truth, numbers, preparation, head, facts)


def divide(
    labelled: Labelled,
    sets: npt.NDArray[np.int8],
    split: Split,
    options: TrainingOptions,
    *,
    unseen: Sequence[str] = (),
    standards: tuple[Preparation, Head[Any]] | None = None,
) -> Dataset:
    """Training set and the others.

    Parameters
    ----------
    labelled
        All stars.
    sets
        `TRAIN`, `VALIDATION` or `TEST` of each.
    split
        That it came from.
    options
        Weights and synthetic stars.
    unseen
        Origins that are tested and nothing else.
    standards
        Fitted preparation and head, where several networks share them; None: those of this training set.
    """
    curves, truth = labelled.curves, labelled.truth
    origin = np.full(len(curves), "", object) if curves.origin is None else curves.origin
    sets = np.where(truth.used & ~np.isin(origin, list(unseen)), sets, -1).astype(np.int8)
    _check(sets)
    rows = {name: np.flatnonzero(sets == place) for name, place in SETS.items()}
    simulated = origin == SIMULATED
    if simulated.any() and not simulated.all():
        rows |= {"test": np.flatnonzero((sets == TEST) & ~simulated)}
        rows |= {"simulated_test": np.flatnonzero((sets == TEST) & simulated)}
    rows |= {f"unseen {name}": np.flatnonzero(truth.used & (origin == name)) for name in unseen}
    preparation, head = standards or standards_of(labelled, rows["train"])
    stars, taught = curves.take(rows["train"]), truth.take(rows["train"])
    synthetic: dict[str, int] = {}
    if options.synthetic and not preparation.raw:
        stars, taught, synthetic = fill_up(stars, taught, options.synthetic, options.seed)
    known = np.flatnonzero(np.isin(sets, (TRAIN, VALIDATION)))
    return Dataset(
        InMemory(stars, taught, head.weights(taught, options.class_weight_power)),
        {name: Held(curves.take(each), truth.take(each)) for name, each in rows.items() if name != "train"},
        preparation,
        head,
        (standardise(labelled.numbers[rows["train"]], preparation), truth.take(rows["train"])),
        (standardise(labelled.numbers[known], preparation), truth.take(known)),
        {name: each.size for name, each in rows.items()},
        labelled.facts,
        split,
        synthetic,
        rows,
    )


def standards_of(labelled: Labelled, rows: npt.NDArray[np.integer]) -> tuple[Preparation, Head[Any]]:
    """Preparation and head fitted to the stars of `rows`."""
    preparation = fit_standards(labelled.preparation, labelled.numbers[rows])
    return preparation, labelled.head.standardised(labelled.truth.take(rows))


def from_stream(
    catalog: Catalog,
    preparation: Preparation,
    head: Head[Any],
    labelling: Labelling,
    split: Split | None,
    options: TrainingOptions,
) -> Dataset:
    """The same of a catalog whose light curves are never all in memory.

    A first pass reads labels and places alone, and decides over classes, weights and sets. Stars that cannot be
    classified count among the sizes of the sets; they are dropped where they are met.
    """
    column = head.label_column(labelling)
    spelled, columns, places = _labels_and_places(catalog, column, head)
    head, truth, unknown = head.learn(spelled, columns, np.ones(spelled.size, np.bool_), labelling)
    split = split or Split.of_sky(places[truth.used])
    sets = np.where(truth.used, assign(places, split), -1).astype(np.int8)
    _check(sets)
    taught = np.flatnonzero(sets == TRAIN)
    head = head.standardised(truth.take(taught))
    weights = head.weights(truth.take(taught), options.class_weight_power)
    _, teach = head.reader(spelled[taught], truth.take(taught), weights)
    labels, read = head.reader(spelled, truth, np.zeros(sets.size, np.float32))
    sizes = {name: int((sets == place).sum()) for name, place in SETS.items()}
    reading = _reading(preparation, head, labelling)

    def of_set(name: str) -> Catalog:
        return catalog.map(OfSets(split, (SETS[name],), column, labels))

    def some(name: str) -> LabelledCurves:
        return LabelledCurves.from_tables(some_of(of_set(name).to_batches(), MOST_HELD, sizes[name]), **reading)

    sample = some("train")
    preparation = _with_filled_roles(sample.bands, preparation)
    numbers, reason = numbers_and_reasons(sample, preparation)
    known = np.flatnonzero(is_none(reason))
    preparation = fit_standards(preparation, numbers[known])
    held = {}
    for name in ("validation", "test"):
        curves = some(name) if sizes[name] else sample.take(np.empty(0, np.int64))
        if len(curves):
            curves = curves.take(np.flatnonzero(is_none(numbers_and_reasons(curves, preparation)[1])))
        held[name] = Held(curves, read(curves)[0])
    stream = of_set("train").to_torch(options.batch_size, seed=options.seed, transform=as_it_is)
    teaching = (standardise(numbers[known], preparation), read(sample)[0].take(known))
    left_out = {"cannot be classified": "dropped as they were met", "unknown labels": unknown}
    return Dataset(
        Streamed(stream, sizes["train"], teach, reading),
        held,
        preparation,
        head,
        teaching,
        teaching,
        sizes,
        {"labels": truth.counts(), "origins": None, "left_out": left_out},
        split,
    )


def _labels_and_places(
    catalog: Catalog, label: str, head: Head[Any]
) -> tuple[npt.NDArray[np.object_], dict[str, npt.NDArray[np.float64]], npt.NDArray[np.int64]]:
    further = head.further_columns()
    names = catalog.column_names
    missing = [name for name in (label, *further) if name not in names]
    if missing:
        raise InputError(
            f"training needs the column {missing[0]}{meant(missing[:1], names)}; there are {abridged(names)}"
        )
    table = catalog.columns(*dict.fromkeys((label, *further))).to_arrow()
    spelled = table.column(label).cast(pa.string()).to_numpy(zero_copy_only=False).astype(object)
    return spelled, numbers_in(table, further), np.asarray(table.column(HEALPIX_COLUMN).to_numpy(), np.int64)


def _reading(preparation: Preparation, head: Head[Any], labelling: Labelling) -> dict[str, Any]:
    """How `LabelledCurves.from_tables` reads rows for this preparation and head."""
    numbers = (*preparation.columns, *(() if preparation.raw else ALTERNATIVES))
    return {
        "period": None if preparation.raw else "period",
        "label": head.label_column(labelling),
        "columns": {**dict.fromkeys(numbers), **head.further_columns()},
    }


def numbers_and_reasons(curves: LabelledCurves, preparation: Preparation) -> tuple[Floats, npt.NDArray[np.object_]]:
    """Numbers and reasons; no image is drawn."""
    alone, parts = replace(preparation, kinds=("numbers",)), []
    for first in range(0, len(curves), _CHUNK):
        part = curves.take(np.arange(first, min(first + _CHUNK, len(curves))))
        parts.append(prepare(part.lcs, part.period, alone, bands=part.bands, columns=part.columns))
    return np.concatenate([part.numbers for part in parts]), np.concatenate([part.reason for part in parts])


def _with_filled_roles(bands: tuple[str, ...], preparation: Preparation) -> Preparation:
    """The preparation without roles that no band of the training catalog plays: nothing would be learnt of them."""
    players = cast(bands, preparation.roles)
    roles = tuple(role for role, band in zip(preparation.roles, players, strict=True) if band is not None)
    return replace(preparation, roles=roles)


def _check(sets: npt.NDArray[np.integer]) -> None:
    for place, name in ((TRAIN, "training"), (VALIDATION, "validation")):
        if not np.any(sets == place):
            raise InputError(f"no star is in the {name} set: choose a finer order of HEALPix pixels or other shares")


def _origins(curves: LabelledCurves) -> dict[str, int] | None:
    if curves.origin is None:
        return None
    names, counts = np.unique(curves.origin.astype(str), return_counts=True)
    return {str(name): int(count) for name, count in zip(names, counts, strict=True)}
