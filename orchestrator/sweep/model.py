"""What is kept of a sweep: one record when it begins, one for each trial when that has ended. None ever changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from pydantic import Field

from orchestrator import runid
from orchestrator.digest import Digest, canonical
from orchestrator.model import Document
from orchestrator.run import Origin
from orchestrator.runspec.fields import RecordedScalar, Scalar
from orchestrator.runspec.sweep import Direction, Method, Pruner

PREFIX = "sweeps/"
_MARK = "s-"

State = Literal["complete", "pruned", "failed"]
"""complete: it has a value. pruned: stopped, as it promised little. failed: no value, for whatever reason."""

Point = tuple[int, float]
"""Step and value of the objective's metric."""


class SweepRecord(Document):
    """A sweep as it was asked for. The section itself stands in the spec's text: JSON would make 1.0 of it 1."""

    format: Literal["orchestrator.sweep/1"] = "orchestrator.sweep/1"
    id: str
    name: str
    created: str
    origin: Origin
    """As each trial has it, but for the trial's number: the spec's text and what else it was asked for with."""
    overrides: tuple[str, ...] = ()
    plan: Digest
    """Pinned once, with the spec's own params; each trial's plan is this one with other params."""
    method: Method
    metric: str
    direction: Direction
    trials: int
    """The budget; of a grid at most its size."""
    parallel: int
    pruner: Pruner
    seed: int
    sampler: str
    """What has suggested: ``orchestrator``, or Optuna and its version."""


class TrialRecord(Document):
    """A trial that has ended."""

    format: Literal["orchestrator.trial/1"] = "orchestrator.trial/1"
    sweep: str
    number: int = Field(ge=0)
    params: dict[str, RecordedScalar]
    """Only those that vary."""
    run: str
    state: State
    value: str | None = None
    """As ``repr`` writes it; of a pruned trial the value at which it was stopped."""
    points: tuple[tuple[int, str], ...] = ()
    """What a pruner looked at, up to its decision: later decisions rest on it."""
    why: str = ""
    """Of a failed trial."""

    def told(self) -> Told:
        """As a sampler is told of it."""
        points = tuple((step, float(value)) for step, value in self.points)
        return Told(self.state, None if self.value is None else float(self.value), points)


@dataclass(frozen=True)
class Told:
    """What came of a trial: all that later suggestions and prunings rest on."""

    state: State
    value: float | None = None
    points: tuple[Point, ...] = ()
    notes: Mapping[str, float] = field(default_factory=dict)
    """What its pruner noted down at its decisions; made again from the points."""


def new_id(now: datetime, chance: int) -> str:
    """An id for a sweep that begins now: a run's, marked."""
    return _MARK + runid.new(now, chance)


def is_id(text: str) -> bool:
    """Whether this is a whole sweep id."""
    return text.startswith(_MARK) and runid.is_one(text.removeprefix(_MARK)) and "." not in text


def means_sweep(text: str) -> bool:
    """Whether a person means a sweep by this: an id, or the beginning of one."""
    return text.startswith(_MARK)


def sweep_key(sweep_id: str) -> str:
    """Where the record of a sweep stands."""
    return f"{PREFIX}{sweep_id}/sweep"


def trial_key(sweep_id: str, number: int) -> str:
    """Where the record of a trial stands."""
    return f"{PREFIX}{sweep_id}/trial-{number:06d}"


def same(left: Mapping[str, Scalar], right: Mapping[str, Scalar]) -> bool:
    """Whether two suggestions are the same, as records have them: 1.0 is 1, and true is not."""
    return canonical(dict(left)) == canonical(dict(right))
