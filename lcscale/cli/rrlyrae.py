"""`lcscale metallicity` and `distances`: [Fe/H] of RR Lyrae stars, and how far they are."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from lcscale import options
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
)
from lcscale.errors import InputError

if TYPE_CHECKING:
    from lcscale.lake import Catalog


def metallicity(
    catalog: AnyCatalogArgument,
    lake: LakeOption,
    name: NameOption = "rrlyrae_metallicities",
    model: Annotated[str, typer.Option("--model", help="Name of a shipped model, or folder of one.")] = "gaia_g",
    period: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Column with given periods (default: found by a search).")
    ] = None,
    mode: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Column with RRab or RRc (default: the light curve tells).")
    ] = None,
    band: Annotated[str | None, typer.Option(help="Name of the band that is Gaia's G.")] = None,
    relation_rrab: Annotated[str, typer.Option(help="Relation of RRab stars.")] = "muraveva2025_rrab",
    relation_rrc: Annotated[str, typer.Option(help="Relation of RRc stars.")] = "muraveva2025_rrc",
    prefer: Annotated[
        Literal["regression", "trees", "network", "relation"],
        typer.Option(help="Which answer feh is where a star has it."),
    ] = "regression",
    scale: Annotated[
        Literal["spectroscopic", "labels"], typer.Option(help="Scale of feh where it is the regression's.")
    ] = "spectroscopic",
    keep: Annotated[list[str] | None, typer.Option(help="Further column to carry along (repeatable).")] = None,
    engine: EngineOption = None,
    max_failed: MaxFailedOption = "0",
    replace: ReplaceOption = False,
    light_curves: LightCurvesOption = None,
) -> None:
    """Measure [Fe/H] of RR Lyrae stars from their light curves in Gaia's G."""
    from lcscale.engine import read_max_failed
    from lcscale.products.rrlyrae import Choice, rrlyrae_metallicities

    allowed, place = read_max_failed(max_failed), open_lake(lake)
    choice = Choice((relation_rrab, relation_rrc), prefer, scale)
    named = light_curves is None
    source = find_selection(place, catalog) if named else find_catalog(place, catalog, light_curves)
    result = rrlyrae_metallicities(
        source, model, period=period, mode=mode, band=band, choice=choice, keep=tuple(keep or ())
    )
    record = result.write(name, lake=place, engine=engine, progress=True, max_failed=allowed, replace=replace)
    if not record.withheld:
        _tell(place[name])
    finish(record)


def distances(
    catalog: Annotated[str, typer.Argument(help="Catalog with [Fe/H], of lcscale metallicity.")] = (
        "rrlyrae_metallicities"
    ),
    lake: Annotated[str, typer.Option("--lake", help=options.LAKE.about)] = ".",
    name: NameOption = "rrlyrae_distances",
    relation_rrab: Annotated[str, typer.Option(help="Relation of the absolute magnitude, RRab.")] = "muraveva2018_g",
    relation_rrc: Annotated[str, typer.Option(help="The same, RRc.")] = "muraveva2018_g",
    magnitude: Annotated[str, typer.Option(metavar="COLUMN", help="Mean magnitude in the relation's band.")] = "mean",
    reddening: Annotated[str | None, typer.Option(metavar="COLUMN", help="E(B-V) of each star.")] = None,
    reddening_map: Annotated[
        str | None, typer.Option(metavar="FILE", help="HEALPix map (FITS) of E(B-V), in place of a column.")
    ] = None,
    colour: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Mean BP - RP: E(B-V) from intrinsic colours, in their place.")
    ] = None,
    relation: Annotated[str | None, typer.Option(help="One relation for all rows, such as one of Cepheids.")] = None,
    period: Annotated[str, typer.Option(metavar="COLUMN", help="Periods, for --relation.")] = "pulsation_period",
    engine: EngineOption = None,
    max_failed: MaxFailedOption = "0",
    replace: ReplaceOption = False,
) -> None:
    """Add absolute magnitudes, distance moduli and distances to RR Lyrae stars with [Fe/H], or to Cepheids."""
    from lcscale.engine import read_max_failed
    from lcscale.products.rrlyrae import Distances
    from lcscale.surveys.planck import SampleMap

    allowed, place = read_max_failed(max_failed), open_lake(lake)
    source = find_catalog(place, catalog)
    if reddening_map is not None:
        if reddening is not None:
            raise InputError("give --reddening or --reddening-map, not both")
        reddening = "ebv"
        source = source.map(SampleMap(reddening_map, reddening, interpolate=True))
    names = (relation_rrab, relation_rrc) if relation is None else (relation,)
    result = source.map(Distances(names, magnitude, reddening, colour, period))
    finish(result.write(name, lake=place, engine=engine, progress=True, max_failed=allowed, replace=replace))


def _tell(catalog: Catalog) -> None:
    """How many stars of which mode have [Fe/H] from what, and which reasons there are."""
    table = catalog.columns("mode", "feh", "feh_from", "reason").to_arrow()
    known = table.filter(table["feh"].is_valid())
    print(f"[Fe/H] of {len(known):,} of {len(table):,} stars")
    groups = known.group_by(["mode", "feh_from"]).aggregate([("feh", "count"), ("feh", "approximate_median")])
    for row in sorted(groups.to_pylist(), key=lambda row: (row["mode"], row["feh_from"])):
        print(f"  {row['mode']} by {row['feh_from']}: {row['feh_count']:,}, median {row['feh_approximate_median']:.2f}")
    parts = (part for text in table["reason"].to_pylist() if text for part in text.split("; "))
    for what, n in Counter(re.sub(r"\d[\d.]*", "…", part) for part in parts).most_common():
        print(f"  {what}: {n:,}")
