"""The agent's events, read back: into a metrics table and parameters, once the run has ended; or as they come."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestrator.agent import wire
from orchestrator.metrics import Series
from orchestrator.runspec.model import Scalar

_MAX_LINE = 1 << 20


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


def read_json(record: Path, name: str) -> dict[str, Any] | None:
    """One of the agent's documents, or None where it is not there or no document."""
    try:
        value = json.loads((record / name).read_bytes())
    except (OSError, ValueError):
        return None
    return value if isinstance(value, dict) else None


def _lines(file: Path) -> Iterator[bytes]:
    try:
        handle = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return
    with os.fdopen(handle, "rb") as stream:
        while line := stream.readline(_MAX_LINE):
            if line.strip():
                yield line
