"""`train`: from a catalog with light curves, periods and labels to a model's folder with an honest card."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lcscale.engine.progress import Silent, progress_for
from lcscale.errors import InputError
from lcscale.models.baseline import BASELINE, boosted_trees
from lcscale.models.card import TRAINED_ON, Card
from lcscale.models.curves import LabelledCurves
from lcscale.models.metrics import coverage, evaluate
from lcscale.models.options import TrainingOptions
from lcscale.models.preparation import Inputs, Preparation, fit_standards, is_none, prepare, standardise
from lcscale.models.registry import load, save
from lcscale.models.roles import cast
from lcscale.models.splitting import TEST, TRAIN, VALIDATION, Split, assign
from lcscale.models.targets import Targets, targets_of
from lcscale.models.taxonomy import map_labels

if TYPE_CHECKING:
    from lcscale.models.fitting import Fitted
    from lcscale.models.model import Model

_SETS = {"train": TRAIN, "validation": VALIDATION, "test": TEST}


def train(
    source: Any,
    folder: str | Path,
    *,
    trained_on: str,
    survey: str | None = None,
    label: str = "label",
    min_class_size: int = 50,
    split: Split | None = None,
    options: TrainingOptions | None = None,
    preparation: Preparation | None = None,
    progress: bool | None = None,
) -> Model:
    """Train a `FoldedImageNet` and write it to `folder`; the card holds its figures on sky it has not seen.

    Parameters
    ----------
    source
        A catalog (anything with ``to_batches()``), Arrow tables, or `LabelledCurves`; with columns `lightcurve`,
        `period` (but for raw images), `label`, and `_healpix_29` or `ra` and `dec`.
    folder
        Where the model goes; its name is the model's.
    trained_on
        What the labelled light curves are: real, simulated or mixed.
    survey
        Whose class names the labels are (see `lcscale.models.taxonomy`); None to find out.
    label
        Name of the column with the labels.
    min_class_size
        A class with fewer stars counts as its parent in the taxonomy.
    split
        Shares of the sky for validation and test.
    options
        Epochs, rates, augmentation, seed.
    preparation
        Roles, folds, size of the images, further columns.
    progress
        Whether to show progress on stderr; None: only where a person looks.

    Returns
    -------
    Model
        Ready to classify.

    Raises
    ------
    InputError
        There is nothing to train on: columns, labels, or one of the three sets is missing.

    Notes
    -----
    Positions decide over the set a star is in, over nothing else. Stars that cannot be classified (no period, too few
    observations) are left out and counted in the card. Labels that the taxonomy does not know are named there too.
    """
    if trained_on not in TRAINED_ON:
        raise InputError(f"trained_on is one of {', '.join(TRAINED_ON)}, not {trained_on!r}")
    split, options = split or Split(), options or TrainingOptions()
    preparation = preparation or Preparation()
    curves = _gather(source, label, preparation)
    material = _sort_out(curves, preparation, survey, min_class_size, split)
    fitted = _fit(curves, material, options, progress_for(progress, f"training {Path(folder).name}", options.epochs))
    card = Card(
        name=Path(folder).name,
        classes=material.targets.classes,
        preparation=material.preparation,
        architecture=asdict(fitted.network.architecture),
        temperature=fitted.temperature,
        threshold=fitted.threshold,
        trained_on=trained_on,
        data={
            "catalog": getattr(source, "name", None),
            "fingerprint": _fingerprint(source),
            "survey": survey,
            "origins": _origins(curves),
            "labels": material.targets.counts(),
            "sets": {name: material.rows(place).size for name, place in _SETS.items()},
            "left_out": material.left_out,
            "min_class_size": min_class_size,
            "split": asdict(split),
            "options": asdict(options),
            "history": fitted.history,
        },
        metrics=_figures(fitted, material, min_class_size, options.seed, curves.origin),
    )
    save(card, fitted.network, folder)
    return load(folder)


@dataclass(frozen=True, eq=False)
class _Material:
    """The labelled stars, prepared and sorted into sets."""

    inputs: Inputs
    targets: Targets
    sets: npt.NDArray[np.int8]
    preparation: Preparation
    left_out: dict[str, Any]

    def rows(self, place: int) -> npt.NDArray[np.int64]:
        """Indices of the stars of a set."""
        return np.flatnonzero(self.sets == place)

    def part(self, place: int) -> tuple[Inputs, Targets]:
        """Inputs and labels of a set."""
        rows = self.rows(place)
        inputs = self.inputs
        return Inputs(inputs.images[rows], inputs.numbers[rows], inputs.reason[rows]), self.targets.take(rows)


def _sort_out(
    curves: LabelledCurves, preparation: Preparation, survey: str | None, min_class_size: int, split: Split
) -> _Material:
    """Map the labels, leave out what cannot be used, split the sky, and take the standards of the training set."""
    preparation = _with_filled_roles(curves, preparation)
    inputs = prepare(curves.lcs, curves.period, preparation, bands=curves.bands, columns=curves.columns)
    names = map_labels(curves.label, survey)
    unknown = sorted({str(text) for text, name in zip(curves.label, names, strict=True) if name is None})
    names[~is_none(inputs.reason)] = None
    targets = targets_of(names, min_class_size)
    sets = np.where(targets.allowed.any(axis=1), assign(curves.healpix_29, split), -1).astype(np.int8)
    _check(sets, targets.classes, unknown)
    preparation = fit_standards(preparation, inputs.numbers[sets == TRAIN])
    inputs = replace(inputs, numbers=standardise(inputs.numbers, preparation))
    left_out = {"cannot be classified": int((~is_none(inputs.reason)).sum()), "unknown labels": unknown}
    return _Material(inputs, targets, sets, preparation, left_out)


def _with_filled_roles(curves: LabelledCurves, preparation: Preparation) -> Preparation:
    """The preparation without roles that no band of the training catalog plays: nothing would be learnt of them."""
    players = cast(curves.bands, preparation.roles)
    roles = tuple(role for role, band in zip(preparation.roles, players, strict=True) if band is not None)
    return replace(preparation, roles=roles)


def _fit(curves: LabelledCurves, material: _Material, options: TrainingOptions, shown: Silent) -> Fitted:
    from lcscale.models.fitting import fit

    rows = material.rows(TRAIN)
    with shown:
        return fit(
            curves.take(rows),
            material.targets.take(rows),
            material.part(VALIDATION),
            material.preparation,
            options,
            shown,
        )


def _gather(source: Any, label: str, preparation: Preparation) -> LabelledCurves:
    if isinstance(source, LabelledCurves):
        return source
    if isinstance(source, pa.Table):
        tables: Iterable[pa.Table] = [source]
    elif hasattr(source, "to_batches"):
        tables = source.to_batches()
    else:
        tables = source
    period = None if preparation.raw else "period"
    return LabelledCurves.from_tables(tables, period=period, label=label, columns=preparation.columns)


def _origins(curves: LabelledCurves) -> dict[str, int] | None:
    """Stars of each catalog, where there are several."""
    if curves.origin is None:
        return None
    names, counts = np.unique(curves.origin.astype(str), return_counts=True)
    return {str(name): int(count) for name, count in zip(names, counts, strict=True)}


def _fingerprint(source: Any) -> str | None:
    fingerprint = getattr(source, "fingerprint", None)
    return fingerprint() if callable(fingerprint) else None


def _check(sets: npt.NDArray[np.integer], order: Sequence[str], unknown: Sequence[str]) -> None:
    if len(order) < 2:
        strange = f" (unknown labels: {', '.join(unknown[:10])})" if unknown else ""
        raise InputError(f"training needs stars of at least two classes of the taxonomy; found {len(order)}{strange}")
    for place, name in ((TRAIN, "training"), (VALIDATION, "validation")):
        if not np.any(sets == place):
            raise InputError(f"no star is in the {name} set: choose a finer order of HEALPix pixels or other shares")


def _figures(
    fitted: Fitted, material: _Material, min_class_size: int, seed: int, origin: npt.NDArray[np.object_] | None
) -> dict[str, Any]:
    """Figures of the network on validation and test sets, the main ones of the test set, and the baseline's."""
    from lcscale.models.model import network_scores, softmax

    counts, classes = material.targets.counts(), material.targets.classes
    smallest = min(min_class_size, max(counts.values()))
    counted = np.array([counts.get(name, 0) >= smallest for name in classes])
    figures: dict[str, Any] = {"macro_f1_over": [name for name, kept in zip(classes, counted, strict=True) if kept]}
    for name in ("validation", "test"):
        inputs, targets = material.part(_SETS[name])
        if len(targets):
            probabilities = softmax(network_scores(fitted.network, inputs) / fitted.temperature)
            figures[name] = evaluate(probabilities, targets, counted)
            figures[name] |= coverage(probabilities, targets, fitted.threshold)
            if origin is not None:
                figures[name]["by_origin"] = _by_origin(
                    probabilities, targets, origin[material.rows(_SETS[name])], fitted.threshold
                )
    main = figures["test" if "test" in figures else "validation"]
    figures |= {name: main[name] for name in ("accuracy", "macro_f1", "ece")}
    test, targets = material.part(TEST)
    known = np.flatnonzero(np.isin(material.sets, (TRAIN, VALIDATION)) & material.targets.exact)
    if len(targets) and known.size:
        taught = material.targets.take(known).allowed.argmax(axis=1)
        trees = boosted_trees(material.inputs.numbers[known], taught, test.numbers, len(classes), seed)
        figures["baseline"] = {"what": BASELINE, **evaluate(trees, targets, counted)}
    return figures


def _by_origin(
    probabilities: npt.NDArray[np.floating], targets: Targets, origin: npt.NDArray[np.object_], threshold: float
) -> dict[str, dict[str, Any]]:
    """The main figures of each catalog's stars."""
    figures = {}
    for name in sorted(set(origin.tolist())):
        rows = np.flatnonzero(origin == name)
        part = targets.take(rows)
        found = evaluate(probabilities[rows], part) | coverage(probabilities[rows], part, threshold)
        kept = ("n", "accuracy", "macro_f1", "log_loss", "ece", "coverage", "mean_set_size")
        figures[str(name)] = {key: found[key] for key in kept}
    return figures
