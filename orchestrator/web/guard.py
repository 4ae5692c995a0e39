"""Who may ask, and what every answer says to the browser. It stands before everything else.

The order matters: a request that another site made a browser send is refused by its Host, its Origin or what the
browser says of its site, whatever its method; then the method; then the cookie. No page is reached by another way.
"""

from __future__ import annotations

import re
import secrets
from typing import NamedTuple
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

ENTRANCE = "/enter"
"""Where the token is shown once, for a cookie."""

METHODS = ("GET", "HEAD")
_HOST = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:[0-9]{1,5})?")
"""Any port: behind `ssh -L` the browser has another one than we. A name that is rebound is none of these."""

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
_ONWARDS = '<!doctype html><meta http-equiv="refresh" content="0; url=/"><title>…</title><a href="/">Runs</a>'
_HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "cache-control": "no-store",
}


class Keys(NamedTuple):
    """What opens the page: shown in an address once, and then in a cookie. Neither can be made from the other."""

    token: str
    cookie: str

    @classmethod
    def new(cls) -> Keys:
        """Two of 256 bits."""
        return cls(secrets.token_urlsafe(32), secrets.token_urlsafe(32))


class Guard:
    """ASGI middleware around the whole page.

    Args:
        app: what is guarded.
        keys: what opens it.
        port: part of the cookie's name: cookies are shared by all ports of a host.
    """

    def __init__(self, app: ASGIApp, keys: Keys, port: int) -> None:
        self._app = app
        self._keys = keys
        self._cookie = f"orchestrator-{port}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI. Web sockets are refused."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        answer = self._refusal(scope) or self._entrance(scope) or self._locked(scope) or self._app
        await answer(scope, receive, _with_headers(send))

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        if why := foreign(headers, scope["method"]):
            return _text(f"refused: {why}", 403)
        if scope["method"] not in METHODS:
            return _text("this page is read-only", 405, allow=", ".join(METHODS))
        return None

    def _entrance(self, scope: Scope) -> Response | None:
        if scope["path"] != ENTRANCE:
            return None
        given = parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])[0]
        if not _same(given, self._keys.token):
            return _text("this token is not the one of the page that runs now: see what `orchestrator ui` printed", 403)
        # Coming from another site, a browser keeps a strict cookie back through a redirect, but not from our own page.
        came = Headers(scope=scope).get("sec-fetch-site", "none")
        response: Response = RedirectResponse("/", 303) if came in ("none", "same-origin") else HTMLResponse(_ONWARDS)
        response.set_cookie(self._cookie, self._keys.cookie, path="/", httponly=True, samesite="strict")
        return response

    def _locked(self, scope: Scope) -> Response | None:
        if _same(_cookie(Headers(scope=scope), self._cookie), self._keys.cookie):
            return None
        return _text("locked: open the address that `orchestrator ui` printed; it has a token", 403)


def foreign(headers: Headers, method: str) -> str:
    """Why a request is none of our own pages': empty where it may be one.

    A link from elsewhere may be followed: then the browser navigates, and no other site sees the answer.
    """
    hosts, origins = headers.getlist("host"), headers.getlist("origin")
    if len(hosts) != 1 or not _HOST.fullmatch(hosts[0]):
        return "the Host is not this machine's"
    if origins and origins != [f"http://{hosts[0]}"]:
        return "the Origin is another"
    site = headers.get("sec-fetch-site", "none")
    follows = headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"
    if site not in ("none", "same-origin") and not (follows and method == "GET"):
        return "another site asks"
    return ""


def _same(given: str, wanted: str) -> bool:
    return secrets.compare_digest(given.encode(), wanted.encode())


def _cookie(headers: Headers, name: str) -> str:
    """By hand: what other programs of this host have set may be odd, and is no reason to lose ours."""
    pairs = (pair.strip().partition("=") for line in headers.getlist("cookie") for pair in line.split(";"))
    return next((value for key, _, value in pairs if key == name), "")


def _text(text: str, status: int, **headers: str) -> Response:
    return PlainTextResponse(text + "\n", status, headers)


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return sending
