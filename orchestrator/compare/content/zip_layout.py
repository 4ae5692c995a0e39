"""Where the parts of a zip archive stand, and which of its bytes belong to none of them."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Iterator
from hashlib import blake2b
from typing import IO

from orchestrator.compare.content.port import CHUNK, Desk, Unreadable, exactly, read

_Span = tuple[int, int]
_DESCRIBED = 8
_MARK = b"PK\7\x08"


def unclaimed(archive: zipfile.ZipFile, desk: Desk) -> str:
    """A digest of the bytes that belong to no member, nor to the directory; how they are spread says nothing.

    Raises:
        Unreadable: the archive is damaged, or there are more than may be read.
    """
    stream = archive.fp
    if stream is None:
        raise Unreadable("closed")
    digest, at = blake2b(), 0
    for start, end in [*sorted(_parts(archive, stream)), (stream.seek(0, 2),) * 2]:
        stream.seek(at)
        desk.budget.spend(max(start - at, 0))
        while at < start and (piece := read(stream, min(CHUNK, start - at))):
            digest.update(piece)
            at += len(piece)
        at = max(at, end)
    return digest.hexdigest()


def _parts(archive: zipfile.ZipFile, stream: IO[bytes]) -> Iterator[_Span]:
    for info in archive.filelist:
        yield _member(info, stream)
    yield from _directory(archive, stream)


def _member(info: zipfile.ZipInfo, stream: IO[bytes]) -> _Span:
    """A header, a name, extra fields, data, and their sums where these stand behind."""
    head = _at(stream, info.header_offset, 30)
    if head[:4] != b"PK\3\4":
        raise Unreadable("a member without a header")
    name, extra = struct.unpack("<HH", head[26:])
    end = info.header_offset + 30 + name + extra + info.compress_size
    return info.header_offset, end + (_sums(info, stream, end) if info.flag_bits & _DESCRIBED else 0)


def _sums(info: zipfile.ZipInfo, stream: IO[bytes], at: int) -> int:
    """The length of what stands behind a member's data and only says again what the directory does."""
    stream.seek(at)
    found = read(stream, 24)
    for sizes in ("<LQQ", "<LLL"):
        try:
            sums = struct.pack(sizes, info.CRC, info.compress_size, info.file_size)
        except struct.error:
            continue
        for described in (_MARK + sums, sums):
            if found.startswith(described):
                return len(described)
    return 0


def _directory(archive: zipfile.ZipFile, stream: IO[bytes]) -> Iterator[_Span]:
    """An entry for each member, then the end: of large archives in two further records."""
    at = archive.start_dir
    for _ in archive.filelist:
        lengths = struct.unpack("<HHH", _at(stream, at, 46)[28:34])
        yield at, at + 46 + sum(lengths)
        at += 46 + sum(lengths)
    stream.seek(at)
    more = read(stream, 56 + 20)
    if more.startswith(b"PK\6\6") and more[56:60] == b"PK\6\7":
        yield at, at + len(more)
        at += len(more)
    stream.seek(at)
    end = read(stream, 22)
    if end.startswith(b"PK\5\6"):
        yield at, at + len(end) + len(archive.comment)


def _at(stream: IO[bytes], start: int, count: int) -> bytes:
    stream.seek(start)
    return exactly(stream, count)
