"""The ledger: the file through which the interposer counts, records the clock and has it fed back. Its form alone.

Little endian. Page 0: magic, mode, capacity, bytes used, when the original run began, sixteen counters. Then chunks:
a key, how many values there is room for, how many there are, the values. The interposer maps it (ledger.h); whoever
reads it here does so once the job has ended, and believes nothing: the job could write to it as well.

What is stored of a record is a ledger again, ready to be fed back: chunks without their empty room, compressed.
Standard library only: the check for GPU machines uses this file where nothing else is installed.
"""

from __future__ import annotations

import lzma
import os
import struct
from array import array
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from typing import IO, Any, NamedTuple

MAGIC = b"ORCLEDG1"
PAGE = 4096
CAPACITY = 256 << 20
"""Bytes: room for 33 million readings. The file is sparse."""

COUNTERS = (
    "readings",
    "beyond",
    "dropped",
    "waits",
    "draws",
    "thread_draws",
    "static_programs",
    "processes",
    "shared_models",
    "skipped",
)
"""In their order: clock values recorded (counted here: the library has no time for it); readings that the record did
not have; readings not recorded, for the ledger was full; deadlines that fell back to real time; requests for entropy;
those of threads other than a process's first; programs run that the library cannot reach; processes that loaded it;
models that processes write to without an order (Hogwild); recorded readings that a replay passed over."""

_HEAD = struct.Struct("<8sIIQQqq")
_COUNTS = struct.Struct(f"<{len(COUNTERS)}Q")
_COUNTS_AT = 64
_CHUNK = struct.Struct("<QII")
_VALUE = 8
_PIECE = 1 << 20
_BLOCK = 4 << 20
_WORKERS = 2
_MAX_CHUNKS = CAPACITY // 64
"""The interposer makes none that are smaller. What a process that was killed left unfinished is zeros: no obstacle."""
_MOST = 2**53 - 1
"""The largest number that JSON carries exactly."""

_FILTERS: list[dict[str, Any]] = [
    {"id": lzma.FILTER_DELTA, "dist": _VALUE},
    {
        "id": lzma.FILTER_LZMA2,
        "preset": 0,
        "mode": lzma.MODE_FAST,
        "mf": lzma.MF_HC3,
        "depth": 1,
        "nice_len": 16,
        "dict_size": 1 << 16,
        "lc": 0,
        "lp": 3,
        "pb": 3,
    },
]
"""Differences between times are small and look random: little is found by looking longer. Twice as fast as preset 0."""


class Mode(IntEnum):
    """What the interposer does with the clock."""

    COUNT = 0
    """Nothing: the ledger holds counters alone."""
    RECORD = 1
    REPLAY = 2


class Began(NamedTuple):
    """When the original run began: CLOCK_REALTIME and CLOCK_MONOTONIC, in nanoseconds."""

    realtime: int
    monotonic: int


@dataclass(frozen=True)
class Ledger:
    """What the first page says."""

    mode: int
    end: int
    """Where the chunks end at the latest: what was used, as far as the file goes."""
    began: Began
    counters: dict[str, int] = field(default_factory=dict)


class NoLedger(ValueError):
    """This is no ledger, or not one any more."""


def create(path: Path, mode: Mode, began: Began, capacity: int = CAPACITY) -> None:
    """A new, empty ledger.

    Raises:
        FileExistsError: something stands there.
    """
    with path.open("xb") as file:
        file.write(_page(mode, capacity, PAGE, began))
        file.truncate(capacity)


def restore(path: Path, packed: IO[bytes]) -> None:
    """Lay down a stored record, to be fed back.

    Raises:
        FileExistsError: something stands there.
        NoLedger: this is no stored record.
    """
    try:
        with path.open("xb") as file, lzma.open(packed) as record:
            room = CAPACITY
            while piece := record.read(_PIECE):
                if (room := room - len(piece)) < 0:
                    raise NoLedger("it unpacks to more than a ledger has")
                file.write(piece)
        with path.open("rb") as file:
            if read(file).mode != Mode.REPLAY:
                raise NoLedger("it is not ready to be fed back")
    except (lzma.LZMAError, EOFError) as error:
        raise NoLedger(str(error)) from error


def read(stream: IO[bytes]) -> Ledger:
    """The first page.

    Raises:
        NoLedger: it is none.
    """
    page = stream.read(PAGE)
    size = min(os.fstat(stream.fileno()).st_size, CAPACITY)
    if len(page) < PAGE or not page.startswith(MAGIC):
        raise NoLedger("its first page is damaged")
    _, mode, _, _, used, realtime, monotonic = _HEAD.unpack_from(page)
    counts = _COUNTS.unpack_from(page, _COUNTS_AT)
    counters = {name: min(count, _MOST) for name, count in zip(COUNTERS, counts, strict=True)}
    return Ledger(mode, min(used, size), Began(realtime, monotonic), counters)


def pack(stream: IO[bytes], ledger: Ledger) -> Iterator[bytes]:
    """The record in a ledger as it is stored, piece by piece: the same bytes for the same values."""
    with ThreadPoolExecutor(_WORKERS) as pool:
        begun: deque[Future[bytes]] = deque()
        for block in _blocks(_compact(stream, ledger)):
            begun.append(pool.submit(_compress, block))
            if len(begun) > _WORKERS:
                yield begun.popleft().result()
        for one in begun:
            yield one.result()


def readings(stream: IO[bytes], ledger: Ledger) -> int:
    """How many values a ledger holds."""
    return sum(_chunks(stream, ledger.end)[1])


def _page(mode: Mode, capacity: int, used: int, began: Began) -> bytes:
    return _HEAD.pack(MAGIC, mode, 0, capacity, used, *began).ljust(PAGE, b"\0")


def _compact(stream: IO[bytes], ledger: Ledger) -> Iterator[bytes]:
    """The ledger that a replay is given, piece by piece."""
    places, counts = _chunks(stream, ledger.end)
    size = PAGE + _CHUNK.size * len(counts) + _VALUE * sum(counts)
    yield _page(Mode.REPLAY, size, size, ledger.began)
    for place, count in zip(places, counts, strict=True):
        stream.seek(place)
        key, *_ = _CHUNK.unpack(stream.read(_CHUNK.size))
        yield _CHUNK.pack(key, count, count)
        yield from _pieces(stream, _VALUE * count)


def _chunks(stream: IO[bytes], end: int) -> tuple[array[int], array[int]]:
    """Place and count of each whole chunk that holds values."""
    places, counts = array("Q"), array("L")
    at, seen = PAGE, 0
    while at + _CHUNK.size <= end and seen < _MAX_CHUNKS:
        stream.seek(at)
        _, capacity, count = _CHUNK.unpack(stream.read(_CHUNK.size))
        after = at + _CHUNK.size + _VALUE * capacity
        if after > end:
            break  # there was no room for it
        if count and capacity:
            places.append(at)
            counts.append(min(count, capacity))
        at, seen = after, seen + 1
    return places, counts


def _pieces(stream: IO[bytes], size: int) -> Iterator[bytes]:
    while piece := stream.read(min(size, _PIECE)):
        size -= len(piece)
        yield piece


def _blocks(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in blocks that are worth a thread's while."""
    block = bytearray()
    for piece in pieces:
        block += piece
        if len(block) >= _BLOCK:
            yield bytes(block)
            block.clear()
    if block:
        yield bytes(block)


def _compress(block: bytes) -> bytes:
    return lzma.compress(block, lzma.FORMAT_XZ, lzma.CHECK_NONE, filters=_FILTERS)
