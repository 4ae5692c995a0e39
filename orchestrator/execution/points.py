"""The points of one metric in the order in which the job logged them: of a run that goes on, and of a recorded one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from orchestrator.agent import wire
from orchestrator.execution.events import parsed_apart
from orchestrator.execution.untrusted import open_regular

_CHUNK = 4 << 20


class Points:
    """Takes the bytes of an event file as they come, and has every point, whichever MLflow run it went into."""

    def __init__(self, metric: str) -> None:
        self._metric = metric
        self._quoted = wire.quote_name(metric).encode()
        self._held = b""

    def take(self, data: bytes) -> list[tuple[int, float]]:
        """The points on the lines that are whole now."""
        head, newline, tail = (self._held + data).rpartition(b"\n")
        if not newline and len(tail) > wire.MAX_LINE_BYTES:  # none of the agent's
            head, tail = b"", b""
        self._held = tail
        return list(self._on(head))

    def rest(self) -> list[tuple[int, float]]:
        """The points on the last line, once nothing more comes."""
        return self.take(b"\n")

    def _on(self, lines: bytes) -> Iterator[tuple[int, float]]:
        for event in parsed_apart(line for line in lines.split(b"\n") if self._quoted in line):
            try:
                kind, _, name, *rest, _ = wire.checked(event)
            except (ValueError, TypeError, OverflowError, RecursionError):
                continue
            if kind == "m" and name == self._metric:
                yield rest[0], rest[1]


class LivePoints:
    """What has been added to a record folder since the last look."""

    def __init__(self, record: Path, metric: str) -> None:
        self._file = record / wire.EVENTS
        self._points = Points(metric)
        self._read = 0

    def new(self) -> Iterator[tuple[int, float]]:
        """The points that came since. The folder may be gone: then there are none."""
        try:
            stream = open_regular(self._file)
        except OSError:
            return
        with stream:
            stream.seek(self._read)
            while data := stream.read(_CHUNK):
                self._read += len(data)
                yield from self._points.take(data)
