"""`lcscale alerts`: statistics of alerts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from lcscale import options
from lcscale.cli.options import EngineOption, LakeOption, NameOption, ReplaceOption, find_selection, open_lake

if TYPE_CHECKING:
    from lcscale.lake import Catalog


def alerts(
    catalog: Annotated[str, typer.Argument(help=options.ALERTS.about, show_default=False)],
    lake: LakeOption,
    yso: Annotated[
        list[str],
        typer.Option(
            "--yso",
            metavar="CATALOG [where CONDITION]",
            help="Catalog of young stellar objects, or those of its rows that are; may be given again.",
        ),
    ],
    name: NameOption = "alert_statistics",
    by: Annotated[str, typer.Option(help=options.BY.about)] = options.BY.default,
    time: Annotated[str, typer.Option(help=options.TIME.about)] = options.TIME.default,
    radius_arcsec: Annotated[
        float, typer.Option(help=options.ALERT_RADIUS_ARCSEC.about)
    ] = options.ALERT_RADIUS_ARCSEC.default,
    at_least: Annotated[
        float, typer.Option(help="Probability of a young star that sources of a classified catalog must reach.")
    ] = 0.9,
    engine: EngineOption = None,
    replace: ReplaceOption = False,
) -> None:
    """Count alerts and those that are young stellar objects, with Wilson intervals."""
    from lcscale.products import Near, alert_statistics, check_statistics
    from lcscale.products.yso.columns import young_column

    place = open_lake(lake)
    listed = _by_name([find_selection(place, each) for each in yso])
    known = {each: Near(found, young_column(found.schema), at_least) for each, found in listed.items()}
    table = alert_statistics(place[catalog], known, by=by, radius_arcsec=radius_arcsec, time=time, engine=engine)
    if not replace:
        check_statistics(place, name, table)
    version = place.write_table(name, table, replace=replace)
    period = "class" if by == "class" else "period"
    _print_table(table.select(["definition", period, "n_alerts", "n_yso", "percentage", "low", "high"]))
    print(f"{name}: {table.num_rows} rows, {place.root}/tables/{name}/{version}")


def _by_name(catalogs: list[Catalog]) -> dict[str, Catalog]:
    """Catalogs by their names; those that are there again get a number."""
    found: dict[str, Catalog] = {}
    for catalog in catalogs:
        again = sum(each.name == catalog.name for each in found.values())
        found[f"{catalog.name}_{again + 1}" if again else catalog.name] = catalog
    return found


def _print_table(table: Any) -> None:
    rows = [table.column_names, *([_cell(value) for value in row.values()] for row in table.to_pylist())]
    widths = [max(len(row[i]) for row in rows) for i in range(table.num_columns)]
    for row in rows:
        print("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)))


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.2f}" if isinstance(value, float) else str(value)
