"""`lcscale ingest`, `convert` and `surveys`: release files, or any table, into catalogs."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from lcscale import options as declared
from lcscale.cli.options import EngineOption, LakeOption, MaxFailedOption, NameOption, finish
from lcscale.errors import InputError


def ingest(
    survey: Annotated[str, typer.Argument(help=declared.SURVEY.about)],
    files: Annotated[list[str], typer.Argument(help="Release files, folders or patterns.")],
    lake: LakeOption,
    name: NameOption,
    engine: EngineOption = None,
    max_failed: MaxFailedOption = "0",
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
    bands: Annotated[str | None, typer.Option(help="Names of the bands, the primary first (lightcurves).")] = None,
    band_columns: Annotated[
        str | None, typer.Option(help="Bands in columns of their own: W1=w1mpro:w1sigmpro,W2=… (lightcurves).")
    ] = None,
    flux: Annotated[str | None, typer.Option(help="Column of flux, in place of magnitude (lightcurves).")] = None,
    flux_err: Annotated[str | None, typer.Option(help="Column of flux error (lightcurves).")] = None,
    zero_point: Annotated[str | None, typer.Option(help="Magnitude of a flux of 1 (lightcurves).")] = None,
    time_format: Annotated[
        str | None, typer.Option(help="What the times are: mjd, hjd-2450000, bjd-2455197.5, iso … (lightcurves).")
    ] = None,
    id_from_name: Annotated[
        str | None, typer.Option(help="Regular expression that finds the id in the file's name (lightcurves).")
    ] = None,
    known_as: Annotated[
        str | None,
        typer.Option(
            help="Column of a further name of the object, kept as `name` (table, lightcurves).", show_default="nick"
        ),
    ] = None,
    columns: Annotated[
        str | None, typer.Option(help="Names of the columns by place, where no line has them (table, lightcurves).")
    ] = None,
    where: Annotated[str | None, typer.Option(help="Condition on rows, as qual_frame > 0 (lightcurves).")] = None,
    keep_limits: Annotated[bool, typer.Option("--keep-limits", help="Keep upper limits (lightcurves).")] = False,
    partition_rows: Annotated[int | None, typer.Option(help=declared.PARTITION_ROWS.about)] = None,
    memory_gib: Annotated[float | None, typer.Option(help=declared.MEMORY_GIB.about)] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say how the files are understood and what is left out; write nothing.")
    ] = False,
    append: Annotated[bool, typer.Option("--append", help="Add to the catalog of that name.")] = False,
) -> None:
    """Read release files of a survey into a catalog of the lake."""
    from lcscale.engine import read_max_failed
    from lcscale.ingest import Partitioning, preview
    from lcscale.ingest import ingest as run_ingest

    given = {"id": id, "ra": ra, "dec": dec, "objects": objects, "time": time, "mag": mag}
    options: dict[str, Any] = given | {"mag_err": mag_err, "band": band, "bands": bands, "band_columns": band_columns}
    options |= {"flux": flux, "flux_err": flux_err, "zero_point": zero_point, "time_format": time_format}
    options |= {"id_from_name": id_from_name, "columns": columns, "where": where, "keep_limits": keep_limits or None}
    options["known_as"] = known_as
    options |= _options(option)
    options = {key: value for key, value in options.items() if value is not None}
    if dry_run:
        print(preview(survey, files, **options))
        return
    record = run_ingest(
        survey,
        files,
        lake,
        name,
        engine=engine,
        progress=True,
        append=append,
        max_failed=read_max_failed(max_failed),
        memory=int(memory_gib * 2**30) if memory_gib is not None else None,
        partitioning=Partitioning(rows=partition_rows) if partition_rows is not None else None,
        **options,
    )
    errors = [entry["error"] for entry in record.quarantined]
    if not record.rows and errors and all(" has no column " in error for error in errors):
        raise InputError(errors[0])
    finish(record)


def convert(
    file: Annotated[str, typer.Argument(help="A table of any format that ingest reads.", show_default=False)],
    lake: LakeOption,
    name: NameOption,
    id: Annotated[str | None, typer.Option(help="Column that names the object.")] = None,
    ra: Annotated[str | None, typer.Option(help="Column of right ascension (default: found by its name).")] = None,
    dec: Annotated[str | None, typer.Option(help="Column of declination (default: found by its name).")] = None,
    time: Annotated[str | None, typer.Option(help="Column of time: the rows are observations.")] = None,
    option: Annotated[
        list[str] | None,
        typer.Option("--option", help="Further option of the adapter table, or lightcurves, as KEY=VALUE."),
    ] = None,
) -> None:
    """Make a catalog of one table, in place of one of this name; lcscale.ingest.convert takes a table in memory."""
    from lcscale.ingest import convert as write
    from lcscale.surveys.reading import read_table
    from lcscale.surveys.release import Problem

    problems: list[Problem] = []
    options = {"id": id, "time": time, **_options(option)}
    table = read_table(file, problems, ids=[id] if id else [])
    for problem in problems:
        print(f"  note: {problem.path}: {problem.text}")
    given = {key: value for key, value in options.items() if value is not None}
    finish(write(table, lake, name, ra=ra, dec=dec, progress=True, **given))


def _options(texts: list[str] | None) -> dict[str, str]:
    """What ``--option KEY=VALUE`` says."""
    found = {}
    for text in texts or []:
        key, separator, value = text.partition("=")
        if not separator:
            raise InputError(f"--option {text!r} is not KEY=VALUE")
        found[key] = value
    return found


def surveys() -> None:
    """List the surveys that can be ingested, with their options."""
    from dataclasses import fields

    from lcscale.surveys import ADAPTERS

    for name, adapter in sorted(ADAPTERS.items()):
        options = ", ".join(field.name for field in fields(adapter)) or "-"
        print(f"{name:14s} {(adapter.__doc__ or '').strip().splitlines()[0]}\n{'':14s} options: {options}")
