"""A part of a file: where it begins and how long it is. It is read only where it is looked at."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, cast

from orchestrator.compare.content.arrays import piece_size
from orchestrator.compare.content.port import Unreadable, exactly


@dataclass(frozen=True)
class Section:
    """Bytes ``start`` to ``end`` of a stream, which others move about in too."""

    stream: IO[bytes]
    start: int
    end: int

    def __post_init__(self) -> None:
        if not 0 <= self.start <= self.end:
            raise Unreadable("a part that ends before it begins")

    @property
    def size(self) -> int:
        """Bytes."""
        return self.end - self.start

    def pieces(self, element: int) -> Iterator[bytes]:
        """All of it, in pieces of whole elements of this size.

        Raises:
            Unreadable: the stream ends before.
        """
        at = self.start
        while at < self.end:
            self.stream.seek(at)
            yield exactly(self.stream, min(piece_size(element), self.end - at))
            at += piece_size(element)

    def opened(self) -> IO[bytes]:
        """As a stream of its own."""
        return cast(IO[bytes], io.BufferedReader(_Within(self)))


class _Within(io.RawIOBase):
    def __init__(self, section: Section) -> None:
        self._section = section
        self._at = section.start

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        self._section.stream.seek(self._at)
        data = self._section.stream.read(min(len(buffer), self._section.end - self._at))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)
