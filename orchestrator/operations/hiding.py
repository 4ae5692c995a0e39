"""What a job writes, on its way to somebody who looks on: without the values of secrets.

The agent has hidden them already. But a job can write into its record folder by itself, and so cut a value in two.
"""

from __future__ import annotations

from collections.abc import Iterable

from orchestrator.agent import wire
from orchestrator.agent.redact import Secrets, Stream
from orchestrator.execution.follow import Piece


class Hiding:
    """The pieces of one run's console, one after the other."""

    def __init__(self, secrets: Secrets) -> None:
        self._streams = {name: Stream(secrets) for name in wire.STREAM_OF.values()}

    def piece(self, piece: Piece) -> Piece:
        """The piece as it may be shown; what could be the beginning of a value comes with a later one."""
        return piece._replace(data=self._streams[piece.stream].feed(piece.data))

    def tails(self, tails: Iterable[Piece]) -> list[Piece]:
        """Lines that have begun, as they may be shown now."""
        return [tail._replace(data=self._streams[tail.stream].preview(tail.data)) for tail in tails]

    def rest(self) -> list[Piece]:
        """What was held back, once nothing more comes."""
        rest = [Piece(name, stream.finish()) for name, stream in self._streams.items()]
        return [piece for piece in rest if piece.data]
