"""What measuring the completeness of a catalog takes: which stars, how many signals, and how long."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
from upath import UPath

from lcscale.errors import InputError
from lcscale.lake import Catalog, Pixel, write_leaf
from lcscale.lake.leaf import CELL_ORDER
from lcscale.lake.partition import apply
from lcscale.lightcurves import clean_light_curves, declared_bands
from lcscale.periods import Search
from lcscale.products.class_period import SURE, SURE_TIED
from lcscale.products.completeness.injecting import Inject, Recovered, check_classes
from lcscale.products.variables import variable_candidates
from lcscale.simulation.injection import SignalClass, read_signals
from lcscale.vocabulary import is_made

CONSTANT = f"evidence is null or evidence <= {SURE:g} or (coupling != 'free' and evidence <= {SURE_TIED:g})"
"""Condition that holds for constant stars: nothing says that they are periodic, or vary at all."""
ENOUGH_IN_A_CELL = 200
"""Signals in a cell of the sky, on average, where the size of the cells is not given."""
SIGNALS_WANTED = 10_000
"""Signals, about, where nothing else is said."""
MOST_EACH = 50
"""Most signals put into one star: more of them tell of that star, not of the catalog."""
_DRAWN_OF = 1 << 20
_LOOKED_AT, _PARTITIONS = 48, 8
_COUNTED_OF, _COUNTED_PARTITIONS = 6400, 64


@dataclass(frozen=True, eq=False)
class InjectionPlan:
    """Signals to be injected, and what that costs.

    Attributes
    ----------
    injected
        The lazy catalog of stars with signals, classified; `write` makes it.
    stars
        Rows of the catalog.
    drawn
        How many of them are drawn, about.
    constant
        Share of these that are constant, by a look at some.
    each
        Signals put into each constant star.
    cell_order
        HEALPix order of cells that hold some hundred signals each.
    cost
        Gives `seconds`.
    """

    injected: Catalog
    stars: int
    drawn: int
    constant: float
    each: int
    cell_order: int
    cost: Callable[[], float]

    @cached_property
    def seconds(self) -> float:
        """Time that one core takes, about: measured with a few stars when it is asked for."""
        return self.cost()

    @property
    def signals(self) -> int:
        """How many signals there will be, about."""
        return round(self.drawn * self.constant * self.each)

    @property
    def text(self) -> str:
        """The cost, in words."""
        minutes = self.seconds / 60
        duration = f"{minutes:.1f} minutes" if minutes < 120 else f"{minutes / 60:.1f} hours"
        many = f", {self.each} in each" if self.each > 1 else ""
        many += " (no star gets more)" if self.each == MOST_EACH else ""
        return (
            f"{self.stars:,} stars, of which {self.drawn:,} are drawn and about {100 * self.constant:.0f} % are "
            f"constant: about {self.signals:,} signals{many}; about {duration} of one core"
        )


def plan_completeness(
    catalog: Catalog,
    model: str | os.PathLike[str],
    *,
    signals: Sequence[SignalClass] | None = None,
    n: int = SIGNALS_WANTED,
    band: str | None = None,
    seed: int = 0,
    prevalence: Mapping[str, float] | None = None,
    device: str | None = None,
) -> InjectionPlan:
    """Decide which stars get signals, and estimate from a few what that costs.

    Parameters
    ----------
    catalog
        Light curves. Where it has the `evidence` of a search (join a catalog of features), that says which stars are
        constant; else the stars drawn are searched first.
    model
        Name of a shipped model, or the folder of one.
    signals
        Classes, periods and amplitudes; None takes those of `read_signals` that the model knows.
    n
        Signals wanted, about.
    band
        Reference band of amplitudes and magnitudes; None takes the one with most observations.
    seed
        Of all that is drawn but the stars.
    prevalence, device
        As in `variable_candidates`.

    Raises
    ------
    InputError
        The model takes no periods or does not know a class, no star looked at was observed in `band`, or none of them
        is constant.
    """
    from lcscale.models import read_card

    if n < 1:
        raise InputError(f"completeness needs 1 signal or more, got {n}")
    card = read_card(os.fspath(model))
    if card.preparation.raw or not card.classes:
        raise InputError(f"model {model} gives no classes of periodic stars: completeness is of periods and classes")
    if signals is None:
        signals = [each for each in read_signals() if each.name in card.classes]
    check_classes(signals, card.classes, os.fspath(model))
    if not signals:
        raise InputError(f"model {model} knows no class of which signals are declared; give some (--signals)")
    identity = catalog.id_column_or_none
    brought = [name for name in card.preparation.columns if name in catalog.column_names]
    brought = [name for name in brought if not is_made(catalog.schema, name)]
    searched = "evidence" in catalog.column_names
    wanted = [*([identity] if identity else []), "lightcurve", *brought]
    stars = catalog.columns(*wanted, *(["evidence", "coupling"] if searched else []))
    some = _looked_at(stars)
    band = _reference_band(some, band)

    def constant(source: Catalog) -> Catalog:
        known = source if searched else source.map(Search(device=device or "cpu"))
        return known.where(CONSTANT).columns(*wanted)

    def recovered(source: Catalog, each: int) -> Catalog:
        step = Inject(tuple(signals), band, each, seed)
        keep = [column.name for column in step.gives(source.schema)]
        found = variable_candidates(source.map(step), model, keep=keep, prevalence=prevalence, device=device)
        return found.map(Recovered())

    known = constant(stars)
    found = apply(known.steps[len(stars.steps) :], some)
    if not len(found):
        raise InputError(f"none of {len(some)} stars looked at is constant: signals are injected into constant stars")
    share = (_constant_share(catalog) if searched else 0.0) or len(found) / len(some)
    each = min(int(np.ceil(n / (share * len(catalog)))), MOST_EACH)
    drawn = min(1.0, n / (share * len(catalog) * each))
    below = max(1, round(drawn * _DRAWN_OF))
    chosen = constant(stars.where(f"bit_wise_and(shift_right(_healpix_29, 6), {_DRAWN_OF - 1}) < {below}"))
    n_drawn = round(drawn * len(catalog))

    def seconds() -> float:
        steps = recovered(known, 1).steps
        per_star, per_signal, per_partition = _timed(stars, steps, len(known.steps), some)
        return n_drawn * (per_star + share * each * per_signal) + len(stars.partitions) * per_partition

    order = _cell_order(catalog, n_drawn * share * each)
    return InjectionPlan(recovered(chosen, each), len(catalog), n_drawn, share, each, order, seconds)


def _looked_at(stars: Catalog, most: int = _LOOKED_AT, partitions: int = _PARTITIONS) -> pa.Table:
    """Some rows, from partitions all over the sky."""
    plan, leaves = stars.plan(), stars.partitions
    places = np.unique(np.linspace(0, len(leaves) - 1, partitions).astype(np.int64))
    each = -(-most // len(places))
    first = (next(plan.batches(leaves[int(place)]), None) for place in places)
    found = [apply(plan.steps, table.slice(0, each)) for table in first if table is not None]
    return pa.concat_tables([plan.schema.empty_table(), *found]).combine_chunks()


def _reference_band(some: pa.Table, wanted: str | None) -> str | None:
    """The band wanted, which stars have to be observed in; else the one with most observations."""
    lcs, declared = clean_light_curves(some), declared_bands(some.schema)
    if wanted is not None:
        if lcs.bands and wanted not in lcs.bands:
            raise InputError(
                f"none of {len(some)} stars looked at was observed in {wanted}; bands: {', '.join(lcs.bands)}"
            )
        return wanted
    if lcs.band is None:
        return lcs.bands[0] if lcs.bands else None
    counts = np.bincount(lcs.band[lcs.band >= 0], minlength=len(lcs.bands))
    allowed = [name in declared if declared else True for name in lcs.bands]
    return lcs.bands[int(np.argmax(np.where(allowed, counts, -1)))] if lcs.bands else None


def _constant_share(searched: Catalog) -> float:
    """Share of constant stars among thousands of a catalog that has the `evidence` of a search."""
    stars = searched.columns("evidence", "coupling")
    some = _looked_at(stars, _COUNTED_OF, _COUNTED_PARTITIONS)
    return len(apply(stars.where(CONSTANT).steps[len(stars.steps) :], some)) / len(some)


def _timed(stars: Catalog, steps: Sequence[Any], n_first: int, some: pa.Table) -> tuple[float, float, float]:
    """Seconds for each star until it is known whether it is constant, for each signal from there, and for a partition.

    A partition is read whole and written, and all steps have a cost that does not grow with its rows: that of a quarter
    of `some` tells it from the cost of a row.
    """
    first, then = steps[len(stars.steps) : n_first], steps[n_first:]
    few = some.slice(0, max(1, len(some) // 4))
    made = apply(then, apply(first, some))  # compiling, and reading the model, is paid once
    (stars_many, signals_many, many), (stars_few, signals_few, fewer) = (
        _once(first, then, rows) for rows in (some, few)
    )
    per_star = max(stars_many - stars_few, 0.0) / max(len(some) - len(few), 1)
    per_signal = max(signals_many - signals_few, 0.0) / max(many - fewer, 1) if fewer else signals_many / many
    fixed = stars_many + signals_many - per_star * len(some) - per_signal * many
    plan, leaf = stars.plan(), stars.partitions[len(stars.partitions) // 2]
    start = time.process_time()
    for _ in plan.batches(leaf):
        pass
    with tempfile.TemporaryDirectory() as folder:
        write_leaf(UPath(folder), Pixel(0, 0), made)
    return per_star, per_signal, max(fixed, 0.0) + time.process_time() - start


def _once(first: Sequence[Any], then: Sequence[Any], rows: pa.Table) -> tuple[float, float, int]:
    """Seconds of a core of both parts of the steps, the least of two runs, and how many constant stars there are."""
    times = []
    for _ in range(2):
        start = time.process_time()
        found = apply(first, rows)
        middle = time.process_time()
        apply(then, found)
        times.append((middle - start, time.process_time() - middle))
    return min(one for one, _ in times), min(two for _, two in times), len(found)


def _cell_order(catalog: Catalog, signals: float) -> int:
    """Highest order of which the cells that hold stars hold `ENOUGH_IN_A_CELL` signals on average."""
    manifest = None if catalog.area is not None else catalog.source.manifest
    if manifest is None:
        return 3
    cells = np.flatnonzero(manifest.counts(CELL_ORDER))
    sizes = [np.unique(cells >> 2 * (CELL_ORDER - order)).size for order in range(CELL_ORDER + 1)]
    fitting = [order for order, size in enumerate(sizes) if signals >= ENOUGH_IN_A_CELL * size]
    return max(fitting, default=0)
