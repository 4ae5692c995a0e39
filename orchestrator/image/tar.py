"""Deterministic tar: the same entries give the same bytes. POSIX ustar, with a PAX header for long names and sizes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import IO

BLOCK = 512
_CHUNK = 1 << 20
_MAX_OCTAL_SIZE = 8**11 - 1


@dataclass(frozen=True)
class Entry:
    """One member: exactly one of ``data``, ``open``, ``link`` or none of them (a folder)."""

    mode: int = 0o644
    data: bytes | None = None
    open: Callable[[], IO[bytes]] | None = None
    size: int = 0
    """Bytes behind ``open``."""
    link: str | None = None


FOLDER = Entry(mode=0o755)


def content(entry: Entry) -> bytes:
    """The bytes of a regular file's entry."""
    if entry.open is None:
        return entry.data or b""
    with entry.open() as source:
        return source.read()


def stream(entries: Mapping[str, Entry], mtime: int) -> Iterator[bytes]:
    """The bytes of a tar of these entries, by name, every parent folder included; ``mtime`` in seconds."""
    for name, entry in _with_parents(entries):
        yield from member(name, entry, mtime)
    yield b"\0" * (2 * BLOCK)


def member(name: str, entry: Entry, mtime: int = 0) -> Iterator[bytes]:
    """The bytes of one member."""
    if entry.link is not None:
        yield header(name, 0, 0o777, b"2", mtime, entry.link)
    elif entry.data is not None:
        yield header(name, len(entry.data), entry.mode, b"0", mtime)
        yield entry.data
        yield _padding(len(entry.data))
    elif entry.open is not None:
        yield header(name, entry.size, entry.mode, b"0", mtime)
        yield from _exactly(entry.open, entry.size, name)
        yield _padding(entry.size)
    else:
        yield header(name + "/", 0, entry.mode, b"5", mtime)


def header(name: str, size: int, mode: int, kind: bytes, mtime: int, link: str = "") -> bytes:
    """A header block, with a PAX block before it where ustar has no room. Owner and group are root."""
    raw_name, raw_link = name.encode(), link.encode()
    long = [
        record
        for record, needed in (
            ((b"path", raw_name), len(raw_name) > 100),
            ((b"linkpath", raw_link), len(raw_link) > 100),
            ((b"size", b"%d" % size), size > _MAX_OCTAL_SIZE),
        )
        if needed
    ]
    pax = b""
    if long:
        body = b"".join(_pax_record(key, value) for key, value in long)
        pax = _block(b"././@PaxHeader", len(body), 0o644, b"x", mtime, b"") + body + _padding(len(body))
    return pax + _block(raw_name[:100], min(size, _MAX_OCTAL_SIZE), mode, kind, mtime, raw_link[:100])


def _with_parents(entries: Mapping[str, Entry]) -> Iterable[tuple[str, Entry]]:
    complete = dict(entries)
    for name in entries:
        while "/" in name:
            name = name.rsplit("/", 1)[0]
            complete.setdefault(name, FOLDER)
    return sorted(complete.items())


def _exactly(opener: Callable[[], IO[bytes]], size: int, name: str) -> Iterator[bytes]:
    left = size
    with opener() as source:
        while chunk := source.read(_CHUNK):
            left -= len(chunk)
            yield chunk
    if left:
        raise ValueError(f"{name}: {size} bytes were announced, {size - left} came")


def _padding(size: int) -> bytes:
    return b"\0" * (-size % BLOCK)


def _octal(number: int, width: int) -> bytes:
    return b"%0*o\0" % (width - 1, number)


def _pax_record(key: bytes, value: bytes) -> bytes:
    body = b" " + key + b"=" + value + b"\n"
    length = len(body) + 1
    while len(str(length)) + len(body) != length:
        length = len(str(length)) + len(body)
    return b"%d" % length + body


def _block(name: bytes, size: int, mode: int, kind: bytes, mtime: int, link: bytes) -> bytes:
    block = bytearray(BLOCK)
    block[0 : len(name)] = name
    block[100:108] = _octal(mode, 8)
    block[108:116] = block[116:124] = _octal(0, 8)
    block[124:136] = _octal(size, 12)
    block[136:148] = _octal(mtime, 12)
    block[148:156] = b" " * 8
    block[156:157] = kind
    block[157 : 157 + len(link)] = link
    block[257:265] = b"ustar\x0000"
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)
