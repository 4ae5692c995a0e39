"""A blob to a registry: mounted from another repository, or streamed, and gone on with where the connection breaks."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import IO, cast
from urllib.parse import quote

from orchestrator.digest import Digest
from orchestrator.registry.connection import Connection, Request
from orchestrator.registry.errors import Outdated, RegistryProblem, Transient

_PROGRESS = 1 << 20
_CHUNK = 1 << 20
_BYTES = {"Content-Type": "application/octet-stream"}
_GONE = (400, 404, 416)
"""The registry and we disagree about how far an upload has come."""


@dataclass(frozen=True)
class Source:
    """The bytes that are to go up."""

    digest: Digest
    size: int
    open: Callable[[], IO[bytes]]
    """Opens them from the beginning. Reading to the end verifies them: damaged bytes are never committed."""


@dataclass(frozen=True)
class _Session:
    """An upload under way: where it goes on, and how many bytes the registry has."""

    url: str
    offset: int = 0


def upload(connection: Connection, repository: str, source: Source, *, mount_from: str | None = None) -> bool:
    """Have a blob in a repository; whether any bytes had to be sent.

    Raises:
        Corruption: the store's bytes are damaged; the registry was not told to keep them.
        Transient: the connection broke off too often.
        RegistryProblem: the registry refused.
    """
    session = _begin(connection, repository, source.digest, mount_from)
    failed, furthest = 0, 0
    while session is not None:
        try:
            session = _send(connection, session, source)
            _commit(connection, session, source.digest)
            return True
        except Transient as problem:
            failed += 1
            connection.patience.wait(failed, problem)
            if is_there(connection, repository, source.digest):  # only the answer was lost
                return True
            session = _resume(connection, session, source.size) or _begin(connection, repository, source.digest)
            if session and session.offset >= furthest + _PROGRESS:
                failed, furthest = 0, session.offset
    return False


def is_there(connection: Connection, repository: str, digest: Digest) -> bool:
    """Whether a repository has a blob."""
    answer = connection.ask(Request("HEAD", f"/v2/{repository}/blobs/{digest}", expect=(200, 404)))
    answer.close()
    return answer.status == 200


def _begin(connection: Connection, repository: str, digest: Digest, mount_from: str | None = None) -> _Session | None:
    """A new upload; None where the registry took the blob from another repository instead."""
    path = f"/v2/{repository}/blobs/uploads/"
    if mount_from:
        path += f"?mount={quote(digest)}&from={quote(mount_from)}"
    answer = connection.ask(Request("POST", path, expect=(201, 202), headers={"Content-Length": "0"}))
    answer.whole(_CHUNK)
    if answer.status == 201:
        return None
    return _Session(connection.own(answer.headers.get("Location"), path))


def _send(connection: Connection, session: _Session, source: Source) -> _Session:
    """All bytes that the registry does not have yet."""
    if session.offset >= source.size:
        return session
    part = {"Content-Range": f"{session.offset}-{source.size - 1}"} if session.offset else {}
    with ExitStack() as opened:
        asked = Request(
            "PATCH",
            session.url,
            expect=(200, 201, 202, 204, *_GONE),
            headers={**_BYTES, **part},
            body=lambda: _rest(opened.enter_context(source.open()), session.offset, source.size),
        )
        answer = connection.once(asked)
        answer.whole(_CHUNK)
    if answer.status in _GONE:
        raise Outdated(f"{connection.registry} does not go on with an upload (status {answer.status})")
    return _Session(connection.own(answer.headers.get("Location"), session.url), source.size)


def _commit(connection: Connection, session: _Session, digest: Digest) -> None:
    joint = "&" if "?" in session.url else "?"
    asked = Request(
        "PUT",
        f"{session.url}{joint}digest={quote(digest)}",
        expect=(200, 201, 202, 204, *_GONE),
        headers={**_BYTES, "Content-Length": "0"},
    )
    answer = connection.once(asked)
    answer.whole(_CHUNK)
    if answer.status in _GONE:
        raise Outdated(f"{connection.registry} did not take {digest} as it came (status {answer.status})")


def _resume(connection: Connection, session: _Session, size: int) -> _Session | None:
    """Where a broken upload goes on; None where the registry has forgotten it."""
    try:
        answer = connection.ask(Request("GET", session.url, expect=(204,)))
    except RegistryProblem:
        return None
    answer.close()
    had = re.fullmatch(r"(?:bytes=)?0-(\d{1,20})", answer.headers.get("Range", ""))
    last = int(had[1]) if had else 0  # 0-0 is how registries say that they have nothing
    if last >= size:
        return None
    url = connection.own(answer.headers.get("Location", session.url), session.url)
    return _Session(url, last + 1 if last else 0)


def _rest(stream: IO[bytes], offset: int, size: int) -> IO[bytes]:
    """The bytes from ``offset`` on. Those before are read, not skipped: the whole is verified at its end."""
    left = offset
    while left and (passed := stream.read(min(left, _CHUNK))):
        left -= len(passed)
    return cast(IO[bytes], _Measured(stream, size - offset))


class _Measured:
    """A request's body whose length is known beforehand."""

    def __init__(self, stream: IO[bytes], length: int) -> None:
        self._stream = stream
        self._length = length

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[bytes]:
        return iter(lambda: self.read(_CHUNK), b"")

    def read(self, size: int = -1) -> bytes:
        return self._stream.read(size)
