"""The agent's events, read back: into a metrics table and parameters, once the run has ended; or as they come."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ConfigDict, Field, field_validator

from orchestrator.agent import wire
from orchestrator.digest import canonical
from orchestrator.errors import UsageError
from orchestrator.execution.untrusted import open_regular
from orchestrator.metrics import Series
from orchestrator.model import Frozen
from orchestrator.runspec.model import Scalar

_Known = TypeVar("_Known", bound=Frozen)
_MAX_DOCUMENT = 16 << 20
_LATEST_NS = 2**62
"""A time in the year 2116."""


@dataclass(frozen=True)
class Logged:
    """All that a job logged."""

    metrics: Mapping[str, Series]
    params: Mapping[str, Scalar]
    damaged: int
    """Lines that could not be read: cut short by a full disk, or not written by the agent."""


def read(record: Path) -> Logged:
    """Everything in the events file; a missing one is an empty one."""
    points: dict[str, list[tuple[int, float]]] = defaultdict(list)
    params: dict[str, Scalar] = {}
    damaged = 0
    for line in _lines(record / wire.EVENTS):
        try:
            event = wire.parse_line(line)
        except (ValueError, TypeError, OverflowError, RecursionError):
            damaged += 1
            continue
        if event[0] == "m":
            points[event[2]].append((event[3], event[4]))
        else:
            params[event[2]] = event[3]
    return Logged({name: Series.of(series) for name, series in points.items()}, params, damaged)


class Ended(Frozen):
    """The agent's exit record. A replay may run an agent older or newer than this program."""

    model_config = ConfigDict(extra="ignore")

    code: int = Field(ge=0, le=255)
    signal: int | None
    timed_out: bool
    stopped_by: tuple[int, ...]
    console_bytes_lost: int
    oom_kills: int = 0
    started: int
    ended: int = Field(ge=0, le=_LATEST_NS)
    cpu_seconds: float


class Started(Frozen):
    """What the agent says when the job has begun."""

    model_config = ConfigDict(extra="ignore")

    time: int = Field(ge=0, le=_LATEST_NS)
    pid: int
    environment: dict[str, Any]

    @field_validator("environment")
    @classmethod
    def _recordable(cls, value: dict[str, Any]) -> dict[str, Any]:
        try:
            canonical(value)
        except (UsageError, UnicodeError, RecursionError) as error:
            raise ValueError("this cannot be recorded") from error
        return value


def ended(record: Path) -> Ended | None:
    """The exit record, or None where it is not there or not one: a job can write to its folder too."""
    return _document(record / wire.EXIT, Ended)


def started(record: Path) -> Started | None:
    """The start record, or None where it is not there or not one."""
    return _document(record / wire.STARTED, Started)


def _document(file: Path, kind: type[_Known]) -> _Known | None:
    try:
        with open_regular(file) as stream:
            return kind.model_validate_json(stream.read(_MAX_DOCUMENT))
    except (OSError, ValueError):
        return None


def _lines(file: Path) -> Iterator[bytes]:
    try:
        stream = open_regular(file)
    except OSError:
        return
    with stream:
        while line := stream.readline(wire.MAX_LINE_BYTES):
            if line.strip():
                yield line
