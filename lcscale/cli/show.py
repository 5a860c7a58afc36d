"""`lcscale show`: one candidate on one page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from lcscale.cli.options import LakeOption, LightCurvesOption, light_curve_fields, open_lake, read_position
from lcscale.errors import InputError

if TYPE_CHECKING:
    from lcscale.lake import Lake

_CANDIDATES = "variable_candidates"
CandidatesOption = Annotated[
    str | None,
    typer.Option("--name", help="Catalog of the lake that has the object.", show_default=_CANDIDATES),
]


def show(
    object_id: Annotated[str, typer.Argument(metavar="ID", help="The object, as the candidates name it.")],
    lake: LakeOption,
    name: CandidatesOption = None,
    output: Annotated[str | None, typer.Option(help="HTML file to write.", show_default="ID.html")] = None,
    at: Annotated[str | None, typer.Option(help="RA,DEC in degrees, to look there alone.")] = None,
    network: Annotated[
        bool,
        typer.Option("--network", help="Show what the network saw and where it looked (needs torch, slower)."),
    ] = False,
    class_name: Annotated[
        str | None, typer.Option("--class", help="Class whose evidence is shown; implies --network.")
    ] = None,
    model: Annotated[list[str] | None, typer.Option(help="Folder of the candidate's model; implies --network.")] = None,
    light_curves: LightCurvesOption = None,
) -> None:
    """Draw one candidate: light curve, periodogram, probabilities, and with --network what the network saw."""
    from lcscale.explore import show as write
    from lcscale.explore.candidate_page import file_name

    place = open_lake(lake)
    target = output or file_name(object_id)
    where = None if at is None else read_position(at, "--at")
    fields = light_curve_fields(light_curves)
    page = write(
        place,
        object_id,
        target,
        name=_catalog(place, name),
        at=where,
        network=network,
        class_name=class_name,
        models=model or (),
        light_curves=fields,
    )
    print(page)


def why(
    object_id: Annotated[str, typer.Argument(metavar="ID", help="The object, as the catalogs name it.")],
    lake: LakeOption,
    name: CandidatesOption = None,
) -> None:
    """Say why an object is not in a list: not in the input, left out by which condition, set aside, no class."""
    from lcscale.explore import why as told

    place = open_lake(lake)
    print("\n".join(told(place, object_id, _catalog(place, name))))


def _catalog(lake: Lake, name: str | None) -> str:
    """The catalog that `--name` says, or the candidates by the name that `lcscale classify` gives them."""
    if name is None and _CANDIDATES not in lake:
        known = ", ".join(lake.names()) or "none yet"
        raise InputError(f"no catalog {_CANDIDATES!r} in the lake at {lake.root}; say with --name which one: {known}")
    return name or _CANDIDATES
