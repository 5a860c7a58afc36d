"""`train`: from a catalog with light curves, periods and labels to a model's folder with an honest card."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lcscale.engine.progress import progress_for
from lcscale.errors import InputError
from lcscale.kernels.devices import require_device
from lcscale.models.inputs.preparation import Preparation, prepare
from lcscale.models.keeping.card import TRAINED_ON, Card
from lcscale.models.keeping.registry import load, save
from lcscale.models.labels.splitting import Split
from lcscale.models.training.material import Material, Sorting, from_memory, from_stream, gather, held_numbers
from lcscale.models.training.options import TrainingOptions

if TYPE_CHECKING:
    from lcscale.models.keeping.model import Model
    from lcscale.models.training.fitting import Fitted


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
    stream: bool = False,
    progress: bool | None = None,
    device: str | None = None,
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
        Whose class names the labels are (see `lcscale.models.labels.taxonomy`); None to find out.
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
    stream
        Whether the training rows come from the catalog anew every epoch (`Catalog.to_torch`) instead of being held in
        memory; of validation and test set then at most 20,000 stars each are held.
    progress
        Whether to show progress on stderr; None: only where a person looks.
    device
        Where the network is trained, as torch names it; None: the GPU of this process where it has one, else the CPU.

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

    Where the catalog has the columns `period_2` and `period_3`, it is found out on the validation set how far these
    candidates are to be believed, and the model sums its probabilities over them. After each epoch the state is written
    beside the folder (``FOLDER.checkpoint``); the same call, interrupted, goes on from there to the same weights.
    """
    if trained_on not in TRAINED_ON:
        raise InputError(f"trained_on is one of {', '.join(TRAINED_ON)}, not {trained_on!r}")
    if stream and options is not None and options.synthetic:
        raise InputError("synthetic stars are made of a training set in memory: give synthetic=0, or stream=False")
    require_device(device or "cpu")
    sorting = Sorting(label, survey, min_class_size, split or Split())
    options, preparation = options or TrainingOptions(), preparation or Preparation()
    if stream:
        origin, material = _fingerprint(source), from_stream(source, preparation, sorting, options)
    else:
        curves = gather(source, preparation, label)
        origin, material = curves.content(), from_memory(curves, preparation, sorting, options)
    identity = _identity(origin or "", material, sorting, options)
    fitted = _fit(material, options, Path(folder), identity, progress, device)
    kind = "mixed" if material.synthetic and trained_on == "real" else trained_on
    card, network = _card(Path(folder).name, fitted, material, options, kind)
    data = {
        "catalog": getattr(source, "name", None),
        "fingerprint": _fingerprint(source),
        "survey": survey,
        "origins": material.origins,
        "labels": dict(material.counts),
        "sets": dict(material.sizes),
        "synthetic": dict(material.synthetic),
        "left_out": dict(material.left_out),
        "min_class_size": min_class_size,
        "split": asdict(sorting.split),
        "options": asdict(options),
        "history": fitted.history,
    }
    save(replace(card, data=data), network, folder)
    _checkpoint(Path(folder)).unlink(missing_ok=True)
    return load(folder, device)


def _fit(
    material: Material,
    options: TrainingOptions,
    folder: Path,
    identity: str,
    progress: bool | None,
    device: str | None,
) -> Fitted:
    from lcscale.models.training.fitting import Checkpoints, fit

    held = material.held["validation"]
    curves = held.curves
    inputs = prepare(curves.lcs, curves.period, material.preparation, bands=curves.bands, columns=curves.columns)
    shown = progress_for(progress, f"training {folder.name}", options.epochs)
    with shown:
        return fit(
            material.train,
            (inputs, held.targets),
            material.preparation,
            options,
            shown,
            Checkpoints(_checkpoint(folder), identity),
            device,
        )


def _identity(origin: str, material: Material, sorting: Sorting, options: TrainingOptions) -> str:
    """Stands for all that a training depends on: data, labels and how they are sorted, preparation, options."""
    known = (sorting, options, material.preparation, material.classes, dict(material.counts), dict(material.sizes))
    digest = hashlib.sha256("\n".join([origin, *map(repr, known)]).encode())
    for held in material.held.values():
        digest.update(repr(held.targets.label.tolist()).encode())
        digest.update(held.targets.allowed.tobytes())
    return digest.hexdigest()


def _card(name: str, fitted: Fitted, material: Material, options: TrainingOptions, trained_on: str) -> tuple[Card, Any]:
    """The card with calibration and figures, and the network it is of."""
    from lcscale.models.judging.assessing import assess, calibrate
    from lcscale.models.keeping.model import Model

    calibration = calibrate(fitted.network, material.preparation, material.held["validation"])
    card = Card(
        name=name,
        classes=material.classes,
        preparation=material.preparation,
        architecture=asdict(fitted.network.architecture),
        temperature=calibration.temperature,
        threshold=calibration.threshold,
        trained_on=trained_on,
        period_weights=calibration.period_weights,
    )
    smallest = min(material.min_class_size, max(material.counts.values()))
    counted = np.array([material.counts.get(name, 0) >= smallest for name in card.classes])
    held = material.held
    tests = {name: part for name, part in held.items() if name != "validation" and len(part)}
    numbers = {name: held_numbers(part, material.preparation) for name, part in tests.items()}
    metrics = assess(Model(card, fitted.network), held, material.known, numbers, counted, options.seed)
    return replace(card, metrics=metrics), fitted.network


def _checkpoint(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.checkpoint")


def _fingerprint(source: Any) -> str | None:
    fingerprint = getattr(source, "fingerprint", None)
    return fingerprint() if callable(fingerprint) else None
