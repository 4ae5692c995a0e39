"""The first line in which two streams differ, in bounded memory."""

from __future__ import annotations

from typing import IO

from orchestrator.compare.first import FirstLine
from orchestrator.compare.values import LIMIT, printable, shorten
from orchestrator.digest import Digest
from orchestrator.store.port import BlobStore

_CHUNK = 1 << 20
_BEFORE = LIMIT // 5
"""Bytes of a line that are shown before the place where it differs: few enough for when they are escaped."""
_AFTER = LIMIT * 4


def first_difference(left: Digest, right: Digest, blobs: BlobStore, chunk: int = _CHUNK) -> FirstLine | None:
    """The first differing line of two blobs.

    Both are read to their end even so: only then has the store vouched for what is shown.
    """
    with blobs.get(left) as one, blobs.get(right) as other:
        found = first_line(one, other, chunk)
        for stream in (one, other):
            while stream.read(chunk):
                pass
    return found


def first_line(left: IO[bytes], right: IO[bytes], chunk: int = _CHUNK) -> FirstLine | None:
    """The first differing line of what is left in two streams; read no further than that."""
    number, head = 1, b""
    while True:
        one, other = _fill(left, chunk), _fill(right, chunk)
        at = common(one, other)
        number += one.count(b"\n", 0, at)
        head = _current_line(head, one[:at])
        if one != other:
            return _show(number, head, _after(one, at, left), _after(other, at, right))
        if not one:
            return None


def _fill(stream: IO[bytes], size: int) -> bytes:
    """As many bytes as there are, up to a size: a network stream may give fewer at a time."""
    parts = []
    while size > 0 and (part := stream.read(size)):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def common(left: bytes, right: bytes) -> int:
    """The length of the common beginning, by bisection: slices compare fast, single bytes do not."""
    low, high = 0, min(len(left), len(right))
    while low < high:
        middle = (low + high + 1) // 2
        if left[low:middle] == right[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _current_line(head: bytes, common: bytes) -> bytes:
    """The end of the line being read: one byte more than is shown tells that there was more."""
    line = common.rpartition(b"\n")[2] if b"\n" in common else head + common
    return line[-_BEFORE - 1 :]


def _after(chunk: bytes, at: int, stream: IO[bytes]) -> bytes:
    """What follows the place of the difference, as far as it can be shown."""
    return chunk[at : at + _AFTER] + _fill(stream, _AFTER - len(chunk) + at)


def _show(number: int, head: bytes, left: bytes, right: bytes) -> FirstLine:
    one, other = _line(head, left), _line(head, right)
    if one.endswith(b"\n") and other.endswith(b"\n"):
        return FirstLine(number=number, left=_text(head, one[:-1]), right=_text(head, other[:-1]))
    before, after = (_text(head, side) if side else None for side in (one, other))
    return FirstLine(number=number, left=before, right=after)


def _line(head: bytes, rest: bytes) -> bytes:
    line, newline, _ = rest.partition(b"\n")
    return head[-_BEFORE:] + line + newline


def _text(head: bytes, line: bytes) -> str:
    mark = "…" if len(head) > _BEFORE else ""
    return shorten(mark + printable(line.decode("utf-8", "backslashreplace")))
