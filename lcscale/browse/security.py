"""Who may come in: the one-time address, the password, the cookie; Host and Origin; what pages may load."""

from __future__ import annotations

import hmac
import secrets
import socket
import time
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs, urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
LARGEST_BODY = 64 << 10
"""Bytes of a request's body, but for an import."""
LARGEST_IMPORT = 16 << 20
_SAFE = {"GET", "HEAD", "OPTIONS"}
_OPEN = {"/favicon.svg", "/style.css", "/theme.js"}
"""What the page of the password needs; nothing of a lake is in it."""
_SESSIONS = 64
_WRONG_PASSWORD_SECONDS = 1.0


class Guard:
    """ASGI middleware in front of everything: nothing behind it is reached without a session.

    Parameters
    ----------
    app
        What is guarded.
    hosts
        Names that a request's ``Host`` may have, with ports: others are DNS rebinding.
    password
        Needed once a browser instead of the one-time token, where it is given.
    secure
        Whether the way is encrypted, and the cookie for such ways only.
    """

    def __init__(self, app: ASGIApp, hosts: frozenset[str], password: str | None = None, secure: bool = False) -> None:
        self.app, self.hosts, self.secure = app, hosts, secure
        self.token: str | None = secrets.token_urlsafe(32)
        self._password = password
        self._sessions: list[str] = []
        self._cookie = "lcscale_" + secrets.token_hex(4)  # servers on other ports share a browser's cookies
        self._last_wrong = 0.0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or hand on."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        response = self._refused(request) or await self._entering(request)
        if response is not None:
            response.headers.update(HEADERS)
            await response(scope, receive, send)
            return
        await self.app(scope, _bounded(receive, self._limit(request)), _with_headers(send))

    def new_session(self) -> str:
        """A new session; the oldest ends where there are too many."""
        session = secrets.token_urlsafe(32)
        self._sessions = [*self._sessions[-_SESSIONS + 1 :], session]
        return session

    def cookie_of(self, session: str) -> dict[str, str]:
        """The cookie that carries `session`, for clients that are no browsers."""
        return {self._cookie: session}

    def _refused(self, request: Request) -> Response | None:
        host = request.headers.get("host", "").lower()
        if host not in self.hosts:
            return _told(400, "this server answers to other names; use the address that lcscale browse printed")
        origin = request.headers.get("origin")
        if origin is not None and urlsplit(origin).netloc.lower() != host:
            return _told(403, "requests of other pages are refused")
        site = request.headers.get("sec-fetch-site", "none")
        if site not in ("none", "same-origin") and request.method not in _SAFE:
            return _told(403, "requests of other pages are refused")
        length = request.headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > self._limit(request):
            return _told(413, f"a request holds at most {self._limit(request):,} bytes")
        return None

    def _limit(self, request: Request) -> int:
        return LARGEST_IMPORT if request.url.path.endswith("/import") else LARGEST_BODY

    async def _entering(self, request: Request) -> Response | None:
        """The way in; None for those who are in."""
        token = request.query_params.get("token")
        if request.method == "GET" and token is not None and request.url.path == "/":
            if self.token is not None and hmac.compare_digest(token.encode(), self.token.encode()):
                self.token = None
                return self._welcome()
            if not self._knows(request):
                return _page(403, "This address was used already", "Start lcscale browse again for a new one.")
            return RedirectResponse("./", 303)
        if self._knows(request) or request.url.path in _OPEN:
            return None
        if request.url.path == "/login" and request.method == "POST" and self._password is not None:
            return await self._login(request)
        if request.url.path.startswith("/api/"):
            return _told(401, "no session: open the address that lcscale browse printed")
        if self._password is not None:
            return _page(401, "Password", "", form=True)
        return _page(401, "Not open to you yet", "Open the address that lcscale browse printed.", again=True)

    async def _login(self, request: Request) -> Response:
        body = b""
        async for part in request.stream():
            body += part
            if len(body) > LARGEST_BODY:
                return _told(413, "the password is too long")
        given = parse_qs(body.decode("utf-8", "replace")).get("password", [""])[0]
        soon = time.monotonic() - self._last_wrong < _WRONG_PASSWORD_SECONDS
        expected = (self._password or "").encode()
        if soon or not hmac.compare_digest(given.encode("utf-8", "replace"), expected):
            if not soon:
                self._last_wrong = time.monotonic()
            return _page(403, "Password", "That was not it, or it came too soon: wait a second.", form=True)
        return self._welcome()

    def _welcome(self) -> Response:
        response = RedirectResponse("./", 303)
        response.set_cookie(
            self._cookie, self.new_session(), httponly=True, samesite="strict", secure=self.secure, path="/"
        )
        return response

    def _knows(self, request: Request) -> bool:
        try:
            found = SimpleCookie(request.headers.get("cookie", "")).get(self._cookie)
        except CookieError:
            return False
        value = b"" if found is None else found.value.encode()
        return any([hmac.compare_digest(value, session.encode()) for session in self._sessions])


def _bounded(receive: Receive, limit: int) -> Receive:
    """`receive`, which ends a body that is longer than told."""
    seen = 0

    async def bounded() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        return message if seen <= limit else {"type": "http.disconnect"}

    return bounded


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return sending


def _told(status: int, detail: str) -> Response:
    return JSONResponse({"detail": detail}, status)


def _page(status: int, title: str, text: str, form: bool = False, again: bool = False) -> Response:
    """A page of fixed words: nothing of the request is in it."""
    asked = (
        '<form method="post" action="login"><label>Password <input type="password" name="password" '
        'autocomplete="current-password" required autofocus></label> <button>Open</button></form>'
    )
    if again:  # cookies of this kind are not sent where another site's link led here, but behind a link of ours
        asked = '<p><a href="">I have done so in this browser: try again</a></p>'
    return HTMLResponse(
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<link rel="stylesheet" href="style.css"></head><body class="door"><main><h1>{title}</h1><p>{text}</p>'
        f"{asked if form or again else ''}</main></body></html>",
        status,
    )


def hosts_of(host: str, port: int) -> frozenset[str]:
    """Values of ``Host`` under which a server at `host` and `port` is meant."""
    names = {"127.0.0.1", "localhost", "[::1]", f"[{host}]" if ":" in host else host}
    if host in ("0.0.0.0", "::"):
        names |= {socket.gethostname(), socket.getfqdn()}
    return frozenset(f"{name}:{port}".lower() for name in names)
