"""What the agent's MLflow server noted beside the events: runs, models, versions of registered models."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ConfigDict, Field

from orchestrator.agent import wire
from orchestrator.execution.untrusted import open_regular
from orchestrator.model import Frozen

MAX_RUNS = 10_000
_MAX_NOTE = 16 << 20
_LATEST_MS = 2**42
"""A time in the year 2109."""


class _Noted(Frozen):
    model_config = ConfigDict(extra="ignore")


class NotedRun(_Noted):
    """One MLflow run. Times are milliseconds since the epoch."""

    run_id: str
    run_name: str
    status: str
    start_time: int = Field(0, ge=0, le=_LATEST_MS)
    end_time: int | None = Field(None, ge=0, le=_LATEST_MS)
    datasets: tuple[dict[str, Any], ...] = ()


class NotedModel(_Noted):
    """One logged model."""

    model_id: str
    name: str
    source_run_id: str
    artifact_uri: str


class NotedVersion(_Noted):
    """One version of a registered model."""

    name: str
    version: str
    location: str


@dataclass
class Notes:
    """By kind: the last note of each name, in the order in which the names first came."""

    runs: dict[int, NotedRun] = field(default_factory=dict)
    """By number."""
    models: list[NotedModel] = field(default_factory=list)
    versions: list[NotedVersion] = field(default_factory=list)

    @property
    def numbers(self) -> dict[str, int]:
        """Run id -> number."""
        return {run.run_id: number for number, run in self.runs.items()}


_KINDS: dict[str, type[_Noted]] = {"run": NotedRun, "model": NotedModel, "version": NotedVersion}


def read(record: Path) -> Notes:
    """All that was noted; what cannot be read is left out."""
    last: dict[tuple[str, str], _Noted] = {}
    for kind, name, value in _lines(record / wire.MLFLOW_NOTES):
        try:
            last[kind, name] = _KINDS[kind].model_validate(value)
        except (ValueError, KeyError, RecursionError):
            continue
    notes = Notes()
    for (_, name), value in last.items():
        if isinstance(value, NotedRun) and name.isascii() and name.isdigit() and len(notes.runs) < MAX_RUNS:
            notes.runs[int(name)] = value
        elif isinstance(value, NotedModel):
            notes.models.append(value)
        elif isinstance(value, NotedVersion):
            notes.versions.append(value)
    return notes


def _lines(file: Path) -> Iterator[tuple[str, str, Any]]:
    try:
        stream = open_regular(file)
    except OSError:
        return
    with stream:
        while line := stream.readline(_MAX_NOTE):
            try:
                kind, name, value = json.loads(line)
            except (ValueError, TypeError, RecursionError):
                continue
            if isinstance(kind, str) and isinstance(name, str):
                yield kind, name, value
