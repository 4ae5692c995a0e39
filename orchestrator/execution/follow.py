"""The console of a live run, piece by piece, in the order in which it was written."""

from __future__ import annotations

from pathlib import Path
from typing import IO, NamedTuple

from orchestrator.agent import wire

_MAX_PIECE = 1 << 16


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

    def read(self) -> list[Piece]:
        """The console's new pieces."""
        pieces: list[Piece] = []
        index = self._open(wire.CONSOLE)
        while index is not None and (line := index.readline()):
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
            return [Piece(stream, file.read(min(int(length), _MAX_PIECE)))] if file else []
        except (ValueError, KeyError):
            return []

    def _open(self, name: str) -> IO[bytes] | None:
        if name not in self._files:
            try:
                self._files[name] = (self._record / name).open("rb")
            except FileNotFoundError:
                return None
        return self._files[name]
