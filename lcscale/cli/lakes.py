"""What stands in a lake and what ran there: `lcscale ls`, `info`, `jobs` and `prune`."""

from __future__ import annotations

import datetime
import os
import shlex
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lcscale.cli.options import CatalogArgument, EngineOption, LakeOption, finish, open_lake
from lcscale.errors import InputError

if TYPE_CHECKING:
    from lcscale.lake.history import Job

_WRITERS = ("ingest", "crossmatch", "features", "classify", "yso")
"""The commands whose jobs have a ledger: they write one catalog of a lake, and nothing else."""

_WIDEST_TYPE = 44

jobs_app = typer.Typer(help="Show running and past jobs of a lake, and retry what was set aside.")


def list_names(lake: LakeOption) -> None:
    """List the catalogs and tables of a lake."""
    place = open_lake(lake)
    catalogs, broken = place.readable()
    tables, broken_tables = place.readable_tables()
    for catalog in catalogs:
        source, name = catalog.source, catalog.source.folder.parent.name
        missing = f"  ({len(source.missing)} missing)" if source.missing else ""
        print(f"{name:28s} {source.rows:>12,} rows {len(source.leaves):>6} partitions  {source.version}{missing}")
    for name, table in tables.items():
        print(f"{name:28s} {table.num_rows:>12,} rows  (table)")
    for name, why in (broken | broken_tables).items():
        print(f"{name:28s} broken: {why}")


def info(name: Annotated[str, typer.Argument(help="Name of a catalog or a table.")], lake: LakeOption) -> None:
    """Describe a catalog or table: versions, columns, partitions, properties."""
    place = open_lake(lake)
    if name in place.table_names():
        print(place.table(name).schema.to_string(show_field_metadata=False))
        return
    source = place[name].source
    partitions = "1 partition" if len(source.leaves) == 1 else f"{len(source.leaves):,} partitions"
    print(f"{name}: {source.rows:,} rows in {partitions}, coordinates {source.ra}, {source.dec}")
    print(f"versions: {', '.join(place.versions(name))}; current: {source.version}")
    if source.missing:
        print(f"missing in it: {', '.join(source.missing)}")
    for each in place[name].inputs:
        print(f"made from {each}")
    for field in source.schema:
        said = {key.decode(): value.decode() for key, value in (field.metadata or {}).items()}
        said.pop("description", None)  # `lcscale columns` prints it
        remarks = ", ".join(f"{key}={value}" for key, value in said.items())
        print(f"  {field.name:28s} {_type(field.type):44s} {remarks}".rstrip())
    for key, value in source.properties:
        print(f"  {key} = {value}")


def _type(kind: Any) -> str:
    """The name of an Arrow type; of a long one the names of its parts only."""
    text = str(kind)
    if len(text) <= _WIDEST_TYPE or not kind.num_fields:
        return text
    parts = [kind.field(i) for i in range(kind.num_fields)]
    inside = ", ".join(part.name for part in parts) if text.startswith("struct<") else _type(parts[0].type)
    return f"{text.partition('<')[0]}<{inside}>"


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
    for job in open_lake(lake).jobs():
        when = datetime.datetime.fromtimestamp(job.started).strftime("%Y-%m-%d %H:%M")
        print(
            f"{when}  {job.name:24s} {job.version:20s} {job.state:10s} "
            f"{job.done}/{job.planned} tasks, {job.rows:,} rows, {len(job.quarantined)} set aside  ({job.engine})"
        )
        if job.missing:
            print(f"{'':18s}{_about_missing(job, lake)}")
        if job.torn:
            print(f"{'':18s}{job.torn} lines of its ledger cannot be read: what they told is done again if needed")
        for entry in job.quarantined:
            print(f"{'':18s}set aside: {entry['label']}: {entry['error']}")


def _about_missing(job: Job, lake: str) -> str:
    """What failed tasks mean for the version, and what to do."""
    retry = f"`lcscale jobs retry {job.name} --lake {lake}` runs them again"
    if job.state in ("current", "superseded"):
        return f"published without {len(job.missing)} of {job.planned} tasks; {retry}"
    return f"not published: {len(job.missing)} tasks failed; {retry}, --max-failed publishes without them"


