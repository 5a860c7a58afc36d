"""Variable-star candidates: periods, classes and probabilities of every light curve of a catalog."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import pyarrow as pa

from lcscale.errors import InputError
from lcscale.features import FEATURES, Extract
from lcscale.lake import Catalog
from lcscale.lightcurves.wesenheit import WESENHEIT, Wesenheit
from lcscale.models.heads.columns import CLASS, PROBABILITY
from lcscale.periods import PERIOD, FrequencyGrid, PeriodFrom, Search
from lcscale.periods.columns import GIVEN
from lcscale.products import class_period
from lcscale.products.class_period import PeriodOfClass
from lcscale.products.context import CONTEXT, Context
from lcscale.products.observations import COLUMNS as COUNTS
from lcscale.products.observations import CountObservations
from lcscale.steps import Step
from lcscale.vocabulary import NAME, is_made

if TYPE_CHECKING:
    from lcscale.models import Classify, Preparation

LABEL = "label"
"""Column with the class that the survey gave, which stays (to compare with) where the catalog has it."""
PERIOD_COLUMNS = (
    "period",
    "period_2",
    "period_3",
    "power",
    "fap",
    "evidence",
    "evidence_walk",
    "coupling",
    "alias",
    "period_mirror",
    "mirror_evidence",
    "mirror",
    "epoch",
    "epoch_minimum",
)
"""Columns of the period search that stay."""
OF_CLASS = tuple(column.name for column in class_period.COLUMNS)


def variable_candidates(
    catalog: Catalog,
    model: str | os.PathLike[str],
    *,
    grid: FrequencyGrid | None = None,
    keep: Sequence[str] = (),
    period_from: PeriodFrom | str | None = None,
    prevalence: Mapping[str, float] | None = None,
    device: str | None = None,
) -> Catalog:
    """Candidates of every class: one row an object, with a probability for each class; lazy.

    ``variable_candidates(catalog, model).write("variable_candidates")`` is the job.

    Parameters
    ----------
    catalog
        Light curves. Where it has a `period` that `Search` found (a features catalog), that one is used and none
        searched; a survey's own period is not. Colour, magnitude and parallax of Gaia are used where it has them and
        the model takes context (`Context`).
    model
        Name of a shipped model, or the folder of one.
    grid
        Trial frequencies of the period search; None takes each object's default.
    keep
        Further columns of the catalog to carry along.
    period_from
        Column of periods of others (VSX, Gaia, a broker; join or crossmatch them first): a name takes them instead of a
        search where there is one, `PeriodFrom` may keep them beside. `period_given` and `period_source` tell.
    prevalence
        Shares of classes or groups among the catalog's variable stars, where they are known not to be those of the
        training set; see `Classify`.
    device
        Where periods, features and classes are computed, as torch names it; None: periods and features on the CPU,
        the network on the GPU of each worker that has one.

    Returns
    -------
    Catalog
        The catalog's `id_column`, its `name` if any, position, `n_observations` (and by band), the period search's
        columns with the period that belongs to the class (`PeriodOfClass`: `period_peak` is the search's), those that
        the model takes besides (such as `wesenheit`), `class`, a column ``prob_<class>`` a class, `reason` (why an
        object has no class), `model_id`, `trained_on`, `computed_on`; not the light curves.

    Examples
    --------
    >>> candidates = variable_candidates(lake["crts_north"], "demo")  # doctest: +SKIP
    >>> candidates.write("variable_candidates", engine="local")  # doctest: +SKIP
    """
    from lcscale.models import Classify

    if "lightcurve" not in catalog.column_names:
        raise InputError(
            f"{catalog.name} has no light curves (column 'lightcurve'), which a classifier sees; "
            "take the catalog that was ingested, or write features with the light curves kept"
        )
    if grid is not None and PERIOD.is_in(catalog.schema):
        raise InputError(f"{catalog.name} has periods already; leave grid out, or drop them with .without('period')")
    given = PeriodFrom(period_from) if isinstance(period_from, str) else period_from
    if given is not None:
        _check_given(catalog, given)
    unknown = [name for name in keep if name not in catalog.column_names]
    if unknown:
        raise InputError(f"{catalog.name}: no column {', '.join(unknown)} to keep; it has {catalog.column_names}")
    preparation = _preparation(model)
    numbers = preparation.columns
    identity = catalog.id_column_or_none
    keep = [*([] if identity is None else [identity]), NAME.name, LABEL, *keep]
    theirs = () if given is None else (given.column,)
    context = Context().optional_columns if set(CONTEXT) & set(numbers) else ()
    needed = dict.fromkeys(("lightcurve", *keep, *PERIOD_COLUMNS, *numbers, "reason", *theirs, *context))
    chosen = catalog.columns(*(name for name in needed if name in catalog.column_names))
    search = Search(grid, period_from=given, device=device or "cpu")
    classified = chosen.map(
        *_steps(chosen, Classify(os.fspath(model), prevalence=prevalence, device=device), search, preparation)
    )
    return classified.columns(*_kept(classified.schema, keep, numbers))


def _check_given(catalog: Catalog, given: PeriodFrom) -> None:
    if given.column not in catalog.column_names:
        raise InputError(
            f"{catalog.name}: no column {given.column} with periods; it has {', '.join(catalog.column_names)}"
        )
    if PERIOD.is_in(catalog.schema):
        raise InputError(f"{catalog.name} has periods of a search already; drop them with .without('period') first")


def _preparation(model: str | os.PathLike[str]) -> Preparation:
    """What the model wants, from its card: columns besides the light curve and the period, or no period at all."""
    from lcscale.models import read_card

    return read_card(os.fspath(model)).preparation


def _steps(
    catalog: Catalog,
    classify: Classify,
    search: Search,
    preparation: Preparation,
) -> list[Step]:
    """Search where there is no period, features and context where the model wants some that are missing, classes."""
    steps: list[Step] = [CountObservations.of(catalog.schema)]
    if not preparation.raw and not PERIOD.is_in(catalog.schema):
        steps.append(search)
    features = tuple(
        name
        for name in preparation.columns
        if name in FEATURES and name != "period" and not is_made(catalog.schema, name)
    )
    if features:
        steps.append(Extract(features, device=search.device))
    if WESENHEIT.name in preparation.columns and not WESENHEIT.is_in(catalog.schema):
        steps.append(Wesenheit())
    if set(CONTEXT) & set(preparation.columns):
        steps.append(Context())
    steps.append(classify)
    if CLASS.is_in(steps[-1].schema(pa.schema([]))) and not preparation.raw:
        steps.append(PeriodOfClass())
    return steps


def _kept(schema: pa.Schema, keep: Sequence[str], numbers: Sequence[str]) -> list[str]:
    """Names of the result's columns, in order."""
    counts = [name for column in COUNTS for name in column.found(schema).values()]
    classes = PROBABILITY.found(schema).values()
    ours = [
        *numbers,
        "class",
        *classes,
        "prediction_set",
        "agreement",
        "reason",
        "model_id",
        "trained_on",
        "computed_on",
    ]
    fixed = [*keep, *counts, *PERIOD_COLUMNS, *(column.name for column in GIVEN), *OF_CLASS, *ours]
    return [name for name in dict.fromkeys(fixed) if name in schema.names]
