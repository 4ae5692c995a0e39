"""What a run wrote: the end of it on its page, all of it as a file."""

from __future__ import annotations

import hashlib
import re
from collections import deque
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from orchestrator.execution.follow import Piece
from orchestrator.operations.console import logs
from orchestrator.web.pages import asked
from orchestrator.web.site import UNCHANGED, Site

SHOWN = 128 << 10
"""Bytes of the end that are shown."""
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-_])")


class Written(NamedTuple):
    """Some text of one stream."""

    stream: str
    text: str


class Console(NamedTuple):
    """The end of a console."""

    parts: list[Written]
    size: int
    """Bytes that were written in all."""
    cut: bool
    """Whether the beginning is left out."""
    mark: str
    """Another one where anything was added."""


def page(site: Site, request: Request) -> Response:
    """The end of the console; nothing where the browser has it already."""
    workspace, run_id = site.workspace(), asked.run_id(request)
    live = (workspace.live / run_id).is_dir()
    console = end_of(logs(workspace, run_id))
    if console.mark == asked.text(request, "seen") and (live or not request.query_params.get("live")):
        return Response(status_code=UNCHANGED)
    if not live and request.query_params.get("live"):  # it has ended: the page is another one now
        return Response(headers={"hx-refresh": "true"})
    return site.page("_console.html", console=console, id=run_id, live=live)


def download(site: Site, request: Request) -> Response:
    """All of it, as a file."""
    run_id = asked.run_id(request)
    pieces = logs(site.workspace(), run_id)
    first = next(pieces, Piece("stdout", b""))  # what fails, fails before anything is sent

    def chunks() -> Iterator[bytes]:
        yield first.data
        yield from (piece.data for piece in pieces)

    headers = {
        "content-disposition": f'attachment; filename="{run_id}.txt"',
        "content-security-policy": "sandbox; default-src 'none'",
    }
    return StreamingResponse(chunks(), headers=headers, media_type="text/plain; charset=utf-8")


def end_of(pieces: Iterable[Piece]) -> Console:
    """The end of these pieces, as text."""
    kept: deque[Piece] = deque()
    size = held = 0
    for piece in pieces:
        kept.append(piece)
        size, held = size + len(piece.data), held + len(piece.data)
        while held - len(kept[0].data) > SHOWN:
            held -= len(kept.popleft().data)
    parts = list(_parts(kept))
    mark = hashlib.sha256(repr((size, parts)).encode()).hexdigest()[:16]
    return Console(parts, size, held < size, mark)


def _parts(pieces: Iterable[Piece]) -> Iterator[Written]:
    """Neighbours of one stream together."""
    stream, data = "", b""
    for piece in pieces:
        if piece.stream != stream and data:
            yield Written(stream, shown(data))
            data = b""
        stream, data = piece.stream, data + piece.data
    if data:
        yield Written(stream, shown(data))


def shown(data: bytes) -> str:
    """As a terminal would leave it: no colours, and of a line that was written over only what came last."""
    text = _ESCAPES.sub("", data.decode(errors="replace")).replace("\r\n", "\n")
    lines = (line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n"))
    return "\n".join("".join(char if char.isprintable() or char == "\t" else "�" for char in line) for line in lines)
