"""`lcscale gallery`: the folded light curves of a list on one page."""

from __future__ import annotations

from typing import Annotated

import typer

from lcscale.cli.options import LakeOption, LightCurvesOption, light_curve_fields, open_lake


def gallery(
    name: Annotated[str, typer.Argument(help="Catalog with periods: candidates, or features.", show_default=False)],
    lake: LakeOption,
    where: Annotated[str | None, typer.Option(help='Condition on the rows, as "prob_EA + prob_EB > 0.9".')] = None,
    by: Annotated[
        str | None, typer.Option(help="Column whose largest values come first.", show_default="the probability")
    ] = None,
    top: Annotated[int, typer.Option(help="Most stars of the page.")] = 1_000,
    pages: Annotated[
        bool, typer.Option("--pages/--no-pages", help="Write the page of each star (show) too, and link it.")
    ] = True,
    periodograms: Annotated[
        bool, typer.Option("--periodograms", help="Draw the periodogram on the pages of the stars too (slower).")
    ] = False,
    output: Annotated[str | None, typer.Option(help="HTML file to write.", show_default="NAME.html")] = None,
    light_curves: LightCurvesOption = None,
) -> None:
    """Draw the folded light curves of a list of stars on one page, by class, the most probable first."""
    from lcscale.explore import gallery as write

    fields = light_curve_fields(light_curves)
    target = output or f"{name}.html"
    place = open_lake(lake)
    page = write(
        place,
        target,
        name=name,
        where=where,
        by=by,
        top=top,
        pages=pages,
        periodograms=periodograms,
        light_curves=fields,
    )
    print(page)
