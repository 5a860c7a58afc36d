"""The application: the API, and the files of the page."""

from __future__ import annotations

from importlib import resources

from fastapi import FastAPI, Request
from starlette.responses import FileResponse, Response

from lcscale import __version__
from lcscale.browse import exporting, labelling, stars, tables
from lcscale.browse.answers import PlainResponse, say_errors
from lcscale.browse.opened import Workplace
from lcscale.browse.options import ServerOptions
from lcscale.lake import Lake

_TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


def application(lake: Lake, options: ServerOptions) -> FastAPI:
    """The application without its guard (`lcscale.browse.security.Guard`), for tests and for `serve`.

    Parameters
    ----------
    lake
        What is looked at.
    options
        Where things are kept.
    """
    app = FastAPI(
        title="lcscale browse",
        version=__version__,
        description="Rows, light curves, periodograms, thumbnails and labels of a lake.",
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    app.state.workplace = Workplace(lake, options)
    say_errors(app)
    for router in (tables.router, stars.router, exporting.router, labelling.router):
        app.include_router(router)
    _serve_files(app)
    return app


def _serve_files(app: FastAPI) -> None:
    """The files of the page, each by its own name: no path of a request reaches the file system."""
    folder = resources.files("lcscale.browse") / "static"
    files = {entry.name: entry for entry in folder.iterdir() if entry.is_file()}

    async def file(request: Request) -> Response:
        name = request.path_params.get("name") or "index.html"
        if name not in files:
            return PlainResponse({"detail": "there is no such page"}, 404)
        suffix = name[name.rfind(".") :]
        return FileResponse(str(files[name]), media_type=_TYPES.get(suffix, "application/octet-stream"))

    app.add_route("/", file, include_in_schema=False)
    app.add_route("/{name}", file, include_in_schema=False)
