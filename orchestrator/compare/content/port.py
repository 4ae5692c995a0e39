"""What a comparator is given and what it gives. The files may be hostile: whoever looks inside them stays in bounds.

A comparator only explains. Whether the files are equal is settled by their bytes before it is asked; what it can say
beyond that is that all their content is, and it says so only where it has seen all of it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import IO, cast

from orchestrator.compare.difference import Difference

CHUNK = 1 << 20
HEAD = 512
"""Bytes of a file by which its format is told: a tar has its mark in the first block."""

_ALLOWANCE = 2 << 30
_DEPTH = 6
_IN_MEMORY = 8 << 20


class Unreadable(ValueError):
    """This is not such a file, or looking into it would take too much. The message says which, in a few words."""


@dataclass(frozen=True)
class Side:
    """One of the two files: what it is called, and its bytes, which can be moved about in."""

    name: str
    stream: IO[bytes]
    size: int

    @classmethod
    def of(cls, name: str, stream: IO[bytes]) -> Side:
        """A stream, measured."""
        return cls(name, stream, stream.seek(0, 2))

    def head(self, count: int = HEAD) -> bytes:
        """The first bytes."""
        self.stream.seek(0)
        return self.stream.read(count)

    def whole(self, most: int) -> bytes:
        """All bytes.

        Raises:
            Unreadable: there are more than ``most``.
        """
        if self.size > most:
            raise Unreadable(f"more than {most >> 20} MiB")
        return self.head(self.size)

    def ends_with(self, *endings: str) -> bool:
        """Whether the name has one of these endings, in whatever case."""
        return self.name.lower().endswith(endings)


@dataclass
class Budget:
    """Bytes that may still be unpacked or read again. Small files that unpack to huge ones use it up."""

    left: int

    def spend(self, count: int) -> None:
        """Take bytes off.

        Raises:
            Unreadable: there are not so many left.
        """
        self.left -= count
        if self.left < 0:
            raise Unreadable("too much inside: it unpacks to more than is looked at")


Opener = Callable[[], IO[bytes]]
Inspect = Callable[[Side, Side, "Desk"], Difference]


@dataclass(frozen=True)
class Desk:
    """Where a comparator works: what it may use up, and how it has files within its files looked into."""

    inspect: Inspect
    budget: Budget = field(default_factory=lambda: Budget(_ALLOWANCE))
    depth: int = 0

    @classmethod
    def for_files(cls, inspect: Inspect, *sides: Side) -> Desk:
        """A desk for these files: whoever brings much may have much read."""
        return cls(inspect, Budget(_ALLOWANCE + 4 * sum(side.size for side in sides)))

    def member(self, name: str, left: Opener, right: Opener) -> Difference | None:
        """A file within both files; None where its bytes are the same.

        Raises:
            Unreadable: files within files too deep, or too large.
        """
        if self._same(left, right):
            return None
        if self.depth >= _DEPTH:
            raise Unreadable(f"files within files, more than {_DEPTH} deep")
        with self._spooled(left) as one, self._spooled(right) as other:
            deeper = Desk(self.inspect, self.budget, self.depth + 1)
            return self.inspect(Side.of(name, one), Side.of(name, other), deeper)

    def _same(self, left: Opener, right: Opener) -> bool:
        with left() as one, right() as other:
            while True:
                pair = read(one, CHUNK), read(other, CHUNK)
                self.budget.spend(sum(map(len, pair)))
                if pair[0] != pair[1] or not pair[0]:
                    return pair[0] == pair[1]

    def _spooled(self, opener: Opener) -> IO[bytes]:
        spool = cast(IO[bytes], tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY))  # noqa: SIM115  (the caller closes it)
        with opener() as stream:
            while chunk := stream.read(CHUNK):
                self.budget.spend(len(chunk))
                spool.write(chunk)
        return spool


@dataclass(frozen=True)
class Comparator:
    """Knows one kind of file."""

    name: str
    """As it is printed: ``exact by content (npz)``."""
    knows: Callable[[Side], bool]
    """Whether a file looks like one, by its first bytes; by its name where these do not tell."""
    compare: Callable[[Side, Side, Desk], Iterable[Difference]]
    """What differs between two such files; nothing where all their content is equal. Errors of any kind mean that a
    file is damaged, or no such file after all."""


def read(stream: IO[bytes], count: int) -> bytes:
    """As many bytes as there are, up to a count: some streams give fewer at a time."""
    parts = []
    while count > 0 and (part := stream.read(count)):
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def exactly(stream: IO[bytes], count: int) -> bytes:
    """So many bytes.

    Raises:
        Unreadable: the stream ends before.
    """
    data = read(stream, count)
    if len(data) != count:
        raise Unreadable("cut short")
    return data


def some(nodes: Iterable[Difference | None]) -> Iterator[Difference]:
    """Those that are there and not equal."""
    return (node for node in nodes if node is not None and not node.equal)
