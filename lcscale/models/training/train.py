"""`train`: from a catalog with light curves, periods and labels to a model's folder with an honest card."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from lcscale.engine.progress import progress_for
from lcscale.errors import InputError
from lcscale.kernels.devices import require_device
from lcscale.lake import Catalog
from lcscale.models.heads.classes import ClassHead
from lcscale.models.heads.head import Head, Labelling
from lcscale.models.inputs.inputs import KINDS
from lcscale.models.inputs.preparation import Preparation, prepare
from lcscale.models.keeping.card import TRAINED_ON, Card
from lcscale.models.keeping.registry import load, save
from lcscale.models.labels.splitting import Split
from lcscale.models.training.checkpoint import Checkpoints
from lcscale.models.training.dataset import Dataset, Labelled, Source, from_stream, gather, read_labels
from lcscale.models.training.ensemble import divided, judge
from lcscale.models.training.forgetting import grown
from lcscale.models.training.options import TrainingOptions

if TYPE_CHECKING:
    from lcscale.models.keeping.model import Model
    from lcscale.models.training.fitting import Fitted


BESIDE = ("boosted_trees",)
"""What stands beside a network of classes unless the options say otherwise."""
FOLDS = 5
"""Networks of an ensemble whose number is not given."""
FEW = 20_000
"""Labelled stars up to which an ensemble of classes is worth its time: it has seen more of them than one network."""


def train(
    source: Source,
    folder: str | Path,
    *,
    trained_on: str,
    head: Head[Any] | None = None,
    survey: str | None = None,
    label: str = "label",
    min_class_size: int = 50,
    split: Split | None = None,
    folds: int | Literal["auto"] | None = None,
    unseen: Sequence[str] = (),
    options: TrainingOptions | None = None,
    preparation: Preparation | None = None,
    stream: bool = False,
    baselines: bool = True,
    progress: bool | None = None,
    device: str | None = None,
) -> Model:
    """Train a network with boosted trees beside it, or one a fold of the sky, and write it to `folder`.

    The card holds its figures on unseen sky.

    Parameters
    ----------
    source
        A catalog (anything with ``to_batches()``), Arrow tables, or `LabelledCurves`; with columns `lightcurve`,
        `period` (but for raw images), the labels, and `_healpix_29` or `ra` and `dec`.
    folder
        Where the model goes; its name is the model's.
    trained_on
        What the labelled light curves are: real, simulated or mixed.
    head
        What is asked of a star: its class (`ClassHead`, the default) or a value (``ValueHead("feh", "dex")``), whose
        labels are the column of its name.
    survey
        Whose class names the labels are (see `lcscale.models.labels.taxonomy`); None to find out.
    label
        Name of the column with the classes.
    min_class_size
        A class with fewer stars counts as its parent in the taxonomy.
    split
        Shares of the sky for validation and test; None: the default shares, cut up as finely as the sky that the stars
        cover wants (`Split.of_sky`).
    folds
        Number of networks of an ensemble, each trained without one part of the sky: every labelled star is judged by
        the one that has not seen its pixel, new ones by all. None: one network. ``"auto"``: an ensemble of `FOLDS`
        where a network learns classes of at most `FEW` stars in memory, else one network.
    unseen
        Names of catalogs (`LabelledCurves.origin`) that are kept out of training, to see how the model does on surveys
        that it does not know.
    options
        Network, epochs, rates, augmentation, seed.
    preparation
        Roles, folds, size of the images, further columns.
    stream
        Whether the training rows come from the catalog anew every epoch (`Catalog.to_torch`) instead of being held in
        memory; of validation and test set then at most 20,000 stars each are held.
    baselines
        Whether trees on the numbers alone are grown to compare with.
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
    candidates are to be believed, and the model sums its answers over them. After each epoch the state is written
    beside the folder (``FOLDER.checkpoint``); the same call, interrupted, goes on from there to the same weights.

    Trees beside a network need no validation set to learn. Of an ensemble they are grown on the network's training and
    validation set; without folds on the training set, and once the validation set has weighed and calibrated the parts,
    on both together (`TrainingOptions.grown_on_validation`).
    """
    from lcscale.models.networks.table import named

    if trained_on not in TRAINED_ON:
        raise InputError(f"trained_on is one of {', '.join(TRAINED_ON)}, not {trained_on!r}")
    head = head or ClassHead()
    options = decided(options or TrainingOptions(), head)
    several = None if folds == "auto" else folds
    if stream and (options.synthetic or options.copies or several or unseen):
        raise InputError("made stars, folds and unseen surveys need a training set in memory: give stream=False")
    if several is not None and several < 2:
        raise InputError(f"an ensemble has 2 folds or more, not {several}")
    require_device(device or "cpu")
    names = (options.network, *(options.stacked_with or ()))
    validated = options.grown_on_validation and named(options.network).by_epochs and len(names) > 1
    takes = {kind for name in names for kind in named(name).takes}
    preparation = replace(preparation or Preparation(), kinds=tuple(kind for kind in KINDS if kind in takes))
    told = set(preparation.columns) & set(head.further_columns())
    if told:
        raise InputError(f"{', '.join(sorted(told))} is what the model is to find out: leave it out of its columns")
    labelling, place = Labelling(label, survey, min_class_size), Path(folder)
    labelled: Labelled | None = None
    if stream:
        if not isinstance(source, Catalog):
            raise InputError(f"stream=True reads a catalog of a lake, not {type(source).__name__}")
        origin, datasets = _fingerprint(source), [from_stream(source, preparation, head, labelling, split, options)]
    else:
        curves = gather(source, preparation, head, labelling)
        labelled = read_labels(curves, preparation, head, labelling)
        split = split or Split.of_sky(curves.healpix_29[labelled.truth.used])
        if folds == "auto" and isinstance(head, ClassHead) and named(options.network).by_epochs:
            several = FOLDS if np.count_nonzero(labelled.truth.used) <= FEW else None
        origin, datasets = curves.content(), divided(labelled, split, options, several, unseen)
    whole, checkpoints = datasets[0], []
    fitted: list[list[Fitted]] = [[] for _ in datasets]
    for k, dataset in enumerate(datasets):
        for name in names:
            of_one = replace(options, network=name)
            marks = [*([] if several is None else [str(k)]), *([] if name == names[0] else [name]), "checkpoint"]
            identity = identity_of(origin or "", dataset, labelling, of_one)
            checkpoints.append(Checkpoints(place.with_name(".".join([place.name, *marks])), identity))
            at_once = validated and several is not None
            fitted[k].append(fit_part(dataset, of_one, place.name, checkpoints[-1], progress, device, at_once))
    members = [[part.network for part in parts] for parts in fitted]
    kept = None
    if validated and several is None and not stream:
        kept = [
            part if named(name).by_epochs else grown(whole, replace(options, network=name), validated=True)
            for name, part in zip(names, members[0], strict=True)
        ]
    judged = judge(datasets, members, labelled, min_class_size, options.seed, baselines, kept)
    synthetic = dict(sum((Counter(each.synthetic) for each in datasets), Counter[str]()))
    data = {
        "catalog": getattr(source, "name", None),
        "fingerprint": _fingerprint(source),
        "survey": survey,
        **whole.facts,
        "sets": dict(whole.sizes),
        "folds": several,
        "unseen": list(unseen),
        "synthetic": synthetic,
        "min_class_size": min_class_size,
        "split": asdict(whole.split),
        "options": asdict(options),
        "history": [{"member": k, **row} for k, parts in enumerate(fitted) for row in parts[0].history],
    }
    network = judged.networks[0]
    card = Card(
        place.name,
        whole.preparation,
        network.name,
        network.sizes,
        judged.head,
        "mixed" if synthetic and trained_on == "real" else trained_on,
        judged.period_weights,
        data=data,
        metrics=judged.metrics,
    )
    save(card, list(judged.networks), place)
    for each in checkpoints:
        each.path.unlink(missing_ok=True)
    return load(place, device)


def decided(options: TrainingOptions, head: Head[Any]) -> TrainingOptions:
    """The options with what stands beside the network, where they leave it open."""
    from lcscale.models.networks.table import named

    if options.stacked_with is not None:
        return options
    hybrid = isinstance(head, ClassHead) and named(options.network).by_epochs
    return replace(options, stacked_with=BESIDE if hybrid else ())


def fit_part(
    dataset: Dataset,
    options: TrainingOptions,
    name: str,
    checkpoints: Checkpoints | None = None,
    progress: bool | None = None,
    device: str | None = None,
    validated: bool = False,
) -> Fitted:
    """Train the network that the options name, or grow it (`validated`: on the validation set too), alone."""
    from lcscale.models.networks.table import named
    from lcscale.models.training.fitting import Fitted, fit

    kind = named(options.network)
    if not kind.by_epochs:
        return Fitted(grown(dataset, options, validated), [])
    held, how = dataset.held["validation"], dataset.preparation
    curves = held.curves
    inputs = prepare(curves.lcs, curves.period, how, bands=curves.bands, columns=curves.columns)
    shown = progress_for(progress, f"training {name}", options.epochs)
    with shown:
        return fit(dataset.train, (inputs, held.truth), how, dataset.head, options, shown, checkpoints, device)


def identity_of(origin: str, dataset: Dataset, labelling: Labelling, options: TrainingOptions) -> str:
    """Stands for all that a training depends on: data, labels and how they are sorted, preparation, options."""
    known = (labelling, dataset.split, options, dataset.preparation, dataset.head, dict(dataset.sizes))
    digest = hashlib.sha256("\n".join([origin, *map(repr, known)]).encode())
    for name, held in dataset.held.items():
        digest.update(name.encode())
        for values in held.truth.arrays():
            digest.update(values.tobytes())
        digest.update(held.curves.healpix_29.tobytes())
    return digest.hexdigest()


def _fingerprint(source: Source) -> str | None:
    return source.fingerprint() if isinstance(source, Catalog) else None
