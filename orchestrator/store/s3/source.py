"""Bytes to be uploaded: read more than once, in any order, by several threads. A blob is named before it is sent."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from orchestrator.digest import Digest
from orchestrator.errors import UsageError

PART = 8 << 20
_MOST_PARTS = 9_000
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Part:
    """A stretch of the bytes."""

    number: int
    """From 1."""
    start: int
    size: int
    md5: str
    """In hexadecimal: what a server calls the part's ETag."""


@dataclass(frozen=True)
class Source:
    """What is to be sent."""

    digest: Digest
    size: int
    """In bytes."""
    parts: tuple[Part, ...]
    """At least one."""
    _read: Callable[[int, int], bytes]

    @property
    def etag(self) -> str:
        """What most servers call the whole, once it is there."""
        if len(self.parts) == 1:
            return self.parts[0].md5
        of_all = hashlib.md5(b"".join(bytes.fromhex(part.md5) for part in self.parts), usedforsecurity=False)
        return f"{of_all.hexdigest()}-{len(self.parts)}"

    def read(self, part: Part) -> bytes:
        """The bytes of a part.

        Raises:
            UsageError: they are others than before.
        """
        data = self._read(part.start, part.size)
        if hashlib.md5(data, usedforsecurity=False).hexdigest() != part.md5:
            raise UsageError("a file changed while it was being stored", hint="run the command again")
        return data


@contextlib.contextmanager
def measured(stream: IO[bytes], scratch: Path | None = None, least_part: int = PART) -> Iterator[Source]:
    """What is left in a stream, hashed. One that is no file and large is written to one in ``scratch`` first."""
    start = stream.tell() if _is_file(stream) else 0
    head = _first(stream, least_part + 1)
    if len(head) <= least_part:
        yield _measure(lambda at, size: head[at : at + size], len(head), least_part)
    elif _is_file(stream):
        yield _of_file(stream.fileno(), start, least_part)
        stream.seek(0, os.SEEK_END)
    else:
        with tempfile.TemporaryFile(dir=scratch) as spool:
            spool.write(head)
            while chunk := stream.read(_CHUNK):
                spool.write(chunk)
            spool.flush()
            yield _of_file(spool.fileno(), 0, least_part)


def part_size(size: int, least: int) -> int:
    """How long the parts of so many bytes are: the same whenever it is asked, so that an upload can go on."""
    needed = -(-size // _MOST_PARTS)
    return max(least, -(-needed // _CHUNK) * _CHUNK)


def _is_file(stream: IO[bytes]) -> bool:
    """A file that was opened for reading, and no wrapper that has the ``fileno`` of something else."""
    return isinstance(stream, io.BufferedReader) and isinstance(stream.raw, io.FileIO) and stream.seekable()


def _first(stream: IO[bytes], size: int) -> bytes:
    pieces, missing = [], size
    while missing and (piece := stream.read(missing)):
        pieces.append(piece)
        missing -= len(piece)
    return b"".join(pieces)


def _of_file(handle: int, start: int, least_part: int) -> Source:
    size = os.fstat(handle).st_size - start
    return _measure(lambda at, length: _pread(handle, length, start + at), size, least_part)


def _measure(read: Callable[[int, int], bytes], size: int, least_part: int) -> Source:
    whole, parts, length = hashlib.sha256(), [], part_size(size, least_part)
    for number, start in enumerate(range(0, max(size, 1), length), 1):
        data = read(start, min(length, size - start))
        whole.update(data)
        md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
        parts.append(Part(number, start, len(data), md5))
    return Source(Digest.from_hex(whole.hexdigest()), sum(part.size for part in parts), tuple(parts), read)


def _pread(handle: int, size: int, offset: int) -> bytes:
    """All of these bytes, or fewer at the end of the file."""
    pieces = []
    while size and (piece := os.pread(handle, size, offset)):
        pieces.append(piece)
        size, offset = size - len(piece), offset + len(piece)
    return b"".join(pieces)
