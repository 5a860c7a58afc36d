"""What a training is made of: the training set, the stars held back, and how they are prepared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lcscale.errors import InputError
from lcscale.models.inputs.preparation import ALTERNATIVES, Preparation, fit_standards, is_none, prepare, standardise
from lcscale.models.judging.assessing import Held
from lcscale.models.labels.curves import SIMULATED, LabelledCurves
from lcscale.models.labels.roles import cast
from lcscale.models.labels.splitting import TEST, TRAIN, VALIDATION, Split, assign
from lcscale.models.labels.targets import Targets, targets_of
from lcscale.models.labels.taxonomy import map_labels
from lcscale.models.training.options import TrainingOptions
from lcscale.models.training.streamed import OfSets, Streamed, as_it_is, some_of, taught_by_label
from lcscale.models.training.synthetic import fill_up
from lcscale.models.training.training_set import InMemory, TrainingSet
from lcscale.vocabulary import HEALPIX_COLUMN

SETS = {"train": TRAIN, "validation": VALIDATION, "test": TEST}
_CHUNK = 1024
MOST_HELD = 20_000
"""Stars of the validation set, of the test set and of the baselines' that are held in memory when training streams."""


@dataclass(frozen=True, eq=False)
class Material:
    """Everything `lcscale.models.training.train.train` works with."""

    train: TrainingSet
    """What is taught."""
    held: dict[str, Held]
    """`validation` and `test`; `simulated_test` where simulated stars stand beside real ones, and are not in `test`."""
    preparation: Preparation
    """Fitted to the training set."""
    known: tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]
    """Standardised numbers of stars the baselines are trained on, and the classes that their labels allow."""
    counts: Mapping[str, int]
    """Stars of each label."""
    sizes: Mapping[str, int]
    """Stars of each set."""
    left_out: Mapping[str, Any]
    """What could not be used."""
    origins: Mapping[str, int] | None
    """Stars of each catalog, where there are several."""
    min_class_size: int
    """Stars of the smallest class that counts in means over classes."""
    synthetic: Mapping[str, int] = field(default_factory=dict)
    """Synthetic stars of each class in the training set."""

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the taxonomy, in the order of the scores."""
        return self.held["validation"].targets.classes


@dataclass(frozen=True)
class Sorting:
    """How labelled stars are told apart and sorted into sets."""

    label: str
    """Column with the labels."""
    survey: str | None
    """Whose names they are."""
    min_class_size: int
    """A class with fewer stars counts as its parent."""
    split: Split
    """Shares of the sky."""


def gather(source: Any, preparation: Preparation, label: str) -> LabelledCurves:
    """All labelled stars of a catalog, of Arrow tables, or as they are."""
    if isinstance(source, LabelledCurves):
        return source
    if isinstance(source, pa.Table):
        tables: Iterable[pa.Table] = [source]
    else:
        tables = source.to_batches() if hasattr(source, "to_batches") else source
    return LabelledCurves.from_tables(tables, **_reading(preparation, label))


def from_memory(
    curves: LabelledCurves, preparation: Preparation, sorting: Sorting, options: TrainingOptions
) -> Material:
    """Map the labels, leave out what cannot be used, split the sky, and take the standards of the training set."""
    preparation = _with_filled_roles(curves.bands, preparation)
    numbers, reason = _numbers(curves, preparation)
    names = map_labels(curves.label, sorting.survey)
    unknown = sorted({str(text) for text, name in zip(curves.label, names, strict=True) if name is None})
    names[~is_none(reason)] = None
    targets = targets_of(names, sorting.min_class_size)
    sets = np.where(targets.allowed.any(axis=1), assign(curves.healpix_29, sorting.split), -1).astype(np.int8)
    _check(sets, targets.classes, unknown)
    rows = {name: np.flatnonzero(sets == place) for name, place in SETS.items()}
    simulated = np.zeros(len(curves), np.bool_) if curves.origin is None else curves.origin == SIMULATED
    if simulated.any() and not simulated.all():
        rows |= {"test": np.flatnonzero((sets == TEST) & ~simulated)}
        rows |= {"simulated_test": np.flatnonzero((sets == TEST) & simulated)}
    preparation = fit_standards(preparation, numbers[rows["train"]])
    teaching, taught = curves.take(rows["train"]), targets.take(rows["train"])
    synthetic: dict[str, int] = {}
    if options.synthetic and not preparation.raw:
        teaching, taught, synthetic = fill_up(teaching, taught, options.synthetic, options.seed)
    known = np.flatnonzero(np.isin(sets, (TRAIN, VALIDATION)))
    return Material(
        InMemory(teaching, taught, taught.weights(options.class_weight_power)),
        {name: Held(curves.take(each), targets.take(each)) for name, each in rows.items() if name != "train"},
        preparation,
        (standardise(numbers[known], preparation), targets.allowed[known]),
        targets.counts(),
        {name: each.size for name, each in rows.items()},
        {"cannot be classified": int((~is_none(reason)).sum()), "unknown labels": unknown},
        _origins(curves),
        sorting.min_class_size,
        synthetic,
    )


def from_stream(catalog: Any, preparation: Preparation, sorting: Sorting, options: TrainingOptions) -> Material:
    """The same of a catalog whose light curves are never all in memory.

    A first pass reads labels and places alone, and decides over classes, weights and sets. Stars that cannot be
    classified count among the sizes of the sets; they are dropped where they are met.
    """
    spelled, places = _labels_and_places(catalog, sorting.label)
    names = map_labels(spelled, sorting.survey)
    unknown = sorted({str(text) for text, name in zip(spelled, names, strict=True) if name is None})
    targets = targets_of(names, sorting.min_class_size)
    sets = np.where(targets.allowed.any(axis=1), assign(places, sorting.split), -1).astype(np.int8)
    _check(sets, targets.classes, unknown)
    taught_rows = np.flatnonzero(sets == TRAIN)
    weights = np.zeros(sets.size, np.float32)
    weights[taught_rows] = targets.take(taught_rows).weights(options.class_weight_power)
    taught = taught_by_label(spelled[taught_rows], targets.take(taught_rows), weights[taught_rows])
    every = taught_by_label(spelled, targets, weights)
    sizes = {name: int((sets == place).sum()) for name, place in SETS.items()}
    reading = _reading(preparation, sorting.label)

    def of_set(name: str) -> Any:
        return catalog.map(OfSets(sorting.split, (SETS[name],), sorting.label, tuple(every)))

    def some(name: str) -> LabelledCurves:
        return LabelledCurves.from_tables(some_of(of_set(name).to_batches(), MOST_HELD, sizes[name]), **reading)

    sample = some("train")
    preparation = _with_filled_roles(sample.bands, preparation)
    numbers, reason = _numbers(sample, preparation)
    preparation = fit_standards(preparation, numbers[is_none(reason)])
    allowed = np.stack([every[text][0] for text in sample.label])
    known = np.flatnonzero(is_none(reason))
    held = {
        name: _held(
            some(name) if sizes[name] else sample.take(np.empty(0, np.int64)), preparation, every, targets.classes
        )
        for name in ("validation", "test")
    }
    stream = of_set("train").to_torch(options.batch_size, seed=options.seed, transform=as_it_is)
    return Material(
        Streamed(stream, sizes["train"], taught, reading),
        held,
        preparation,
        (standardise(numbers[known], preparation), allowed[known]),
        targets.counts(),
        sizes,
        {"cannot be classified": "dropped as they were met", "unknown labels": unknown},
        None,
        sorting.min_class_size,
    )


def held_numbers(held: Held, preparation: Preparation) -> npt.NDArray[np.float32]:
    """Standardised numbers of stars that are held."""
    return _numbers(held.curves, preparation)[0]


def _held(
    curves: LabelledCurves,
    preparation: Preparation,
    taught: Mapping[str, tuple[npt.NDArray[np.bool_], float]],
    classes: tuple[str, ...],
) -> Held:
    """Those stars that can be classified, with their labels."""
    if not len(curves):
        return Held(curves, Targets(classes, curves.label, np.zeros((0, len(classes)), np.bool_)))
    curves = curves.take(np.flatnonzero(is_none(_numbers(curves, preparation)[1])))
    allowed = np.stack([taught[text][0] for text in curves.label])
    label = np.array([_only(row, classes) or text for row, text in zip(allowed, curves.label, strict=True)], object)
    return Held(curves, Targets(classes, label, allowed))


def _only(allowed: npt.NDArray[np.bool_], classes: tuple[str, ...]) -> str | None:
    """The one class that is allowed, where it is one."""
    return classes[int(allowed.argmax())] if allowed.sum() == 1 else None


def _labels_and_places(catalog: Any, label: str) -> tuple[npt.NDArray[np.object_], npt.NDArray[np.int64]]:
    if label not in catalog.column_names:
        raise InputError(f"training needs the column {label}; there are {', '.join(catalog.column_names)}")
    table = catalog.columns(label).to_arrow()
    spelled = table.column(label).cast(pa.string()).to_numpy(zero_copy_only=False).astype(object)
    return spelled, np.asarray(table.column(HEALPIX_COLUMN).to_numpy(), np.int64)


def _reading(preparation: Preparation, label: str) -> dict[str, Any]:
    """How `LabelledCurves.from_tables` reads rows for this preparation."""
    if preparation.raw:
        return {"period": None, "label": label, "columns": preparation.columns}
    return {"period": "period", "label": label, "columns": tuple(dict.fromkeys((*preparation.columns, *ALTERNATIVES)))}


def _numbers(
    curves: LabelledCurves, preparation: Preparation
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.object_]]:
    """Numbers and reasons; images are drawn and dropped in pieces."""
    parts = []
    for first in range(0, len(curves), _CHUNK):
        part = curves.take(np.arange(first, min(first + _CHUNK, len(curves))))
        parts.append(prepare(part.lcs, part.period, preparation, bands=part.bands, columns=part.columns))
    return np.concatenate([part.numbers for part in parts]), np.concatenate([part.reason for part in parts])


def _with_filled_roles(bands: tuple[str, ...], preparation: Preparation) -> Preparation:
    """The preparation without roles that no band of the training catalog plays: nothing would be learnt of them."""
    players = cast(bands, preparation.roles)
    roles = tuple(role for role, band in zip(preparation.roles, players, strict=True) if band is not None)
    return replace(preparation, roles=roles)


def _check(sets: npt.NDArray[np.integer], order: tuple[str, ...], unknown: list[str]) -> None:
    if len(order) < 2:
        strange = f" (unknown labels: {', '.join(unknown[:10])})" if unknown else ""
        raise InputError(f"training needs stars of at least two classes of the taxonomy; found {len(order)}{strange}")
    for place, name in ((TRAIN, "training"), (VALIDATION, "validation")):
        if not np.any(sets == place):
            raise InputError(f"no star is in the {name} set: choose a finer order of HEALPix pixels or other shares")


def _origins(curves: LabelledCurves) -> dict[str, int] | None:
    if curves.origin is None:
        return None
    names, counts = np.unique(curves.origin.astype(str), return_counts=True)
    return {str(name): int(count) for name, count in zip(names, counts, strict=True)}
