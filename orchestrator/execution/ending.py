"""The agent's documents, read back: how a run started and ended."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import ConfigDict, Field, field_validator

from orchestrator.agent import wire
from orchestrator.digest import canonical
from orchestrator.errors import UsageError
from orchestrator.execution.untrusted import open_regular
from orchestrator.model import Frozen

_Known = TypeVar("_Known", bound=Frozen)
_MAX_DOCUMENT = 16 << 20
_MAX_NOTES = 20
Note = Annotated[str, Field(max_length=500)]
_LATEST_NS = 2**62
"""A time in the year 2116."""


class Ended(Frozen):
    """The agent's exit record. A replay may run an agent older or newer than this program."""

    model_config = ConfigDict(extra="ignore")

    code: int = Field(ge=0, le=255)
    signal: int | None
    timed_out: bool
    stopped_by: tuple[int, ...]
    console_bytes_lost: int
    console_bytes_folded: int = 0
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
    notes: tuple[Note, ...] = Field((), max_length=_MAX_NOTES)
    """What of the plan could not be had."""

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
