"""`lcscale completeness`: what share of periodic stars a search and a model find in a catalog."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from lcscale import options
from lcscale.cli.options import (
    AnyCatalogArgument,
    DeviceOption,
    EngineOption,
    LakeOption,
    LightCurvesOption,
    MaxFailedOption,
    ReplaceOption,
    SharesOption,
    find_catalog,
    finish,
    open_lake,
    read_shares,
    with_features,
)


def completeness(
    catalog: AnyCatalogArgument,
    lake: LakeOption,
    model: Annotated[str, typer.Option("--model", help=options.MODEL.about)] = options.MODEL.default,
    name: Annotated[str, typer.Option("--name", help="Name of the table in the lake.")] = "completeness",
    features: Annotated[
        str | None,
        typer.Option(help="Catalog of its features, which say which stars are constant (default: a search does)."),
    ] = None,
    signals: Annotated[
        str | None, typer.Option(metavar="FILE", help="TOML file with classes, periods and amplitudes to inject.")
    ] = None,
    class_: Annotated[
        list[str] | None, typer.Option("--class", help="Class to inject (repeatable; default: all that are declared).")
    ] = None,
    number: Annotated[int, typer.Option("--signals-wanted", help="Signals to inject, about.")] = 10_000,
    band: Annotated[
        str | None, typer.Option(help="Band of magnitudes and amplitudes (default: the one observed most).")
    ] = None,
    cell_order: Annotated[
        int | None, typer.Option(help="HEALPix order of the cells (default: some hundred signals in each).")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of what is injected.")] = 0,
    only_cost: Annotated[bool, typer.Option("--cost", help="Say what it costs, and stop.")] = False,
    candidates: Annotated[
        str | None, typer.Option(help="Candidates to join: written as NAME_completeness, with that of each.")
    ] = None,
    report: Annotated[str | None, typer.Option(help="HTML file to write, with maps.")] = None,
    engine: EngineOption = None,
    max_failed: MaxFailedOption = "0",
    replace: ReplaceOption = False,
    light_curves: LightCurvesOption = None,
    prevalence: SharesOption = None,
    device: DeviceOption = None,
) -> None:
    """Inject periodic signals into constant stars, classify them, and write what share is recovered."""
    from lcscale.engine import read_max_failed
    from lcscale.explore.completeness import write_completeness_page
    from lcscale.products.completeness import Bins, measure_completeness, plan_completeness, with_completeness
    from lcscale.products.completeness.joining import light_curves_of
    from lcscale.products.completeness.measuring import injections_name, outside_ranges
    from lcscale.simulation.injection import read_signals

    allowed, place = read_max_failed(max_failed), open_lake(lake)
    bins = None if cell_order is None else Bins(cell_order=cell_order)
    stars = find_catalog(place, catalog, light_curves)
    found = None if candidates is None else find_catalog(place, candidates)
    curves = None if found is None else light_curves_of(found)  # what is missing is said before hours of work
    stars = with_features(place, stars, features)
    declared = None if signals is None and not class_ else read_signals(signals, class_ or None)
    chosen: dict[str, Any] = {"signals": declared, "n": number, "band": band, "seed": seed}
    plan = plan_completeness(stars, model, **chosen, prevalence=read_shares(prevalence), device=device)
    print(f"{catalog}: {plan.text}", flush=True)
    if only_cost:
        return
    how: dict[str, Any] = {"engine": engine, "progress": True, "max_failed": allowed, "replace": replace}
    record = measure_completeness(plan, place, name, bins=bins, **how)
    if not record.withheld:
        lost = outside_ranges(place[name], place[injections_name(name)])
        outside = f"; {lost:,} signals lie outside of its ranges of magnitude, period and amplitude" if lost else ""
        print(f"{name}: {len(place[name]):,} rows{outside}")
        if report is not None:
            print(write_completeness_page(place[name], report))
        if found is not None:
            joined = with_completeness(found, place[name], curves)
            print(joined.write(f"{candidates}_{name}", lake=place, **how).summary())
    finish(record)
