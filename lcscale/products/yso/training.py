"""`train_yso_model`: labelled photometry of several surveys, and simulated stars, made into a model."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lcscale.arrays import modulo_360
from lcscale.crossmatch import match
from lcscale.errors import InputError
from lcscale.models.judging.metrics import evaluate
from lcscale.models.labels.targets import Targets
from lcscale.models.trees.growing import Grown, GrowthOptions, Sample
from lcscale.models.trees.native import BoostingOptions, Missing, grow_native
from lcscale.models.trees.tabular import TabularCard, TabularModel, save_tabular
from lcscale.products.yso.branches import MEAN, REALITY, average, choose, realities
from lcscale.products.yso.columns import quantities
from lcscale.products.yso.features import (
    APERTURES,
    LONG,
    SHORT,
    native_features,
    photometric_features,
    reality_features,
    units_of,
)
from lcscale.products.yso.labels import CLASSES, map_classes
from lcscale.products.yso.photometry import PROBLEMS, Photometry, count_problems
from lcscale.products.yso.precision import count_above
from lcscale.units import column_in

WHOLE = ("g", "bp", "rp", "j", "h", "k", "w1", "w2")
"""Magnitudes of a source that the surveys have all of."""
_REALITY = Missing(
    {name: frozenset({"magnitude" if name == "magnitude" else name.split("_")[0]}) for name in APERTURES},
    needs=("magnitude",),
    drawn=((), ("growth", "step"), ("growth", "step", "snr"), ("growth", "step", "snr", "rchi2"),
           ("growth", "step", "snr", "rchi2", "error")),
)  # fmt: skip
"""What tables tell of a detection, the fewer columns the less."""
SAME_ARCSEC = 1.5
"""Rows of different tables within this distance are one star, which counts once."""

BRANCHES = {"SY": SHORT, "LY": LONG}
"""Measurements of each branch."""
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class LabelledTable:
    """Photometry with classes, from one catalog or from the simulator."""

    name: str
    """Of the catalog; stands in the card."""
    table: pa.Table
    """One row a star, its measurements under any of the names in `columns.toml`."""
    label: str = "label"
    """Column with the class."""
    scheme: str = "any"
    """Whose names the classes are (`labels.toml`)."""
    position: tuple[str, str] | None = ("ra", "dec")
    """Columns of right ascension and declination, degrees; None where the catalog tells no positions."""
    real: bool = True
    """Simulated stars are trained on, never tested, and named so in the card."""
    most: int | None = None
    """Stars of a class that are taken at most, the same ones each time."""
    bands: tuple[str, ...] | None = None
    """Measurements that are taken; where which bands there are gives the class away, those that all classes have."""


@dataclass(frozen=True, eq=False)
class Gathered:
    """The rows of several labelled tables."""

    numbers: Mapping[str, Floats]
    """Measurements by our names."""
    label: npt.NDArray[np.object_]
    """object [n], class."""
    ra: Floats
    """Degrees; NaN where it is not known."""
    dec: Floats
    """Degrees."""
    origin: npt.NDArray[np.object_]
    """object [n], name of the table."""
    real: npt.NDArray[np.bool_]
    """bool [n]."""
    problems: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """What was wrong with measurements, by table, with numbers of rows."""

    def __len__(self) -> int:
        return self.label.size

    def sample(self, features: Mapping[str, Floats], order: int) -> Sample:
        """As `grow` wants it: stars of one pixel stay together, those without position each by itself."""
        from hats.pixel_math.spatial_index import compute_spatial_index

        place = -1 - np.arange(len(self), dtype=np.int64)
        known = np.isfinite(self.ra) & np.isfinite(self.dec)
        place[known] = np.asarray(compute_spatial_index(modulo_360(self.ra[known]), self.dec[known])) >> 2 * (
            29 - order
        )
        return Sample(features, self.label, place, self.real)


def gather(tables: Sequence[LabelledTable], seed: int = 0, extra: Sequence[str] = ()) -> Gathered:
    """Checked measurements and classes of all tables; a star that an earlier one has is left out of the later.

    Parameters
    ----------
    tables
        Labelled photometry.
    seed
        Of the choice where there are more stars than `most`.
    extra
        Names of further numbers that are taken where a table has them.

    Raises
    ------
    InputError
        No row has a class.
    """
    parts: list[tuple[dict[str, Floats], npt.NDArray[np.object_], Floats, Floats]] = []
    problems = {}
    for given in tables:
        rows = _chosen(given, parts, seed)
        keep = [name for name in extra if name in given.table.column_names and name not in quantities()]
        checked = Photometry.of(given.table.schema, keep=keep)(given.table.take(pa.array(rows)))
        problems[given.name] = count_problems(checked.column(PROBLEMS))
        numbers = {
            name: checked.column(name).cast(pa.float64()).to_numpy()
            for name in (*_measurements(checked, given.bands), *keep)
        }
        ra, dec = (values[rows] for values in _position(given))
        parts.append((numbers, map_classes(given.table.column(given.label).to_pylist(), given.scheme)[rows], ra, dec))
    sizes = [part[1].size for part in parts]
    if not sum(sizes):
        raise InputError("no row of the labelled tables has one of the four classes: nothing to train on")
    names = dict.fromkeys(name for part in parts for name in part[0])
    return Gathered(
        {name: np.concatenate([part[0].get(name, np.full(part[1].size, np.nan)) for part in parts]) for name in names},
        np.concatenate([part[1] for part in parts]),
        np.concatenate([part[2] for part in parts]),
        np.concatenate([part[3] for part in parts]),
        np.repeat(np.array([given.name for given in tables], object), sizes),
        np.repeat([given.real for given in tables], sizes),
        problems,
    )


def _measurements(checked: pa.Table, bands: Sequence[str] | None) -> list[str]:
    numeric = [field.name for field in checked.schema if pa.types.is_floating(field.type)]
    return [name for name in numeric if bands is None or name.removeprefix("e_") in bands]


def _position(given: LabelledTable) -> tuple[Floats, Floats]:
    if given.position is None:
        return np.full(len(given.table), np.nan), np.full(len(given.table), np.nan)
    ra = column_in(given.table, given.position[0], "deg", hours=True).cast(pa.float64())
    dec = column_in(given.table, given.position[1], "deg").cast(pa.float64())
    return np.asarray(ra.to_numpy()), np.asarray(dec.to_numpy())


def _chosen(given: LabelledTable, parts: Sequence[Any], seed: int) -> npt.NDArray[np.int64]:
    """Rows with a class that no earlier part has; at most `most` of each class."""
    label = map_classes(given.table.column(given.label).to_pylist(), given.scheme)
    good = np.array([name is not None for name in label], np.bool_)
    ra, dec = _position(given)
    for _, _, other_ra, other_dec in parts:
        if given.position is not None and given.real:
            good[match(ra, dec, other_ra, other_dec, SAME_ARCSEC)[0]] = False
    rows = np.random.default_rng(seed).permutation(np.flatnonzero(good))
    if given.most is not None:
        rows = np.concatenate([rows[label[rows] == name][: given.most] for name in CLASSES])
    return np.sort(rows)


def train_yso_model(
    tables: Sequence[LabelledTable],
    spurious: Mapping[str, pa.Table],
    folder: str | os.PathLike[str],
    *,
    name: str = "yso",
    extra: Sequence[str] = (),
    options: GrowthOptions | None = None,
    boosting: BoostingOptions | None = None,
) -> TabularModel:
    """Train all parts of the model and write its folder; the card has the figures of cross-validation over the sky.

    Parameters
    ----------
    tables
        Labelled photometry.
    spurious
        For ``w3`` and ``w4``: real and spurious AllWISE detections, with a column `class` of ``real`` and ``fake``.
    folder
        Where to write it.
    name
        What people shall call it.
    extra
        Further measurements that are features: ``tau``, features of light curves.
    options, boosting
        Folds, weights and seed; how trees are grown.
    """
    options = options or GrowthOptions()
    gathered = gather(tables, options.seed, extra)
    parts, metrics = {}, {}
    for band, table in spurious.items():
        label = _reality_labels(table)
        parts[f"R_{band}"] = _grow_reality(table, label, band, options, boosting)
        metrics[f"R_{band}"] = {"real": figures(parts[f"R_{band}"].out_of_fold, label, REALITY)}
    real = realities(_model_of(parts), gathered.numbers, len(gathered))
    features = {**gathered.numbers, **photometric_features(gathered.numbers, len(gathered))}
    sample = gathered.sample(features, options.order)
    for branch, words in BRANCHES.items():
        seen, missing = branch_of(sample, words, extra)
        parts[branch] = grow_native(sample, seen, CLASSES, missing, options, boosting)
        metrics[branch] = _by_catalog(parts[branch].out_of_fold, gathered)
    chosen, _ = average(parts["SY"].out_of_fold, parts["LY"].out_of_fold)
    metrics["together"] = _by_catalog(chosen, gathered)
    by_reality, _ = choose(parts["SY"].out_of_fold, parts["LY"].out_of_fold, real["R"])
    metrics["as chosen by R"] = _by_catalog(by_reality, gathered)
    model = _model_of(parts)
    card = replace(
        model.card,
        name=name,
        trained_on="real" if gathered.real.all() else "mixed",
        data=_data(gathered, options)
        | {"branches": MEAN, "above": count_above(_young(chosen, gathered.real), gathered.label)},
        metrics=metrics,
    )
    return save_tabular(replace(model, card=card, arrays=_left_out(gathered, parts)), Path(folder))


def _young(probabilities: npt.NDArray[np.float32], real: npt.NDArray[np.bool_]) -> npt.NDArray[np.float32]:
    return np.where(real, probabilities[:, CLASSES.index("YSO")], np.float32(np.nan))


def _model_of(parts: Mapping[str, Grown]) -> TabularModel:
    """What was grown so far, with a card that says no more than what it is."""
    card = TabularCard("", {name: grown.part for name, grown in parts.items()}, "")
    return TabularModel(card, {name: grown.forests for name, grown in parts.items()})


def branch_of(
    sample: Sample, words: str, extra: Sequence[str] = (), *, w3: bool = True
) -> tuple[tuple[str, ...], Missing]:
    """Features of a branch, and what may be missing of them.

    Parameters
    ----------
    sample
        Labelled objects.
    words
        The measurements, as `features_of` has them.
    extra
        Further features.
    w3
        Whether sources without W3 are left to the other branch, where `words` have it.
    """
    features = (*native_features(words), *(name for name in extra if name in sample.features))
    colours = tuple(name for name in features if len(name.split("-")) == 2 and "|" not in name)
    needs = ("w3",) if w3 and "w3" in words.split() else ()
    whole = WHOLE if all(np.isfinite(sample.features.get(name, np.nan)).any() for name in WHOLE) else ()
    return features, Missing({name: units_of(name) for name in features}, needs, colours, whole)


def _reality_labels(table: pa.Table) -> npt.NDArray[np.object_]:
    return np.array(["real" if word == "real" else "spurious" for word in table.column("class").to_pylist()], object)


def _grow_reality(
    table: pa.Table,
    label: npt.NDArray[np.object_],
    band: str,
    options: GrowthOptions,
    boosting: BoostingOptions | None,
) -> Grown:
    """Trees for the question whether detections in `band` are real, with whatever a table tells of them."""
    checked = Photometry.of(table.schema)(table)
    numbers = {name: checked.column(name).to_numpy() for name in _measurements(checked, None)}
    n = label.size
    features = reality_features(numbers, band, n)
    sample = Sample(features, label, np.arange(n, dtype=np.int64), np.ones(n, np.bool_))
    return grow_native(sample, APERTURES, REALITY, _REALITY, options, boosting)


def _data(gathered: Gathered, options: GrowthOptions) -> dict[str, Any]:
    catalogs = {}
    for name in dict.fromkeys(gathered.origin):
        rows = gathered.origin == name
        classes, counts = np.unique(gathered.label[rows].astype(str), return_counts=True)
        catalogs[str(name)] = {
            "real": bool(gathered.real[rows].all()),
            "stars": {str(each): int(count) for each, count in zip(classes, counts, strict=True)},
            "nulled": dict(gathered.problems[name]),
        }
    return {
        "catalogs": catalogs,
        "prior": "the four classes are equally frequent",
        "folds": f"{options.folds} of HEALPix pixels of order {options.order}",
        "options": asdict(options),
    }


def figures(probabilities: npt.NDArray[np.floating], label: npt.NDArray[np.object_], classes: Sequence[str]) -> Any:
    """Figures of objects with a class each (see `evaluate`); those without answer left out."""
    known = np.isfinite(probabilities[:, 0])
    allowed = label[known, None] == np.array(classes, object)[None, :]
    return evaluate(probabilities[known], Targets(tuple(classes), label[known], allowed.astype(np.bool_)))


def _by_catalog(probabilities: npt.NDArray[np.float32], gathered: Gathered) -> dict[str, Any]:
    """Cross-validated figures on real stars, all and by catalog."""
    rows = gathered.real
    result = {"real": figures(probabilities[rows], gathered.label[rows], CLASSES)}
    for name in dict.fromkeys(gathered.origin[gathered.real]):
        rows = gathered.origin == name
        if np.isfinite(probabilities[rows, 0]).any():
            result[f"real: {name}"] = figures(probabilities[rows], gathered.label[rows], CLASSES)
    return result


def _left_out(gathered: Gathered, parts: Mapping[str, Grown]) -> dict[str, npt.NDArray[Any]]:
    """What is said of training stars by trees that had not seen them, with their positions."""
    rows = np.flatnonzero(gathered.real & np.isfinite(gathered.ra))
    found: dict[str, npt.NDArray[Any]] = {"ra": gathered.ra[rows], "dec": gathered.dec[rows]}
    return found | {branch: parts[branch].out_of_fold[rows] for branch in ("SY", "LY")}
