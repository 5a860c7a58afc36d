"""`lcscale export` and `curves`: rows of a lake, or all light curves of a place, in a file that others read."""

from __future__ import annotations

from typing import Annotated

import typer

from lcscale.cli.options import LakeOption, find_catalog, open_lake, read_position


def export(
    name: Annotated[str, typer.Argument(help="Name of a catalog or table of the lake.", show_default=False)],
    output: Annotated[
        str,
        typer.Argument(metavar="OUT", help="File to write: .csv, .parquet, .fits, .vot or .ecsv.", show_default=False),
    ],
    lake: LakeOption,
    columns: Annotated[str | None, typer.Option(help="Columns to write, separated by commas (default: all).")] = None,
    where: Annotated[str | None, typer.Option(help='Condition on the rows, as "prob_RRab > 0.9".')] = None,
    light_curves: Annotated[
        str | None,
        typer.Option(help="long: a row an observation, with the object's name; nested: as they are (.parquet)."),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a file that is there.")] = False,
) -> None:
    """Write a catalog or a table into one file; units, UCDs and nulls stay where the format has them."""
    from lcscale.lake import export as write

    place = open_lake(lake)
    rows = place.table(name) if name in place.table_names() else find_catalog(place, name)
    chosen = [each.strip() for each in columns.split(",")] if columns else []
    print(write(rows, output, columns=chosen, where=where, light_curves=light_curves, overwrite=overwrite))


def curves(
    position: Annotated[str, typer.Argument(metavar="RA,DEC", help="Degrees, as 83.82,-5.39.", show_default=False)],
    output: Annotated[
        str,
        typer.Argument(metavar="OUT", help="File to write: .csv, .parquet, .fits, .vot or .ecsv.", show_default=False),
    ],
    lake: LakeOption,
    radius_arcsec: Annotated[float, typer.Option(help="How far from there objects may be.")] = 2.0,
    names: Annotated[
        str | None,
        typer.Option(help="Catalogs, separated by commas (default: all with light curves of their own)."),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a file that is there.")] = False,
) -> None:
    """Write the light curves of one place from all catalogs of the lake into one file, a row an observation."""
    from lcscale.lake import export as write
    from lcscale.lake import light_curves_at

    chosen = [each.strip() for each in names.split(",")] if names else []
    found = light_curves_at(open_lake(lake), *read_position(position, "the position"), radius_arcsec, chosen)
    print(write(found, output, overwrite=overwrite))
    for each in found["catalog"].value_counts().to_pylist():
        print(f"  {each['values']}: {each['counts']:,} observations")
