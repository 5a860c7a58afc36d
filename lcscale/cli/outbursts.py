"""`lcscale outbursts`: what light curves tell of young stars."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from lcscale.cli.options import (
    AnyCatalogArgument,
    EngineOption,
    LakeOption,
    LightCurvesOption,
    MaxFailedOption,
    NameOption,
    ReplaceOption,
    find_catalog,
    find_selection,
    finish,
    open_lake,
    with_features,
)

if TYPE_CHECKING:
    from lcscale.lake import Catalog


def outbursts(
    catalog: AnyCatalogArgument,
    lake: LakeOption,
    name: NameOption = "outbursts",
    features: Annotated[
        str | None, typer.Option(help="Catalog of its features, for the periods (default: periods are searched).")
    ] = None,
    period: Annotated[str | None, typer.Option(metavar="COLUMN", help="Column with periods of others, for Q.")] = None,
    search: Annotated[bool, typer.Option(help="Search periods where there are none; without, Q stays null.")] = True,
    engine: EngineOption = None,
    max_failed: MaxFailedOption = "0",
    replace: ReplaceOption = False,
    light_curves: LightCurvesOption = None,
) -> None:
    """Find outbursts in every light curve of a catalog: date, amplitude, rise and type; Q, M and amplitude besides."""
    from lcscale.engine import read_max_failed
    from lcscale.products import find_outbursts

    allowed, place = read_max_failed(max_failed), open_lake(lake)
    named = light_curves is None
    source = find_selection(place, catalog) if named else find_catalog(place, catalog, light_curves)
    result = find_outbursts(with_features(place, source, features), period=period, search=search)
    record = result.write(name, lake=place, engine=engine, progress=True, max_failed=allowed, replace=replace)
    if not record.withheld:
        tell_outbursts(place[name], "too few visits")
    finish(record)


def tell_outbursts(catalog: Catalog, lacking: str) -> None:
    """Print how many light curves were long enough, how many outbursts they show, and why rows have no answer."""
    table = catalog.columns("outburst_amplitude", "outburst_type").to_arrow()
    seen = len(table) - table["outburst_amplitude"].null_count
    counts = {row["values"]: row["counts"] for row in table["outburst_type"].drop_null().value_counts().to_pylist()}
    types = ", ".join(f"{kind}: {n:,}" for kind, n in sorted(counts.items()))
    print(f"outbursts in {sum(counts.values()):,} of {seen:,} light curves{f' ({types})' if types else ''}")
    if seen < len(table):
        print(f"  {lacking}: {len(table) - seen:,}")
