"""The command line: one command for each step of the pipeline."""

from __future__ import annotations

import datetime
import os
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lcscale.errors import InputError, LcscaleError

if TYPE_CHECKING:
    from lcscale.engine import RunRecord
    from lcscale.lake import Catalog, Lake

app = typer.Typer(
    help="Survey-scale light-curve catalogs: from release files to candidate tables.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

jobs_app = typer.Typer(help="Show running and past jobs of a lake, and retry what was set aside.")
app.add_typer(jobs_app, name="jobs")

LakeOption = Annotated[str, typer.Option("--lake", help="Folder or URL of the lake.", show_default=False)]
EngineOption = Annotated[
    str | None,
    typer.Option(
        "--engine", help="serial, local, local:N, cuda, spark, or a Dask scheduler's address.", show_default="serial"
    ),
]
NameOption = Annotated[str, typer.Option("--name", help="Name of the result in the lake.", show_default=False)]
CatalogArgument = Annotated[str, typer.Argument(help="Name of a catalog of the lake.", show_default=False)]

MotionOption = Annotated[
    str | None, typer.Option(help="Columns of its proper motion, pmra,pmdec or pmra,pmdec,parallax,radial_velocity.")
]
ErrorOption = Annotated[
    str | None, typer.Option(help="Column of its positional error (arcsec), or major,minor,angle of its ellipse.")
]


@app.command()
def ingest(
    survey: Annotated[str, typer.Argument(help="Survey, `table` or `lightcurves`; see `lcscale surveys`.")],
    files: Annotated[list[str], typer.Argument(help="Release files, folders or patterns.")],
    lake: LakeOption,
    name: NameOption,
    engine: EngineOption = None,
    option: Annotated[
        list[str] | None, typer.Option("--option", help="Further option of the survey's adapter, as KEY=VALUE.")
    ] = None,
    id: Annotated[str | None, typer.Option(help="Column that names the object (table, lightcurves).")] = None,
    ra: Annotated[str | None, typer.Option(help="Column of right ascension (table, lightcurves).")] = None,
    dec: Annotated[str | None, typer.Option(help="Column of declination (table, lightcurves).")] = None,
    objects: Annotated[str | None, typer.Option(help="File with the objects' positions (lightcurves).")] = None,
    time: Annotated[str | None, typer.Option(help="Column of time, days (lightcurves).")] = None,
    mag: Annotated[str | None, typer.Option(help="Column of magnitude (lightcurves).")] = None,
    mag_err: Annotated[str | None, typer.Option(help="Column of magnitude error (lightcurves).")] = None,
    band: Annotated[str | None, typer.Option(help="Column of band (lightcurves).")] = None,
    partition_rows: Annotated[int | None, typer.Option(help="Most rows of a partition.")] = None,
    append: Annotated[bool, typer.Option("--append", help="Add to the catalog of that name.")] = False,
) -> None:
    """Read release files of a survey into a catalog of the lake."""
    from lcscale.ingest import Partitioning
    from lcscale.ingest import ingest as run_ingest

    given = {"id": id, "ra": ra, "dec": dec, "objects": objects, "time": time, "mag": mag}
    options: dict[str, Any] = given | {"mag_err": mag_err, "band": band}
    for text in option or []:
        key, separator, value = text.partition("=")
        if not separator:
            raise InputError(f"--option {text!r} is not KEY=VALUE")
        options[key] = value
    record = run_ingest(
        survey,
        files,
        lake,
        name,
        engine=engine,
        progress=True,
        append=append,
        partitioning=Partitioning(rows=partition_rows) if partition_rows is not None else None,
        **{key: value for key, value in options.items() if value is not None},
    )
    errors = [entry["error"] for entry in record.quarantined]
    if not record.rows and errors and all(" has no column " in error for error in errors):
        raise InputError(errors[0])
    _finish(record)


@app.command()
def surveys() -> None:
    """List the surveys that can be ingested, with their options."""
    from dataclasses import fields

    from lcscale.surveys import ADAPTERS

    for name, adapter in sorted(ADAPTERS.items()):
        options = ", ".join(field.name for field in fields(adapter)) or "-"
        print(f"{name:14s} {(adapter.__doc__ or '').strip().splitlines()[0]}\n{'':14s} options: {options}")


@app.command()
def crossmatch(
    left: CatalogArgument,
    right: Annotated[str, typer.Argument(help="Name of the other catalog, or URL of any HATS catalog.")],
    lake: LakeOption,
    name: NameOption,
    engine: EngineOption = None,
    radius_arcsec: Annotated[float, typer.Option(help="Largest separation, arcseconds.")] = 1.0,
    n_neighbors: Annotated[int, typer.Option(help="Most neighbours of a row; 0 for all within the radius.")] = 1,
    how: Annotated[str, typer.Option(help="inner, left, or anti (rows without a counterpart).")] = "inner",
    mutual: Annotated[bool, typer.Option("--mutual", help="One-to-one: each the other's nearest.")] = False,
    left_motion: MotionOption = None,
    right_motion: MotionOption = None,
    left_epoch: Annotated[float | None, typer.Option(help="Julian year of LEFT, if it does not tell it.")] = None,
    right_epoch: Annotated[float | None, typer.Option(help="Julian year of RIGHT, if it does not tell it.")] = None,
    epoch: Annotated[float | None, typer.Option(help="Julian year at which moving positions are compared.")] = None,
    n_sigma: Annotated[float | None, typer.Option(help="Largest separation in combined positional errors.")] = None,
    left_error: ErrorOption = None,
    right_error: ErrorOption = None,
    max_mag_difference: Annotated[
        float | None, typer.Option(help="Largest difference of --left-mag and --right-mag.")
    ] = None,
    left_mag: Annotated[str | None, typer.Option(help="Column of LEFT, or arithmetic over its columns.")] = None,
    right_mag: Annotated[str | None, typer.Option(help="Column of RIGHT, or arithmetic over its columns.")] = None,
    where: Annotated[str | None, typer.Option(help="Condition on the joined row, such as 'bp_rp > 1'.")] = None,
    chance_probability: Annotated[
        bool, typer.Option("--chance-probability", help="Append the probability of a chance match.")
    ] = False,
    association: Annotated[bool, typer.Option("--association", help="Write ids and separation only.")] = False,
    left_id: Annotated[str | None, typer.Option(help="Column of LEFT's ids, for --association.")] = None,
    right_id: Annotated[str | None, typer.Option(help="Column of RIGHT's ids, for --association.")] = None,
) -> None:
    """Join two catalogs by position, exactly, and write the pairs."""
    from lcscale.crossmatch.wording import error_named, motion_named

    place = _lake(lake)
    left_catalog = place[left]
    if "lightcurve" in left_catalog.column_names:
        left_catalog = left_catalog.without("lightcurve")
    right_catalog = _catalog(place, right)
    if "lightcurve" in right_catalog.column_names:
        right_catalog = right_catalog.without("lightcurve")
    pairs = left_catalog.crossmatch(
        right_catalog,
        radius_arcsec=radius_arcsec,
        n_neighbors=n_neighbors or None,
        how=how,
        mutual=mutual,
        left_motion=motion_named(left_motion, left_epoch),
        right_motion=motion_named(right_motion, right_epoch),
        epoch=epoch,
        n_sigma=n_sigma,
        left_error=error_named(left_error),
        right_error=error_named(right_error),
        max_mag_difference=max_mag_difference,
        left_mag=left_mag,
        right_mag=right_mag,
        where=where,
        chance_probability=chance_probability,
        association=association,
        left_id=left_id,
        right_id=right_id,
    )
    _finish(pairs.write(name, lake=place, engine=engine, progress=True))


@app.command()
def features(
    catalog: Annotated[str | None, typer.Argument(help="Name of a catalog with light curves.")] = None,
    lake: Annotated[str | None, typer.Option("--lake", help="Folder or URL of the lake.")] = None,
    name: Annotated[str | None, typer.Option("--name", help="Name of the result in the lake.")] = None,
    engine: EngineOption = None,
    fmax: Annotated[float | None, typer.Option(help="Highest trial frequency, cycles per day.")] = None,
    baseline: Annotated[float, typer.Option(help="Baseline that --fmax's grid is made for, days.")] = 3000.0,
    only: Annotated[str | None, typer.Option(help="Names of features, separated by commas (default: all).")] = None,
    list_: Annotated[bool, typer.Option("--list", help="List the features and their definitions.")] = False,
) -> None:
    """Compute periods and features of every light curve of a catalog."""
    from lcscale.features import FEATURES, Extract
    from lcscale.periods import FrequencyGrid, Search

    if list_:
        for feature in FEATURES.values():
            print(f"{feature.name}  [{feature.unit or '1'}]  {feature.formula}\n    {feature.source}", end="")
            print(f"  Same as {feature.agrees}." if feature.agrees else "")
        return
    if catalog is None or lake is None or name is None:
        raise InputError("features needs a CATALOG, --lake and --name (or --list)")
    grid = FrequencyGrid.for_baseline(baseline, fmax) if fmax is not None else None
    names = tuple(part.strip() for part in only.split(",")) if only else None
    place = _lake(lake)
    result = place[catalog].map(Search(grid), Extract(names)).without("lightcurve")
    _finish(result.write(name, lake=place, engine=engine, progress=True))


@app.command()
def train(
    catalog: CatalogArgument,
    lake: LakeOption,
    model: Annotated[str, typer.Option("--model", help="Folder to write the model to.", show_default=False)],
    features: Annotated[
        str | None, typer.Option(help="Catalog of its features, for the periods (default: periods are searched).")
    ] = None,
    label: Annotated[str, typer.Option(help="Column with the class of each star.")] = "label",
    survey: Annotated[str | None, typer.Option(help="Survey whose class names the labels are.")] = None,
    trained_on: Annotated[str, typer.Option(help="real, simulated or mixed.")] = "real",
    epochs: Annotated[int, typer.Option(help="Most passes over the training set.")] = 40,
    seed: Annotated[int, typer.Option(help="Seed of all random numbers.")] = 0,
) -> None:
    """Train a network on a catalog with labels; its card holds the figures on sky it has not seen."""
    from lcscale.models import Split, TrainingOptions
    from lcscale.models import train as run_train

    source = _with_periods(_lake(lake), catalog, features)
    trained = run_train(
        source,
        model,
        trained_on=trained_on,
        survey=survey,
        label=label,
        split=Split(seed=seed),
        options=TrainingOptions(epochs=epochs, seed=seed),
        progress=True,
    )
    figures = trained.card.metrics["test"]
    print(f"{model}: model {trained.card.id}, classes {', '.join(trained.classes)}")
    print(f"  on sky it has not seen: accuracy {figures['accuracy']:.3f}, macro-F1 {figures['macro_f1']:.3f}")


@app.command()
def classify(
    catalog: CatalogArgument,
    lake: LakeOption,
    name: NameOption = "variable_candidates",
    model: Annotated[str, typer.Option("--model", help="Name of a shipped model, or folder of one.")] = "general",
    features: Annotated[
        str | None, typer.Option(help="Catalog of its features, for the periods (default: periods are searched).")
    ] = None,
    engine: EngineOption = None,
) -> None:
    """Classify every light curve of a catalog and write the table of variable-star candidates."""
    from lcscale.products import variable_candidates

    place = _lake(lake)
    source = place[catalog] if features is None else _with_periods(place, catalog, features)
    _finish(variable_candidates(source, model).write(name, lake=place, engine=engine, progress=True))


@app.command()
def alerts(
    catalog: Annotated[str, typer.Argument(help="Catalog of alerts.", show_default=False)],
    lake: LakeOption,
    yso: Annotated[list[str], typer.Option("--yso", help="Catalog of young stellar objects; may be given again.")],
    name: NameOption = "alert_statistics",
    by: Annotated[str, typer.Option(help="year, month, night or class.")] = "year",
    time: Annotated[str, typer.Option(help="Column with the time that puts an alert in its period.")] = "Date",
    radius_arcsec: Annotated[float, typer.Option(help="Largest separation, arcseconds.")] = 2.0,
    engine: EngineOption = None,
) -> None:
    """Count alerts and those that are young stellar objects, with Wilson intervals."""
    from lcscale.products import alert_statistics

    place = _lake(lake)
    known = {each: _catalog(place, each) for each in yso}
    table = alert_statistics(place[catalog], known, by=by, radius_arcsec=radius_arcsec, time=time, engine=engine)
    version = place.write_table(name, table)
    period = "class" if by == "class" else "period"
    _print_table(table.select(["definition", period, "n_alerts", "n_yso", "percentage", "low", "high"]))
    print(f"{name}: {table.num_rows} rows, {place.root}/tables/{name}/{version}")


@app.command(name="ls")
def list_names(lake: LakeOption) -> None:
    """List the catalogs and tables of a lake."""
    place = _lake(lake)
    for name in place.names():
        source = place[name].source
        print(f"{name:28s} {source.rows:>12,} rows {len(source.leaves):>6} partitions  {source.version}")
    for name in place.table_names():
        print(f"{name:28s} {place.table(name).num_rows:>12,} rows  (table)")


@app.command()
def info(name: Annotated[str, typer.Argument(help="Name of a catalog or a table.")], lake: LakeOption) -> None:
    """Describe a catalog or table: versions, columns, partitions, properties."""
    place = _lake(lake)
    if name in place.table_names():
        print(place.table(name).schema.to_string(show_field_metadata=False))
        return
    source = place[name].source
    print(f"{name}: {source.rows:,} rows in {len(source.leaves)} partitions, coordinates {source.ra}, {source.dec}")
    print(f"versions: {', '.join(place.versions(name))}; current: {source.version}")
    for field in source.schema:
        remarks = ", ".join(f"{key.decode()}={value.decode()}" for key, value in (field.metadata or {}).items())
        print(f"  {field.name:28s} {str(field.type)[:60]:60s} {remarks}".rstrip())
    for key, value in source.properties:
        print(f"  {key} = {value}")


@jobs_app.callback(invoke_without_command=True)
def list_jobs(
    context: typer.Context,
    lake: Annotated[str | None, typer.Option("--lake", help="Folder or URL of the lake.")] = None,
) -> None:
    """Show running and past jobs of a lake, from their ledgers."""
    if context.invoked_subcommand is not None:
        return
    if lake is None:
        raise InputError("jobs needs --lake")
    for job in _lake(lake).jobs():
        when = datetime.datetime.fromtimestamp(job.started).strftime("%Y-%m-%d %H:%M")
        print(
            f"{when}  {job.name:24s} {job.version:20s} {job.state:10s} "
            f"{job.done}/{job.planned} tasks, {job.rows:,} rows, {len(job.quarantined)} set aside  ({job.engine})"
        )
        for entry in job.quarantined:
            print(f"{'':18s}set aside: {entry['label']}: {entry['error']}")


@jobs_app.command()
def retry(name: CatalogArgument, lake: LakeOption) -> None:
    """Run the last job of a catalog again: only what was set aside or never ran is done."""
    last = [job for job in _lake(lake).jobs() if job.name == name]
    if not last:
        raise InputError(f"no job wrote {name!r} in the lake at {lake}")
    if last[-1].command is None:
        raise InputError(f"{name!r} was written by a script of yours, not by a command: run that script again")
    os.chdir(last[-1].folder)
    app(list(last[-1].command))


@app.command()
def prune(
    name: CatalogArgument,
    lake: LakeOption,
    keep: Annotated[int, typer.Option(help="How many versions before the current one to keep.")] = 1,
) -> None:
    """Remove old versions of a catalog."""
    place = _lake(lake)
    if name not in place:
        raise InputError(f"no catalog {name!r} in the lake at {place.root}; there are: {', '.join(place.names())}")
    for version in place.prune(name, keep):
        print(f"{name}: removed {version}")


@app.command()
def report(
    lake: LakeOption,
    output: Annotated[str, typer.Option("--output", help="HTML file to write.")] = "report.html",
    model: Annotated[list[str] | None, typer.Option("--model", help="Folder of a model to tell of, too.")] = None,
) -> None:
    """Write one self-contained HTML page: what ran, class counts, light curves, confusion, alert statistics."""
    from lcscale.explore import write_report

    print(write_report(_lake(lake), output, models=model or ()))


@app.command()
def demo(
    lake: LakeOption = "demo-lake",
    report: Annotated[str, typer.Option("--report", help="HTML file to write.")] = "demo-report.html",
    engine: EngineOption = None,
) -> None:
    """Run the whole pipeline on an embedded simulated survey."""
    from lcscale.demo import run_demo
    from lcscale.lake import Lake

    print(f"report: {run_demo(Lake(lake), report, engine=engine, progress=True).absolute()}")


def main() -> None:
    """Entry point: errors of ours are one line and their exit status, without a traceback."""
    try:
        app()
    except LcscaleError as error:
        print(f"lcscale: {error}", file=sys.stderr)
        sys.exit(error.exit_status)
    except BrokenPipeError:  # the reader of our output (head, less) has gone
        sys.stderr.close()
        sys.exit(1)


def _lake(url: str) -> Lake:
    """The lake at `url`, which must be there."""
    from lcscale.lake import Lake

    lake = Lake(url)
    if not lake.root.is_dir():
        raise InputError(f"no lake at {url}: it is no folder")
    return lake


def _catalog(lake: Lake, name: str) -> Catalog:
    """A catalog of the lake by its name, or any HATS catalog by its URL."""
    from lcscale.lake import open_catalog

    return open_catalog(name) if "/" in name else lake[name]


def _with_periods(lake: Lake, catalog: str, features: str | None) -> Catalog:
    from lcscale.periods import Search

    found = lake[catalog]
    if features is not None:
        return found.join(lake[features])
    return found if "period" in found.column_names else found.map(Search())


def _finish(record: RunRecord) -> None:
    """Say what a run did and what was set aside; exit with 3 if anything was."""
    print(record.summary())
    for note in record.notes:
        print(f"  note: {note}")
    for entry in record.quarantined:
        print(f"  set aside: {entry['label']}: {entry['error']}", file=sys.stderr)
    if record.exit_status:
        raise typer.Exit(record.exit_status)


def _print_table(table: Any) -> None:
    rows = [table.column_names, *([_cell(value) for value in row.values()] for row in table.to_pylist())]
    widths = [max(len(row[i]) for row in rows) for i in range(table.num_columns)]
    for row in rows:
        print("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)))


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.2f}" if isinstance(value, float) else str(value)
