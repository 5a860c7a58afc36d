"""`measure_completeness`: inject, recover, count: the completeness of candidates as a catalog of the lake."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from lcscale.engine import EngineSpec, MaxFailed, RunRecord
from lcscale.engine.record import code_versions
from lcscale.errors import InputError
from lcscale.lake import Catalog, Lake, Pixel, write_leaf
from lcscale.lake.draft import Draft
from lcscale.lake.inputs import CODE, INPUTS, MODELS, ROWS, STEPS, Input, input_of, to_text
from lcscale.products.completeness.columns import BAND, INJECTED, N_INJECTED, RIGHT
from lcscale.products.completeness.counting import Bins, completeness_table
from lcscale.products.completeness.planning import InjectionPlan

_ORDER = 1
_VERSION = 1


def injections_name(name: str) -> str:
    """Name of the catalog of injected stars, for a table `name`."""
    return f"{name}_injections"


def measure_completeness(
    plan: InjectionPlan,
    lake: Lake,
    name: str = "completeness",
    *,
    bins: Bins | None = None,
    engine: EngineSpec = None,
    progress: bool | None = None,
    max_failed: MaxFailed = 0,
    replace: bool = False,
) -> RunRecord:
    """Inject the signals of a plan, classify the stars as candidates are, and count what was recovered.

    Two catalogs are written: ``<name>_injections``, a row an injected signal with all columns of candidates, and
    `name`, a row a cell of the sky and range of magnitude, period, amplitude and class (`completeness_table`).
    Interrupted, the same call goes on where it stopped; finished, it is a no-op.

    Parameters
    ----------
    plan
        What is injected: `plan_completeness`.
    lake
        Where to write.
    name
        Lake entry of the table.
    bins
        Ranges in which signals are counted; None takes `Bins` with the plan's cells.
    engine, progress, max_failed, replace
        As in `Catalog.write`.

    Returns
    -------
    RunRecord
        Of the injections.

    Examples
    --------
    >>> plan = plan_completeness(lake["stars"], "general", n=20_000)  # doctest: +SKIP
    >>> print(plan.text)  # doctest: +SKIP
    >>> measure_completeness(plan, lake, engine="local")  # doctest: +SKIP
    """
    bins = bins or Bins(cell_order=plan.cell_order)
    whole = injections_name(name)
    options: dict[str, Any] = {
        "engine": engine,
        "progress": progress,
        "max_failed": max_failed,
        "replace": replace,
    }
    record = plan.injected.write(whole, lake=lake, **options)
    if not record.withheld:
        write_completeness(lake, name, lake[whole], bins)
    return record


def counted_from(lake: Lake, injected: Catalog) -> Input:
    """What a table of completeness tells that it was made from."""
    return input_of(ROWS, injected.name, injected.source.folder, lake.root)


def completeness_draft(lake: Lake, name: str, injected: Catalog, bins: Bins) -> Draft:
    """The version `name` of a table of completeness, published or not."""
    text = f"completeness v{_VERSION} {counted_from(lake, injected)} {bins}"
    return lake.draft(name, text, takes_over=False)


def write_completeness(lake: Lake, name: str, injected: Catalog, bins: Bins) -> Catalog:
    """Count injected signals that were recovered, in other ranges or cells too, and publish the table as `name`.

    Raises
    ------
    InputError
        The catalog is none of injected signals, or none of these lies in the ranges.
    """
    needed = [column.name for column in (*INJECTED, *RIGHT)]
    if not all(column.is_in(injected.schema) for column in (*INJECTED, *RIGHT)):
        raise InputError(f"{injected.name} holds no injected signals; columns {', '.join(needed)} tell of them")
    told = counted_from(lake, injected)
    draft = completeness_draft(lake, name, injected, bins)
    if draft.is_published:
        return lake[name]
    table = completeness_table(injected.columns(*needed, "doubt").to_arrow(), bins)
    if not len(table):
        raise InputError(
            f"none of the {len(injected):,} signals of {injected.name} lies in the ranges that are counted"
        )
    cells = table["_healpix_29"].to_numpy() >> 2 * (29 - _ORDER)
    properties = {INPUTS: to_text([told]), CODE: json.dumps(code_versions())}
    made = dict(injected.source.properties)
    steps = {step["step"]: step.get("settings", {}) for step in json.loads(made.get(STEPS, "[]"))}
    properties |= {MODELS: made.get(MODELS, "{}"), BAND: steps.get("Inject", {}).get("band", "")}
    with draft:
        leaves = [
            write_leaf(draft.folder, Pixel(_ORDER, int(cell)), table.filter(cells == cell)) for cell in np.unique(cells)
        ]
        draft.publish(leaves, table.schema, ra="ra", dec="dec", **properties)
    return lake[name]


def outside_ranges(completeness: Catalog, injected: Catalog) -> int:
    """How many injected signals lie outside of the ranges of magnitude, period and amplitude that the table counts."""
    return len(injected) - int(completeness.columns(N_INJECTED.name).to_arrow()[N_INJECTED.name].to_numpy().sum())
