"""`lcscale alerts`: statistics of alerts."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from lcscale.cli.options import EngineOption, LakeOption, NameOption, find_catalog, open_lake


def alerts(
    catalog: Annotated[str, typer.Argument(help="Catalog of alerts.", show_default=False)],
    lake: LakeOption,
    yso: Annotated[list[str], typer.Option("--yso", help="Catalog of young stellar objects; may be given again.")],
    name: NameOption = "alert_statistics",
    by: Annotated[str, typer.Option(help="year, month, night or class.")] = "year",
    time: Annotated[str, typer.Option(help="Column with the time that puts an alert in its period.")] = "Date",
    radius_arcsec: Annotated[float, typer.Option(help="Largest separation, arcseconds.")] = 2.0,
    at_least: Annotated[
        float, typer.Option(help="Probability that sources of a catalog with a column prob_YSO must reach.")
    ] = 0.9,
    engine: EngineOption = None,
) -> None:
    """Count alerts and those that are young stellar objects, with Wilson intervals."""
    from lcscale.products import Near, alert_statistics

    place = open_lake(lake)
    listed = {each: find_catalog(place, each) for each in yso}
    known = {
        each: Near(found, "prob_YSO", at_least) if "prob_YSO" in found.column_names else found
        for each, found in listed.items()
    }
    table = alert_statistics(place[catalog], known, by=by, radius_arcsec=radius_arcsec, time=time, engine=engine)
    version = place.write_table(name, table)
    period = "class" if by == "class" else "period"
    _print_table(table.select(["definition", period, "n_alerts", "n_yso", "percentage", "low", "high"]))
    print(f"{name}: {table.num_rows} rows, {place.root}/tables/{name}/{version}")


def _print_table(table: Any) -> None:
    rows = [table.column_names, *([_cell(value) for value in row.values()] for row in table.to_pylist())]
    widths = [max(len(row[i]) for row in rows) for i in range(table.num_columns)]
    for row in rows:
        print("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)))


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.2f}" if isinstance(value, float) else str(value)
