"""The console of a live run, piece by piece, in the order in which it was written."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, NamedTuple

from orchestrator.agent import wire
from orchestrator.execution.untrusted import open_regular

_MAX_READ = 8 << 20
_MAX_LINE = 256
_TAIL = 1 << 14


class Piece(NamedTuple):
    """Some bytes of one stream."""

    stream: str
    """``stdout`` or ``stderr``."""
    data: bytes


class Follower:
    """Reads what has been added to a record folder since the last look.

    ``open_file`` opens one of its files, and raises an OSError where there is none.
    """

    def __init__(self, record: Path, open_file: Callable[[Path], IO[bytes]] = open_regular) -> None:
        self._record = record
        self._open_file = open_file
        self._files: dict[str, IO[bytes]] = {}
        self._passed = dict.fromkeys(wire.STREAM_OF.values(), 0)  # bytes handed on

    def drain(self) -> Iterator[Piece]:
        """All that is there, once nothing more is written."""
        while pieces := self.read():
            yield from pieces

    def read(self) -> list[Piece]:
        """The console's new pieces, some at a time: a job that writes without end must not keep us here."""
        pieces: list[Piece] = []
        size = 0
        index = self._index()
        while index is not None and size < _MAX_READ and (line := index.readline(_MAX_LINE)):
            if not line.endswith(b"\n"):
                index.seek(-len(line), 1)  # the agent is writing it
                break
            for piece in self._piece(line):
                pieces.append(piece)
                size += len(line) + len(piece.data)
        return pieces

    def tails(self) -> list[Piece]:
        """The line that each stream has begun, after all that was read: to be looked at, and no part of the record."""
        tails = [Piece(stream, self._tail(letter, stream)) for letter, stream in wire.STREAM_OF.items()]
        return [tail for tail in tails if tail.data]

    def close(self) -> None:
        """Close the files."""
        for file in self._files.values():
            file.close()

    def _piece(self, line: bytes) -> list[Piece]:
        try:
            _, letter, length = line.split()
            stream = wire.STREAM_OF[letter.decode()]
            file = self._open(stream)
            size = max(0, min(int(length), wire.MAX_PIECE))
        except (ValueError, KeyError):
            return []
        data = file.read(size) if file else b""
        self._passed[stream] += len(data)
        return [Piece(stream, data)] if file else []

    def _tail(self, letter: str, stream: str) -> bytes:
        file = self._open(wire.TAIL_OF[letter])
        if file is None:
            return b""
        head, _, text = os.pread(file.fileno(), wire.MAX_TAIL + _MAX_LINE, 0).partition(b"\n")
        try:
            offset, length = map(int, head.split())
        except ValueError:
            return b""
        return text[: max(0, length)] if offset == self._passed[stream] else b""

    def _index(self) -> IO[bytes] | None:
        """The streams are opened with it: the folder goes as soon as the run is recorded."""
        if wire.CONSOLE not in self._files:
            for name in (wire.CONSOLE, *self._passed):
                self._open(name)
        return self._files.get(wire.CONSOLE)

    def _open(self, name: str) -> IO[bytes] | None:
        if name not in self._files:
            try:
                self._files[name] = self._open_file(self._record / name)
            except OSError:
                return None
        return self._files[name]


def latest_points(record: Path) -> dict[str, tuple[int, float]]:
    """Each metric's last (step, value) among the latest events: what a progress line shows."""
    try:
        with open_regular(record / wire.EVENTS) as stream:
            start = max(0, stream.seek(0, 2) - _TAIL)
            stream.seek(start)
            lines = stream.read(_TAIL).split(b"\n")[1 if start else 0 :]
    except OSError:
        return {}
    points = {}
    for line in lines:
        with contextlib.suppress(ValueError, TypeError, OverflowError, RecursionError):
            event = wire.parse_line(line)
            if event[0] == "m":
                points[event[2]] = (event[3], event[4])
    return points
