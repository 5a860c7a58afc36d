"""`lcscale browse`: the browser to look at candidates, and to judge them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from urllib.parse import urlencode

import typer

from lcscale.cli.options import LakeOption, open_lake
from lcscale.errors import InputError

_EXTRA = {"fastapi", "starlette", "pydantic", "uvicorn", "duckdb"}


def browse(
    lake: LakeOption,
    name: Annotated[str | None, typer.Option("--name", help="Catalog to begin with.")] = None,
    host: Annotated[str, typer.Option(help="Address to listen at; another than this machine's needs a password.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option(help="Port; 0 takes a free one.")] = 0,
    no_open: Annotated[bool, typer.Option("--no-open", help="Do not open this machine's browser.")] = False,
    password_file: Annotated[Path | None, typer.Option(help="File whose first line is the password.")] = None,
    certificate: Annotated[
        Path | None, typer.Option(help="TLS certificate (PEM), with which the way is encrypted.")
    ] = (None),
    certificate_key: Annotated[Path | None, typer.Option(help="Its key, where that is a file of its own.")] = None,
    cache: Annotated[Path | None, typer.Option(help="Folder of what is computed once for a version.")] = None,
    model: Annotated[list[str] | None, typer.Option(help="Folder of the candidates' model.")] = None,
) -> None:
    """Look at candidates in the web browser: sort, filter, fold, judge; labels come back into the lake."""
    try:
        from lcscale.browse.options import ServerOptions, cache_folder
        from lcscale.browse.serving import serve
    except ModuleNotFoundError as error:
        if str(error.name).partition(".")[0] not in _EXTRA:
            raise
        raise InputError(
            f"lcscale browse needs {error.name}: pip install -c infra/constraints.txt -e '.[browse]'"
        ) from error

    place = open_lake(lake)
    if name is not None:
        place[name]  # which says what there is, where it is not there
    options = ServerOptions(
        host, port, password_file, certificate, certificate_key, cache or cache_folder(), tuple(model or ())
    )

    def tell(address: str) -> None:
        print(f"browse: {address}\n  Ctrl-C ends it; the address opens it once.", flush=True)

    serve(place, options, page="" if name is None else urlencode({"catalog": name}), opening=not no_open, tell=tell)
