"""`serve`: the server of the browser, on this machine unless it is told otherwise."""

from __future__ import annotations

import socket
import sys
import webbrowser
from collections.abc import Callable
from dataclasses import dataclass

import uvicorn

from lcscale.browse.application import application
from lcscale.browse.options import ServerOptions
from lcscale.browse.security import Guard, hosts_of
from lcscale.errors import InputError
from lcscale.lake import Lake


def serve(
    lake: Lake,
    options: ServerOptions | None = None,
    *,
    page: str = "",
    opening: bool = True,
    tell: Callable[[str], None] = print,
) -> None:
    """Serve the browser of `lake` until it is interrupted.

    Parameters
    ----------
    lake
        What is looked at; only labels are written to it.
    options
        Address, password, certificate, cache.
    page
        What the printed address says besides the token, such as ``catalog=variable_candidates``.
    opening
        Whether to open the address in this machine's browser.
    tell
        Says the address.
    """
    prepared = prepare(lake, options or ServerOptions())
    if not prepared.options.is_loopback and prepared.options.certificate is None:
        print("browse: the way to this server is not encrypted; --certificate encrypts it", file=sys.stderr)
    address = prepared.address + (("&" if "?" in prepared.address else "?") + page if page else "")
    tell(address)
    if opening and prepared.options.is_loopback:
        webbrowser.open(address)
    prepared.server.run(sockets=[prepared.socket])


@dataclass(frozen=True)
class Prepared:
    """A server that listens and waits to be run."""

    options: ServerOptions
    """As given."""
    guard: Guard
    """In front of the application."""
    server: uvicorn.Server
    """Runs it: ``server.run(sockets=[socket])``."""
    socket: socket.socket
    """Where it listens."""
    address: str
    """What a person opens."""


def prepare(lake: Lake, options: ServerOptions) -> Prepared:
    """Listen at the address of `options`, with everything ready to run."""
    password = options.password()
    sock = _listening(options)
    port = sock.getsockname()[1]
    encrypted = options.certificate is not None
    guard = Guard(application(lake, options), hosts_of(options.host, port), password, encrypted)
    where = f"[{options.host}]" if ":" in options.host else options.host
    if options.host in ("0.0.0.0", "::"):
        where = socket.gethostname()
    address = f"http{'s' if encrypted else ''}://{where}:{port}/"
    if password is None:
        address += f"?token={guard.token}"
    else:
        guard.token = None
    config = uvicorn.Config(
        guard,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ssl_certfile=options.certificate,
        ssl_keyfile=options.certificate_key,
        timeout_graceful_shutdown=3,
    )
    return Prepared(options, guard, uvicorn.Server(config), sock, address)


def _listening(options: ServerOptions) -> socket.socket:
    family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((options.host, options.port))
        sock.listen(128)
    except OSError as error:
        sock.close()
        raise InputError(f"cannot listen at {options.host} port {options.port}: {error.strerror}") from error
    return sock