@jobs_app.command()
def retry(context: typer.Context, name: CatalogArgument, lake: LakeOption) -> None:
    """Run the last job of a catalog again: only what was set aside or never ran is done.

    An ingest adds the release files that were mended meanwhile.
    """
    last = [job for job in open_lake(lake).jobs() if job.name == name]
    if not last:
        raise InputError(f"no job wrote {name!r} in the lake at {lake}")
    if last[-1].command is None:
        raise InputError(f"{name!r} was written by a script of yours, not by a command: run that script again")
    group = context.find_root().command
    command = _writing(last[-1], lake, group)
    print(f"{name}: lcscale {shlex.join(command)}", file=sys.stderr)
    os.chdir(last[-1].folder)
    sys.argv = [sys.argv[0], *command]  # what the ledger notes
    group(command)


def _writing(job: Job, lake: str, group: Any) -> list[str]:
    """The command that a job's ledger names, if it writes that catalog of the `lake`: ledgers may be anybody's."""
    command, folder, name = list(job.command or ()), job.folder, job.name
    said = f"the ledger of {name!r} names the command {shlex.join(map(str, command))!r}"
    if not command or command[0] not in _WRITERS:
        raise InputError(f"{said}, which is none of {', '.join(_WRITERS)}: nothing was run")
    if not os.path.isdir(folder):
        raise InputError(f"{said}, given in {folder}, which is not there: run it yourself where its files are now")
    given = group.commands[command[0]].make_context(command[0], command[1:], resilient_parsing=True).params
    if given["name"] != name or _place(given["lake"], folder) != _place(lake, os.getcwd()):
        raise InputError(f"{said}, which does not write {name!r} in the lake at {lake}: nothing was run")
    if command[0] == "ingest" and not given["append"] and not job.missing:
        return [command[0], "--append", *command[1:]]
    return command


def _place(lake: str | None, folder: str) -> str:
    """What tells a lake from another, however its path is written."""
    text = str(lake)
    return text.rstrip("/") if "://" in text else os.path.realpath(os.path.join(folder, text))


def prune(
    name: CatalogArgument,
    lake: LakeOption,
    keep: Annotated[int, typer.Option(help="How many versions before the current one to keep.")] = 1,
) -> None:
    """Remove old versions of a catalog."""
    place = open_lake(lake)
    if name not in place:
        raise InputError(f"no catalog {name!r} in the lake at {place.root}; there are: {', '.join(place.names())}")
    named = place.named_by(name)
    for version in place.prune(name, keep):
        print(f"{name}: removed {version}")
    for version in set(named).difference([place.current(name)]):
        print(f"{name}: {version} stays: {', '.join(named[version])} was made from it")


def remove(
    name: CatalogArgument,
    ids: Annotated[
        str,
        typer.Option("--ids", help="File of ids: .txt, one a line; .csv or .parquet, a column.", show_default=False),
    ],
    lake: LakeOption,
    engine: EngineOption = None,
) -> None:
    """Withdraw objects from an ingested catalog: a version without them, which files do not bring back (see `use`)."""
    from lcscale.ingest import withdraw

    finish(withdraw(open_lake(lake), name, ids, engine=engine))


def use(
    name: CatalogArgument,
    version: Annotated[str, typer.Argument(help="A version of it; see `lcscale info`.", show_default=False)],
    lake: LakeOption,
) -> None:
    """Make an earlier version of a catalog the current one again."""
    place = open_lake(lake)
    before = place.current(name)
    place.use(name, version)
    print(f"{name}: {version} is current" + (f", was {before}" if before not in (None, version) else ""))


def drop(
    name: Annotated[str, typer.Argument(help="Name of a catalog or a table.", show_default=False)],
    lake: LakeOption,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Remove a catalog with all its versions, or a table."""
    place = open_lake(lake)
    held = f"the table {name}" if name in place.table_names() else f"{name} with {len(place.versions(name))} versions"
    if not yes:
        typer.confirm(f"Remove {held} from {place.root}?", abort=True)
    place.drop(name)
    print(f"{name}: removed")
