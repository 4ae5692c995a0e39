"""What the agent's MLflow server noted beside the events: runs, models, versions of registered models."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, ConfigDict, Field

from orchestrator.agent import wire
from orchestrator.execution.events import Events
from orchestrator.execution.untrusted import open_below
from orchestrator.model import Frozen

MAX_RUNS = 10_000
MAX_NAME = 250
NAME_TAG = "mlflow.runName"
_MAX_NOTE = 16 << 20
_LATEST_MS = 2**42
"""A time in the year 2109."""


class _Noted(Frozen):
    model_config = ConfigDict(extra="ignore")


class NotedRun(_Noted):
    """One MLflow run. Times are milliseconds since the epoch."""

    run_id: str
    run_name: Annotated[str, AfterValidator(lambda name: name[:MAX_NAME])]
    status: str
    start_time: int = Field(0, ge=0, le=_LATEST_MS)
    end_time: int | None = Field(None, ge=0, le=_LATEST_MS)
    artifact_uri: str = ""
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
    damaged: int = 0
    """Lines that could not be read."""
    beyond: set[int] = field(default_factory=set)
    """The numbers of runs that are too many to be told apart."""

    def numbers(self) -> dict[str, int]:
        """Run id -> number."""
        return {run.run_id: number for number, run in self.runs.items()}

    def about(self) -> list[str]:
        """What was skipped, for the reader of the record."""
        damaged = [f"{self.damaged} damaged notes of MLflow runs and models were skipped"] if self.damaged else []
        beyond = [f"{len(self.beyond)} MLflow runs beyond {MAX_RUNS} were left out"] if self.beyond else []
        return damaged + beyond


_KINDS: dict[str, type[_Noted]] = {"run": NotedRun, "model": NotedModel, "version": NotedVersion}


def read(record: Path) -> Notes:
    """All that was noted; what cannot be read is left out and counted."""
    notes = Notes()
    last: dict[tuple[str, str], _Noted] = {}
    for line in _lines(record):
        try:
            kind, name, value = _note(line)
            if kind in _KINDS:
                last[kind, name if kind != "run" else _number(name)] = _KINDS[kind].model_validate(value)
        except (ValueError, TypeError, RecursionError):
            notes.damaged += 1
    for (_, name), value in last.items():
        if isinstance(value, NotedRun):
            _add(notes, int(name), value)
        elif isinstance(value, NotedModel):
            notes.models.append(value)
        elif isinstance(value, NotedVersion):
            notes.versions.append(value)
    return notes


def complete(notes: Notes, events: Events) -> Notes:
    """With the runs whose notes are lost: what was logged into them is there all the same."""
    whole = replace(notes, runs=dict(notes.runs), beyond=set(notes.beyond))
    for number, logged in events.runs.items():
        if number and number not in notes.runs and (logged.metrics or logged.params):
            name = logged.tags.get(NAME_TAG) or f"run-{number}"
            _add(whole, number, NotedRun(run_id=f"run {number}", run_name=name, status=""))
    return whole


def _add(notes: Notes, number: int, run: NotedRun) -> None:
    if len(notes.runs) < MAX_RUNS:
        notes.runs[number] = run
    else:
        notes.beyond.add(number)


def _lines(record: Path) -> Iterator[bytes]:
    try:
        stream = open_below(record, wire.MLFLOW_NOTES)
    except OSError:
        return
    with stream:
        while line := stream.readline(_MAX_NOTE):
            yield line


def _note(line: bytes) -> tuple[str, str, Any]:
    kind, name, value = json.loads(line)
    if not isinstance(kind, str) or not isinstance(name, str):
        raise TypeError("not a note")
    json.dumps(value, ensure_ascii=False).encode()  # half a character is no text: nothing could write it down again
    return kind, name, value


def _number(name: str) -> str:
    """The number of a run, in one spelling."""
    if not re.fullmatch("[1-9][0-9]{0,15}", name):
        raise ValueError("not a number")
    return name
