"""HTTP/1.1 for the agent's own loop: no thread, no process, nothing that waits.

A conversation is a generator. It yields READ or WRITE where it would have to wait, and the loop resumes it when the
socket is ready; so it reads from top to bottom, though many go on side by side.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False  # importing typing takes longer than all the rest
if TYPE_CHECKING:
    from _socket import socket
    from collections.abc import Callable, Generator
    from typing import Protocol

    Waiting = Generator[int, None, None]

    class Exchange(Protocol):
        """What is made of one request: it is given the body in pieces, then asked for the answer."""

        def write(self, piece: bytes) -> None:
            """Take a piece of the body."""

        def finish(self) -> Response:
            """The body is complete: the answer to it."""

        def abort(self) -> None:
            """The client has gone, or the request is no good."""


READ, WRITE = 1, 2
"""As ``selectors.EVENT_READ`` and ``EVENT_WRITE``."""

MAX_HEAD = 1 << 16
_CHUNK = 1 << 18
_REASONS = {200: "OK", 400: "Bad Request", 404: "Not Found", 413: "Content Too Large", 431: "Headers Too Large"}


class Refused(Exception):
    """A request that is not answered as it was meant: it is malformed, too large, or cannot be done."""

    def __init__(self, status: int, message: str, code: str = "INVALID_PARAMETER_VALUE") -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code


class Request:
    """The head of a request. ``path`` and ``query`` are still percent-encoded; header names are in lower case."""

    def __init__(self, method: str, path: str, query: str, headers: dict[str, str]) -> None:
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers


class Response:
    """An answer: bytes, or an open file that is sent and closed."""

    def __init__(self, status: int, body: bytes = b"", kind: str = "application/json", file: int | None = None) -> None:
        self.status = status
        self.body = body
        self.kind = kind
        self.file = file
        self.size = len(body) if file is None else os.fstat(file).st_size

    def head(self, last: bool) -> bytes:
        """Status line and headers. ``last``: the connection is closed afterwards."""
        return (
            "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n%s\r\n"
            % (
                self.status,
                _REASONS.get(self.status, ""),
                self.kind,
                self.size,
                "Connection: close\r\n" if last else "",
            )
        ).encode()


def converse(
    client: socket, begin: Callable[[Request], Exchange], refuse: Callable[[Refused], Response]
) -> Generator[int, None, None]:
    """Answer a client's requests, one after the other, until it goes.

    A request that cannot be understood is refused and ends the conversation: nobody knows where the next one begins.
    """
    stream = _Stream(client)
    while True:
        try:
            request = yield from _head(stream)
            if request is None:
                return
            response = yield from _answer(stream, begin(request), request)
            last = request.headers.get("connection", "").lower() == "close"
        except Refused as problem:
            response, last = refuse(problem), True
        except OSError:
            return
        try:
            yield from _send(client, response, last)
        except OSError:
            return
        if last:
            return


def _head(stream: _Stream) -> Generator[int, None, Request | None]:
    """The next request's head; None where the client has gone between two requests."""
    while b"\r\n\r\n" not in stream.held:
        if len(stream.held) > MAX_HEAD:
            raise Refused(431, "the head of this request is too long")
        if not (yield from stream.more()):
            return None
    head, _, stream.held = stream.held.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    words = first.split(" ")
    if len(words) != 3 or not words[2].startswith("HTTP/1."):
        raise Refused(400, "this is no HTTP/1.1 request")
    path, _, query = words[1].partition("?")
    headers = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or name != name.strip():
            raise Refused(400, "a header without a name or a value")
        headers[name.lower()] = value.strip()
    return Request(words[0], path, query, headers)


def _answer(stream: _Stream, exchange: Exchange, request: Request) -> Generator[int, None, Response]:
    """The body is read to its end even where it is refused: a client that cannot send does not listen either."""
    problems: list[Refused] = []

    def take(piece: bytes) -> None:
        if not problems:
            try:
                exchange.write(piece)
            except Refused as problem:
                problems.append(problem)

    whole = False
    try:
        if request.headers.get("expect", "").lower() == "100-continue":
            stream.client.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        yield from _body(stream, request.headers, take)
        if problems:
            raise problems[0]
        whole = True
    finally:
        if not whole:
            exchange.abort()
    return exchange.finish()


def _body(stream: _Stream, headers: dict[str, str], write: Callable[[bytes], None]) -> Waiting:
    coding = headers.get("transfer-encoding")
    if coding is None:
        yield from stream.pass_on(_number(headers.get("content-length", "0"), 10), write)
    elif coding.lower() == "chunked":
        while True:
            size = _number((yield from stream.line()).partition(";")[0].strip(), 16)
            yield from stream.pass_on(size, write)
            if size == 0:
                break
            yield from stream.line()
        while (yield from stream.line()):
            pass
    else:
        raise Refused(400, "only the transfer coding `chunked` is understood")


def _number(text: str, base: int) -> int:
    digits = "0123456789abcdef"[:base]
    if not 0 < len(text) <= 16 or not all(letter in digits for letter in text.lower()):
        raise Refused(400, "a body of unknown length")
    return int(text, base)


def _send(client: socket, response: Response, last: bool) -> Waiting:
    try:
        waiting = memoryview(response.head(last) + response.body)
        while waiting:
            try:
                waiting = waiting[client.send(waiting) :]
            except BlockingIOError:
                yield WRITE
        sent = 0
        while response.file is not None and sent < response.size:
            yield WRITE
            passed = os.sendfile(client.fileno(), response.file, sent, _CHUNK)
            if not passed:
                raise OSError("the file has become shorter")
            sent += passed
    finally:
        if response.file is not None:
            os.close(response.file)


class _Stream:
    """What a client sends; ``held`` has been received and not yet been used."""

    def __init__(self, client: socket) -> None:
        self.client = client
        self.held = b""

    def more(self) -> Generator[int, None, bool]:
        """Wait for more; False where no more comes."""
        while True:
            yield READ
            try:
                piece = self.client.recv(_CHUNK)
            except BlockingIOError:
                continue
            self.held += piece
            return bool(piece)

    def line(self) -> Generator[int, None, str]:
        """A line, without its end."""
        while b"\r\n" not in self.held:
            if len(self.held) > MAX_HEAD:
                raise Refused(400, "a line without an end")
            yield from self._need()
        line, _, self.held = self.held.partition(b"\r\n")
        return line.decode("latin-1")

    def pass_on(self, size: int, write: Callable[[bytes], None]) -> Waiting:
        """Hand on the next ``size`` bytes as they come."""
        while size:
            if not self.held:
                yield from self._need()
            piece, self.held = self.held[:size], self.held[size:]
            write(piece)
            size -= len(piece)

    def _need(self) -> Waiting:
        if not (yield from self.more()):
            raise OSError("the client has gone in the middle of a request")
