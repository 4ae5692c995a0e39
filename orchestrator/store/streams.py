"""Streams between a store and those who make or read blobs."""

from __future__ import annotations

import contextlib
import io
import tempfile
from collections.abc import Iterable, Iterator
from typing import IO, TypeVar, cast

from orchestrator.digest import Digest
from orchestrator.errors import Corruption, EnvironmentProblem
from orchestrator.model import Document
from orchestrator.store.port import BlobStore, FileBacked

_CHUNK = 1 << 20
D = TypeVar("D", bound=Document)


def put_bytes(blobs: BlobStore, data: bytes) -> Digest:
    """Store bytes that are at hand; nothing is written where they are there already, and undamaged."""
    digest = Digest.of(data)
    return digest if _holds(blobs, digest, data) else blobs.put(io.BytesIO(data))


def read_document(blobs: BlobStore, kind: type[D], digest: Digest) -> D:
    """A stored document.

    Raises:
        NotFound: the store has no such blob.
        Corruption: it is damaged, or another document.
    """
    with blobs.get(digest) as stream:
        return kind.from_bytes(stream.read())


def _holds(blobs: BlobStore, digest: Digest, data: bytes) -> bool:
    if not blobs.has(digest):
        return False
    try:
        with blobs.get(digest) as stream:
            return stream.read() == data
    except (Corruption, OSError):
        return False


def from_chunks(chunks: Iterable[bytes]) -> IO[bytes]:
    """A stream that is made while it is read."""
    return cast(IO[bytes], _Chunks(iter(chunks)))


def chunks(stream: IO[bytes]) -> Iterator[bytes]:
    """What is left in a stream, in pieces; the stream is closed."""
    with stream:
        while chunk := stream.read(_CHUNK):
            yield chunk


def read_through(blobs: BlobStore, digest: Digest) -> None:
    """Read a blob to its end: a store that verifies says then whether it is what its name says.

    Raises:
        NotFound: the store has no such blob.
        Corruption: it is damaged.
    """
    for _ in chunks(blobs.get(digest)):
        pass


def seekable(blobs: BlobStore, digest: Digest) -> IO[bytes]:
    """A blob as a stream that can be moved about in: verified first, as a whole.

    Raises:
        NotFound: the store has no such blob.
        Corruption: it is damaged.
    """
    if isinstance(blobs, FileBacked):
        with contextlib.suppress(EnvironmentProblem):  # a wrapper around a store that keeps no files
            return blobs.path(digest).open("rb")
    spooled = cast(IO[bytes], tempfile.SpooledTemporaryFile(max_size=64 * _CHUNK))  # noqa: SIM115  (the caller closes it)
    for chunk in chunks(blobs.get(digest)):
        spooled.write(chunk)
    spooled.seek(0)
    return spooled


class _Chunks(io.RawIOBase):
    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        if size is None or size < 0:
            everything = b"".join([bytes(self._rest), *self._chunks])
            self._rest = memoryview(b"")
            return everything
        while not self._rest:
            chunk = next(self._chunks, None)
            if chunk is None:
                return b""
            self._rest = memoryview(chunk)
        piece, self._rest = self._rest[:size], self._rest[size:]
        return bytes(piece)
