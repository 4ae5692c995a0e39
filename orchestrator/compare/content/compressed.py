"""One file, compressed: gzip, bzip2, xz and bare zlib (joblib's).

What stands in the header, and how well it was packed, is not content.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from typing import IO, TypeAlias, cast

from orchestrator.compare.content.port import CHUNK, Comparator, Desk, Side, Unreadable, some
from orchestrator.compare.difference import Difference

_ENDINGS = (".gz", ".bz2", ".xz", ".lzma", ".z")
_MEMORY = 256 << 20
"""Bytes that an xz stream may ask for; its own maximum is 64 GiB."""


def _starts(*magic: bytes) -> Callable[[Side], bool]:
    return lambda side: side.head(6).startswith(magic)


def _is_zlib(side: Side) -> bool:
    head = side.head(2)
    return len(head) == 2 and head[0] == 0x78 and int.from_bytes(head, "big") % 31 == 0


def _compare(left: Side, right: Side, desk: Desk, *, opened: Callable[[IO[bytes]], IO[bytes]]) -> Iterator[Difference]:
    name = next((left.name[: -len(end)] for end in _ENDINGS if left.ends_with(end)), left.name)
    openers = [partial(_from_start, side, opened) for side in (left, right)]
    yield from some([desk.member(name.rpartition("/")[2], *openers)])


def _from_start(side: Side, opened: Callable[[IO[bytes]], IO[bytes]]) -> IO[bytes]:
    side.stream.seek(0)
    return opened(side.stream)


def _gzip(stream: IO[bytes]) -> IO[bytes]:
    return cast(IO[bytes], gzip.GzipFile(fileobj=stream, mode="rb"))


def _bzip2(stream: IO[bytes]) -> IO[bytes]:
    """Several streams one behind the other are one file, as bzip2 has it; BZ2File would pass over anything else."""
    return cast(IO[bytes], io.BufferedReader(_Unpacked(stream, bz2.BZ2Decompressor, several=True), CHUNK))


_Decompressor: TypeAlias = "zlib._Decompress | lzma.LZMADecompressor | bz2.BZ2Decompressor"


class _Unpacked(io.RawIOBase):
    """What a decompressor makes of a stream, to its end; nothing may follow but, of ``several``, the next."""

    def __init__(self, stream: IO[bytes], make: Callable[[], _Decompressor], *, several: bool = False) -> None:
        self._stream = stream
        self._make = make
        self._several = several
        self._unpacker = _Unpacker(make())

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        data = b""
        while not data and not (self._unpacker.ended and self._at_end()):
            data = self._unpacker.take(self._stream, len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def _at_end(self) -> bool:
        """Whether this was the last stream; else the next is begun."""
        rest = self._unpacker.rest(self._stream)
        if rest and not self._several:
            raise Unreadable("bytes behind its end")
        if rest:
            self._unpacker = _Unpacker(self._make(), rest)
        return not rest


class _Unpacker:
    """zlib's, lzma's and bz2's objects, made alike: no more bytes at a time than asked for."""

    ended = False

    def __init__(self, unpacker: _Decompressor, waiting: bytes = b"") -> None:
        self._unpacker = unpacker
        self._waiting = waiting

    def take(self, stream: IO[bytes], most: int) -> bytes:
        fresh = b"" if self._waiting or not self._needs_input else stream.read(CHUNK)
        given = self._waiting + fresh
        data = self._unpacker.decompress(given, most)
        self._waiting = getattr(self._unpacker, "unconsumed_tail", b"")
        self.ended = self._unpacker.eof
        if not (given or data or self.ended) and self._needs_input:
            raise Unreadable("cut short")
        return data

    def rest(self, stream: IO[bytes]) -> bytes:
        return self._unpacker.unused_data or stream.read(1)

    @property
    def _needs_input(self) -> bool:
        return bool(getattr(self._unpacker, "needs_input", True))


def _zlib(stream: IO[bytes]) -> IO[bytes]:
    return cast(IO[bytes], io.BufferedReader(_Unpacked(stream, zlib.decompressobj), CHUNK))


def _xz(stream: IO[bytes]) -> IO[bytes]:
    make = partial(lzma.LZMADecompressor, memlimit=_MEMORY)
    return cast(IO[bytes], io.BufferedReader(_Unpacked(stream, make), CHUNK))


GZIP = Comparator("gzip", _starts(b"\x1f\x8b\x08"), partial(_compare, opened=_gzip))
BZIP2 = Comparator("bzip2", _starts(b"BZh"), partial(_compare, opened=_bzip2))
XZ = Comparator("xz", _starts(b"\xfd7zXZ\0", b"\x5d\0\0"), partial(_compare, opened=_xz))
ZLIB = Comparator("zlib", _is_zlib, partial(_compare, opened=_zlib))
