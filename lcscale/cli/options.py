"""What commands share: their common options, how they find catalogs, and how a run ends."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from lcscale import options
from lcscale.errors import InputError

if TYPE_CHECKING:
    from lcscale.engine import RunRecord
    from lcscale.lake import Catalog, Lake
    from lcscale.lightcurves import LightCurveFields
    from lcscale.periods import PeriodFrom

LakeOption = Annotated[str, typer.Option("--lake", help=options.LAKE.about, show_default=False)]
PeriodFromOption = Annotated[
    str | None,
    typer.Option(
        help="Column with periods of others, or CATALOG.COLUMN of the same objects: used instead of a search.",
        metavar="COLUMN",
    ),
]
AlignFieldsOption = Annotated[
    bool,
    typer.Option("--align-fields", help="Take out the offsets between the fields of a band that pairs of points tell."),
]
PeriodBesideOption = Annotated[
    bool, typer.Option("--period-beside", help="Search all the same, and keep the period of --period-from beside.")
]
EngineOption = Annotated[
    str | None,
    typer.Option("--engine", help=options.ENGINE.about, show_default="serial"),
]
MaxFailedOption = Annotated[
    str,
    typer.Option(
        "--max-failed",
        metavar="N|SHARE",
        help=options.MAX_FAILED.about,
    ),
]
ContextOption = Annotated[
    str | None,
    typer.Option(
        "--context",
        metavar="PAIRS",
        help="Catalog of the same objects with Gaia's G, BP - RP and parallax, such as a crossmatch; may miss some.",
    ),
]
DeviceOption = Annotated[
    str | None,
    typer.Option("--device", help=options.DEVICE.about),
]
ReplaceOption = Annotated[
    bool,
    typer.Option("--replace", help=options.REPLACE.about),
]
PrevalenceOption = Annotated[
    str | None, typer.Option("--prevalence", metavar="CLASS=SHARE,…", help=options.PREVALENCE.about, show_default=False)
]
SharesOption = Annotated[
    str | None, typer.Option("--prevalence", metavar="CLASS=SHARE,…", help=options.SHARES.about, show_default=False)
]
NameOption = Annotated[str, typer.Option("--name", help=options.NAME.about, show_default=False)]
CatalogArgument = Annotated[str, typer.Argument(help="Name of a catalog of the lake.", show_default=False)]
AnyCatalogArgument = Annotated[str, typer.Argument(help=options.CATALOG.about, show_default=False)]
LightCurvesOption = Annotated[
    str | None,
    typer.Option(
        "--light-curves",
        metavar="PART=NAME,…",
        help="Names in a catalog of others: time=…, mag=…, mag_err=… (flux=…, flux_err=…), band=…, column=…, flags=….",
    ),
]


def aligned(catalog: Catalog, asked: bool) -> Catalog:
    """The catalog, of which fields of a band are aligned where that was asked for."""
    from lcscale.lightcurves.field_offsets import AlignFields

    return catalog.map(AlignFields()) if asked else catalog


def open_lake(url: str) -> Lake:
    """The lake at `url`, which must be there."""
    from lcscale.lake import Lake

    lake = Lake(url)
    if not lake.root.is_dir():
        raise InputError(f"no lake at {url}: it is no folder")
    return lake


def find_catalog(lake: Lake, name: str, light_curves: str | None = None) -> Catalog:
    """A catalog of the lake by its name, or any HATS catalog by its URL; see `LightCurvesOption`."""
    from lcscale.lake import open_catalog

    fields = light_curve_fields(light_curves)
    if "/" in name:
        return open_catalog(name, light_curves=fields)
    found = lake[name]
    if fields is None:
        return found
    return open_catalog(found.source.url, light_curves=fields, **dict(found.source.options))


def find_selection(lake: Lake, text: str) -> Catalog:
    """A catalog by its name or URL, or those of its rows for which ``NAME where CONDITION`` holds."""
    name, separator, condition = text.partition(" where ")
    catalog = find_catalog(lake, name.strip())
    return catalog.where(condition) if separator else catalog


def light_curve_fields(text: str | None) -> LightCurveFields | None:
    """What the option `--light-curves` says, or None."""
    from lcscale.lightcurves import LightCurveFields

    return None if text is None else LightCurveFields.parse(text)


def finish(record: RunRecord) -> None:
    """Say what a run did, what was set aside and why nothing was published; exit with 3 if anything was set aside."""
    print(record.summary())
    for note in record.notes:
        print(f"  note: {note}")
    for entry in record.quarantined:
        error = entry["error"].removeprefix(f"{entry['label']}: ").removeprefix(entry["label"]).strip()
        print(f"  set aside: {entry['label']}: {error}", file=sys.stderr)
    if record.withheld:
        print(f"lcscale: {record.name}: {record.withheld}", file=sys.stderr)
    elif record.missing:
        print(f"  published without what {len(record.missing)} failed tasks would have made", file=sys.stderr)
    if record.exit_status:
        raise typer.Exit(record.exit_status)


def with_given_periods(
    lake: Lake, catalog: Catalog, given: str | None, beside: bool
) -> tuple[Catalog, PeriodFrom | None]:
    """The catalog with the column of `--period-from`, joined from another catalog where it names one, and its use."""
    from lcscale.periods import PeriodFrom

    if given is None:
        if beside:
            raise InputError("--period-beside needs --period-from, the column with the periods")
        return catalog, None
    column = given
    if given not in catalog.column_names and "." in given:
        name, column = given.rsplit(".", 1)
        identity = catalog.id_column
        catalog = catalog.join(lake[name].columns(identity, column), identity)
    if column not in catalog.column_names:
        raise InputError(
            f"--period-from: {catalog.name} has no column {column}; it has {', '.join(catalog.column_names)}"
        )
    return catalog, PeriodFrom(column, "beside" if beside else "instead")


def with_features(lake: Lake, catalog: Catalog, features: str | None) -> Catalog:
    """The catalog with what `--features` knows of its objects, or as it is."""
    return catalog if features is None else catalog.join(lake[features], on=catalog.id_column_or_none or "object_id")


def with_context(lake: Lake, catalog: Catalog, pairs: str) -> Catalog:
    """The catalog with what `--context` knows of its objects; those that the other catalog lacks stay."""
    from lcscale.products.context import Context

    other = lake[pairs]
    named = [name for name in Context().optional_columns if name in other.column_names and name != "period"]
    if not named:
        raise InputError(
            f"--context: {pairs} has no magnitude, colour or parallax of Gaia; see lcscale.products.context"
        )
    new = [name for name in named if name not in catalog.column_names]
    identity = catalog.id_column
    return catalog.join(other.columns(identity, *new), identity, how="left") if new else catalog


def read_shares(text: str | None) -> dict[str, float] | None:
    """Shares by class of the option `--prevalence`, such as ``RRab=0.1,EW=0.5``; None where it is not given."""
    if text is None:
        return None
    try:
        pairs = [(name.strip(), float(share)) for name, share in (part.split("=") for part in text.split(","))]
    except ValueError:
        raise InputError(f"--prevalence {text!r} is not CLASS=SHARE,CLASS=SHARE,…") from None
    if len(shares := dict(pairs)) < len(pairs):
        raise InputError(f"--prevalence {text!r} names a class twice")
    return shares


def read_position(text: str, what: str) -> tuple[float, float]:
    """Right ascension and declination of text such as ``83.82,-5.39``; `what` is what an error calls it."""
    try:
        ra, dec = (float(part) for part in text.split(","))
    except ValueError as error:
        raise InputError(f"{what} is RA,DEC in degrees, such as 83.82,-5.39; not {text!r}") from error
    return ra, dec
