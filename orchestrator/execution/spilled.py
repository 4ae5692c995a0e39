"""Whether a file that a job left holds the value of a secret: in its name, its bytes, or packed in the usual ways."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any, cast

from orchestrator.agent.redact import Secrets
from orchestrator.execution.untrusted import open_regular

_DEEPEST = 3
"""Archives within archives."""
MOST = 16 << 30
"""Bytes that are unpacked of one file."""
_MOST_INFLATED = 64 << 20
"""Of a bare zlib stream, which is inflated in memory."""
_DAMAGED = (OSError, EOFError, ValueError, RuntimeError, zlib.error, lzma.LZMAError, zipfile.BadZipFile)
_PACKED: Mapping[bytes, Callable[[IO[bytes]], Any]] = {
    b"\x1f\x8b": lambda stream: gzip.GzipFile(fileobj=stream, mode="rb"),
    b"BZh": bz2.BZ2File,
    b"\xfd7zXZ\0": lzma.LZMAFile,
    **dict.fromkeys((b"x\x01", b"x^", b"x\x9c", b"x\xda"), lambda stream: io.BytesIO(_inflated(stream))),
}


class _TooMuch(Exception):
    """It unpacks to more than is looked through."""


def problem(folder: Path, path: str, secrets: Secrets) -> str | None:
    """Why a file, link or folder may not be recorded; None where nothing is found."""
    name = secrets.first_in(os.fsencode(path))
    if name is not None:
        return f"its name holds the value of the secret {name}"
    place = folder / path
    state = place.lstat()
    if stat.S_ISLNK(state.st_mode):
        name = secrets.first_in(os.fsencode(place.readlink()))
    elif stat.S_ISREG(state.st_mode):
        try:
            with open_regular(place) as stream:
                name = _first(stream, secrets, _Budget(MOST), _DEEPEST)
        except _TooMuch:
            return "it unpacks to too much to be searched for secrets"
        except Exception as error:  # an archive may be anything: it costs itself, never the run
            return f"it cannot be searched for secrets ({type(error).__name__})"
    return f"it holds the value of the secret {name}" if name is not None else None


class _Budget:
    def __init__(self, size: int) -> None:
        self.left = size

    def count(self, stream: IO[bytes]) -> IO[bytes]:
        """The stream, counted as it is read."""
        return cast(IO[bytes], _Counted(stream, self))


class _Counted:
    def __init__(self, stream: IO[bytes], budget: _Budget) -> None:
        self._stream = stream
        self._budget = budget

    def read(self, size: int) -> bytes:
        data = self._stream.read(size)
        self._budget.left -= len(data)
        if self._budget.left < 0:
            raise _TooMuch
        return data


def _first(stream: IO[bytes], secrets: Secrets, budget: _Budget, deeper: int) -> str | None:
    """The first secret in a seekable stream, as it is and unpacked. What is damaged is looked at as far as it goes."""
    name = secrets.first_in_stream(stream)
    if name is not None or deeper == 0:
        return name
    stream.seek(0)
    head = stream.read(6)
    for unpacked in _unpacked(stream, head):
        try:
            with unpacked:
                if (name := secrets.first_in_stream(budget.count(unpacked))) is not None:
                    return name
                unpacked.seek(0)
                if _is_packed(unpacked.read(6)) and (name := _first(unpacked, secrets, budget, deeper - 1)):
                    return name
        except _DAMAGED:
            continue
    return None


def _unpacked(stream: IO[bytes], head: bytes) -> Iterator[IO[bytes]]:
    stream.seek(0)
    for magic, opened in _PACKED.items():
        if head.startswith(magic):
            yield opened(stream)
    if head.startswith(b"PK"):
        yield from _members(stream)


def _members(stream: IO[bytes]) -> Iterator[IO[bytes]]:
    try:
        archive = zipfile.ZipFile(stream)
    except _DAMAGED:
        return
    for member in archive.infolist():
        try:
            yield archive.open(member)
        except _DAMAGED:
            continue


def _inflated(stream: IO[bytes]) -> bytes:
    return zlib.decompressobj().decompress(stream.read(_MOST_INFLATED), _MOST_INFLATED)


def _is_packed(head: bytes) -> bool:
    return head.startswith((b"PK", *_PACKED))
