"""The console of a live run, piece by piece, in the order in which it was written."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, NamedTuple

from orchestrator.agent import wire
from orchestrator.execution.untrusted import open_regular

_MAX_PIECE = 1 << 16
_MAX_PIECES = 256
_MAX_LINE = 256
_TAIL = 1 << 14


class Piece(NamedTuple):
    """Some bytes of one stream."""

    stream: str
    """``stdout`` or ``stderr``."""
    data: bytes


class Follower:
    """Reads what has been added to a record folder since the last look."""

    def __init__(self, record: Path) -> None:
        self._record = record
        self._files: dict[str, IO[bytes]] = {}

    def drain(self) -> Iterator[Piece]:
        """All that is there, once nothing more is written."""
        while pieces := self.read():
            yield from pieces

    def read(self) -> list[Piece]:
        """The console's new pieces, some at a time: a job that writes without end must not keep us here."""
        pieces: list[Piece] = []
        index = self._open(wire.CONSOLE)
        while index is not None and len(pieces) < _MAX_PIECES and (line := index.readline(_MAX_LINE)):
            if not line.endswith(b"\n"):
                index.seek(-len(line), 1)  # the agent is writing it
                break
            pieces += self._piece(line)
        return pieces

    def close(self) -> None:
        """Close the files."""
        for file in self._files.values():
            file.close()

    def _piece(self, line: bytes) -> list[Piece]:
        try:
            _, letter, length = line.split()
            stream = wire.STREAM_OF[letter.decode()]
            file = self._open(stream)
            size = max(0, min(int(length), _MAX_PIECE))
            return [Piece(stream, file.read(size))] if file else []
        except (ValueError, KeyError):
            return []

    def _open(self, name: str) -> IO[bytes] | None:
        if name not in self._files:
            try:
                self._files[name] = open_regular(self._record / name)
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
