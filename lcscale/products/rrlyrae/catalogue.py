"""`rrlyrae_metallicities`: the catalogue of [Fe/H] of RR Lyrae stars."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace

from lcscale.errors import InputError
from lcscale.lake import Catalog
from lcscale.periods import PERIOD, Search
from lcscale.products.observations import CountObservations
from lcscale.products.rrlyrae.answers import Choice
from lcscale.products.rrlyrae.columns import ANSWERS, FITTED, MODEL_ID, REASON, SERIES
from lcscale.products.rrlyrae.metallicities import Metallicities
from lcscale.products.rrlyrae.model import DEFAULT_MODEL
from lcscale.steps import Step
from lcscale.vocabulary import NAME

_FMAX = 6.0
"""Highest frequency of the search, cycles per day: first overtones reach 5."""


def rrlyrae_metallicities(
    catalog: Catalog,
    model: str | os.PathLike[str] = DEFAULT_MODEL,
    *,
    period: str | None = None,
    mode: str | None = None,
    band: str | None = None,
    choice: Choice | None = None,
    keep: Sequence[str] = (),
) -> Catalog:
    """[Fe/H] of every star of a catalog of RR Lyrae light curves; lazy.

    ``rrlyrae_metallicities(catalog).write("rrlyrae_metallicities")`` is the job.

    Parameters
    ----------
    catalog
        Light curves in Gaia's G.
    model
        Name of a shipped model, or the folder of one.
    period
        Column with periods that somebody else measured, days. None: those that `Search` found, which the catalog has
        or which are searched here; then half and twice the period are tried as well.
    mode
        Column with mode or class (RRab, RRC, RR0 …), where the catalog has one. None: evidence and period tell.
    band
        Name of the band that is Gaia's G, where it is not called so.
    choice
        Relations, the answer that is preferred, and the scale.
    keep
        Further columns to carry along.

    Returns
    -------
    Catalog
        `id_column`, `name`, position, `keep`, `n_observations`, the star's own Fourier parameters, mode, period,
        denoised parameters, [Fe/H] with intervals and parts of its error, `reason`, `model_id`.
    """
    if "lightcurve" not in catalog.column_names:
        raise InputError(f"{catalog.name} has no light curves (column 'lightcurve'), from which [Fe/H] is measured")
    named = [name for name in (period, mode, *keep) if name is not None]
    unknown = [name for name in named if name not in catalog.column_names]
    if unknown:
        raise InputError(f"{catalog.name}: no column {', '.join(unknown)}; it has {', '.join(catalog.column_names)}")
    if period == PERIOD.name and PERIOD.is_in(catalog.schema):
        period = None
    identity = catalog.id_column_or_none
    kept = list(dict.fromkeys([*([] if identity is None else [identity]), NAME.name, *named]))
    kept = [name for name in kept if name in catalog.column_names]
    wanted = dict.fromkeys(("lightcurve", *kept, PERIOD.name, "period_2", "period_3"))
    chosen = catalog.columns(*(name for name in wanted if name in catalog.column_names))
    steps: list[Step] = [CountObservations.of(chosen.schema)]
    if period is None and not PERIOD.is_in(chosen.schema):
        steps.append(Search(fmax=_FMAX))
    step = Metallicities(os.fspath(model), period or PERIOD.name, mode, band)
    steps.append(step if choice is None else replace(step, choice=choice))
    result = chosen.map(*steps)
    ours = (column.name for column in (*FITTED, *SERIES, *ANSWERS, REASON, MODEL_ID))
    return result.columns(*dict.fromkeys([*kept, "n_observations", *ours]))
