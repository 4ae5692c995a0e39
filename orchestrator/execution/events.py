"""The agent's events, read back into series, parameters and tags, once the run has ended.

A million events take about a second: they are parsed many lines at a time, and one by one only where that fails.
"""

from __future__ import annotations

import contextlib
import gc
import json
import secrets
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from orchestrator.agent import wire
from orchestrator.execution.untrusted import open_regular
from orchestrator.metrics import Series
from orchestrator.runspec.model import Scalar

_CHUNK = 4 << 20
_BEGINNINGS = (b'["m",', b'["p",', b'["t",')
"""How each event begins. None has this inside: the quotes of a name or a text are escaped."""
_UNREADABLE = (ValueError, TypeError, OverflowError, RecursionError)


@dataclass(frozen=True)
class Logged:
    """What was logged into one run."""

    metrics: Mapping[str, Series] = field(default_factory=dict)
    params: Mapping[str, Scalar] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Events:
    """All that a job logged."""

    runs: Mapping[int, Logged]
    """By number: 0 is the job itself, the others are MLflow runs."""
    damaged: int
    """Lines that could not be read: cut short by a full disk, or not written by the agent."""

    @property
    def own(self) -> Logged:
        """What the job logged by itself."""
        return self.of(0)

    def of(self, run: int) -> Logged:
        """What was logged into a run."""
        return self.runs.get(run, Logged())


def read(record: Path) -> Events:
    """Everything in the events file; a missing one is an empty one."""
    try:
        stream = open_regular(record / wire.EVENTS)
    except OSError:
        return Events({}, 0)
    reader = _Reader()
    with stream, _no_collecting():
        for lines in _chunks(stream):
            reader.take(lines)
        return reader.events()


@contextlib.contextmanager
def _no_collecting() -> Iterator[None]:
    """Millions of small objects come and go, none in a circle: looking for circles takes a third of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


class _Reader:
    """Points go into columns, 16 bytes each."""

    def __init__(self) -> None:
        self._columns: dict[tuple[int, str], tuple[array[int], array[float]]] = {}
        self._params: dict[int, dict[str, Scalar]] = defaultdict(dict)
        self._tags: dict[int, dict[str, str]] = defaultdict(dict)
        self._damaged = 0

    def take(self, lines: list[bytes]) -> None:
        together = _parsed_together(lines)
        for event in parsed_apart(lines) if together is None else together:
            try:
                self._add(event)
            except _UNREADABLE:
                self._damaged += 1

    def events(self) -> Events:
        numbers = {run for run, _ in self._columns} | self._params.keys() | self._tags.keys()
        series: dict[int, dict[str, Series]] = defaultdict(dict)
        for (run, name), columns in self._columns.items():
            if columns[0]:  # a step that no column takes leaves an empty one
                series[run][name] = Series.of_columns(*columns)
        return Events(
            {run: Logged(series[run], self._params[run], self._tags[run]) for run in sorted(numbers)}, self._damaged
        )

    def _add(self, event: Any) -> None:
        if _is_plain_point(event):
            self._point(0, event[2], event[3], event[4])
            return
        kind, _, name, *rest, run = wire.checked(event)
        if kind == "m":
            self._point(run, name, *rest)
        elif kind == "p":
            self._params[run][name] = rest[0]
        elif rest[0] is None:
            self._tags[run].pop(name, None)
        else:
            self._tags[run][name] = rest[0]

    def _point(self, run: int, name: str, step: int, value: float) -> None:
        columns = self._columns.get((run, name))
        if columns is None:
            name.encode()  # raises where it is no text
            columns = self._columns[run, name] = array("q"), array("d")
        columns[0].append(step)
        columns[1].append(value)


def _is_plain_point(event: Any) -> bool:
    """Whether this is a point of the job itself, with numbers as JSON has them: nearly all events are."""
    return (
        type(event) is list
        and len(event) == 5
        and event[0] == "m"
        and type(event[2]) is str
        and type(event[3]) is int
        and type(event[4]) is float
    )


def _parsed_together(lines: list[bytes]) -> list[Any] | None:
    """The lines as JSON; None where one of them is not whole, or is more than one.

    A number stands between them that no line can know: two that are whole only together take it in with them.
    """
    between = secrets.randbelow(10**15)
    try:
        parsed: list[Any] = json.loads(b"[" + (b",%d," % between).join(lines) + b"]")
    except _UNREADABLE:
        return None
    apart = len(parsed) == max(0, 2 * len(lines) - 1) and parsed[1::2].count(between) == len(parsed) // 2
    return parsed[::2] if apart else None


def parsed_apart(lines: Iterable[bytes]) -> Iterator[Any]:
    """What each line holds; None for one that is damaged.

    Where a full disk cut a line short, what another process appended next stands on the same line, and is whole.
    """
    for line in lines:
        event = _parsed(line)
        yield event
        begins = max(map(line.rfind, _BEGINNINGS))
        if event is None and begins > 0 and (rest := _parsed(line[begins:])) is not None:
            yield rest


def _parsed(line: bytes) -> Any:
    try:
        return json.loads(line)
    except _UNREADABLE:
        return None


def _chunks(stream: IO[bytes]) -> Iterator[list[bytes]]:
    """Whole lines, some megabytes at a time; one that is longer than any of the agent's comes in pieces."""
    held = b""
    while piece := stream.read(_CHUNK):
        head, newline, tail = (held + piece).rpartition(b"\n")
        if not newline and len(tail) > wire.MAX_LINE_BYTES:
            head, tail = tail, b""
        yield [line for line in head.split(b"\n") if line.strip()]
        held = tail
    if held.strip():
        yield [held]
