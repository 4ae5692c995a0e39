"""An HTTP proxy in front of a server, which breaks what passes: one fault at a time, where a test wants it.

With a certificate it speaks TLS to its clients. It keeps a list of all requests, so a test can count them.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from servers.loopback import HOST, serving

_WITHIN = 60


@dataclass(frozen=True)
class Request:
    """A request that came by."""

    method: str
    path: str
    """Percent-decoded, without the query."""
    query: dict[str, list[str]]
    headers: dict[str, str]
    """By lower-case names."""
    size: int
    """Of its body, in bytes."""

    @property
    def kind(self) -> str:
        """What an S3 server is asked for, as far as faults care."""
        if self.method == "POST":
            return "complete" if "uploadId" in self.query else "begin"
        if "uploads" in self.query:
            return "list uploads"
        if "uploadId" in self.query:
            return {"PUT": "part", "GET": "list parts"}.get(self.method, "abort")
        if self.method == "GET" and "list-type" in self.query:
            return "list"
        return {"PUT": "put", "GET": "get", "HEAD": "head", "DELETE": "delete"}[self.method]


@dataclass(frozen=True)
class Answer:
    """What the server said."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


Send = Callable[[], Answer]
Fault = Callable[["_Handler", Send], None]
"""Deals with a request: ``Send`` passes it on. What it does with the answer is the fault."""


@dataclass
class FaultProxy:
    """A running proxy. ``choose`` is asked about each request: which fault, or None."""

    endpoint: str
    choose: Callable[[Request], Fault | None] = lambda request: None
    seen: list[Request] = field(default_factory=list)

    def count(self, kind: str) -> int:
        """How many requests of this kind came by."""
        return sum(request.kind == kind for request in self.seen)


@contextlib.contextmanager
def in_front_of(port: int, tls: ssl.SSLContext | None = None) -> Iterator[FaultProxy]:
    """A proxy in front of what listens on this port of 127.0.0.1."""
    server = _Server((HOST, 0), _Handler)
    scheme = "https" if tls else "http"
    proxy = FaultProxy(f"{scheme}://{HOST}:{server.server_address[1]}")
    server.proxy, server.port, server.tls = proxy, port, tls
    with serving(server):
        yield proxy


def answer(status: int, code: str) -> Fault:
    """The server says this, and does nothing."""

    def act(handler: _Handler, send: Send) -> None:
        body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>broken on purpose</Message></Error>".encode()
        handler.reply(Answer(status, [("Content-Type", "application/xml")], body))

    return act


def reset(handler: _Handler, send: Send) -> None:
    """The connection is reset before the server has seen the request."""
    handler.hang_up()


def lost(handler: _Handler, send: Send) -> None:
    """The server does what it was asked for, and its answer never comes."""
    send()
    handler.hang_up()


def truncated(handler: _Handler, send: Send) -> None:
    """Half of the answer's body at most comes, then the connection is reset. An answer without one is lost."""
    whole = send()
    if whole.body and handler.command != "HEAD":
        handler.reply(whole, whole.body[: len(whole.body) // 2])
    handler.hang_up()


def slow(handler: _Handler, send: Send) -> None:
    """The answer comes in the end, but not for a second and a half."""
    whole = send()
    time.sleep(1.5)
    handler.reply(whole)


def breaks_off_after(size: int) -> Fault:
    """Of the answer's body so many bytes come, then the connection ends.

    In order: a reset would take with it what the client has not yet received, and on a busy machine that is all.
    """

    def act(handler: _Handler, send: Send) -> None:
        whole = send()
        handler.reply(whole, whole.body[:size])
        handler.close_connection = len(whole.body) > size

    return act


def held(until: threading.Event) -> Fault:
    """The request is not passed on before then; afterwards it is thrown away."""

    def act(handler: _Handler, send: Send) -> None:
        until.wait(_WITHIN)
        handler.hang_up()

    return act


def wrong_bytes(handler: _Handler, send: Send) -> None:
    """A bit of the answer's body is flipped."""
    whole = send()
    handler.reply(whole, _flipped(whole.body))


def wrong_bytes_up(handler: _Handler, send: Send) -> None:
    """A bit of the request's body is flipped."""
    handler.body = _flipped(handler.body)
    handler.reply(send())


def _flipped(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 4]) + data[middle + 1 :] if data else data


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    proxy: FaultProxy
    port: int
    tls: ssl.SSLContext | None

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client may go away at any time."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = _WITHIN
    server: _Server
    body: bytes

    def setup(self) -> None:
        if self.server.tls:
            self.request.settimeout(_WITHIN)
            self.request = self.server.tls.wrap_socket(self.request, server_side=True)
        super().setup()

    def log_message(self, format: str, *args: Any) -> None:
        """Nobody reads it."""

    def handle_one_request(self) -> None:
        self.raw_requestline = self.rfile.readline(65537)
        if not self.raw_requestline:
            self.close_connection = True
            return
        if not self.parse_request():
            return
        self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        request = _seen(self)
        self.server.proxy.seen.append(request)
        fault = self.server.proxy.choose(request)
        if fault is None:
            self.reply(self.pass_on())
        else:
            fault(self, self.pass_on)

    def pass_on(self) -> Answer:
        """Ask the server."""
        upstream = http.client.HTTPConnection(HOST, self.server.port, timeout=_WITHIN)
        with contextlib.closing(upstream):
            upstream.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                if name.lower() not in ("expect", "connection"):
                    upstream.putheader(name, value)
            upstream.endheaders(self.body)
            told = upstream.getresponse()
            body = told.read()
            headers = [(name, value) for name, value in told.getheaders() if name.lower() not in _HOP_BY_HOP]
            if self.command == "HEAD":
                headers.append(("Content-Length", told.getheader("Content-Length") or "0"))
            return Answer(told.status, headers, body)

    def reply(self, answer: Answer, body: bytes | None = None) -> None:
        """Answer; with another body than the server's, under the server's own headers."""
        self.send_response_only(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        if self.command != "HEAD":
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body if body is None else body)
        self.wfile.flush()

    def hang_up(self) -> None:
        """Reset the connection."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()


_HOP_BY_HOP = ("content-length", "transfer-encoding", "connection")


def _seen(handler: _Handler) -> Request:
    parts = urlsplit(handler.path)
    query = parse_qs(parts.query, keep_blank_values=True)
    headers = {name.lower(): value for name, value in handler.headers.items()}
    return Request(handler.command, unquote(parts.path), query, headers, len(handler.body))
