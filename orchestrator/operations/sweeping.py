"""Sweeps as they stand: which there are, what has come of their trials. What runs them is in ``sweep_running``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from orchestrator.errors import Corruption, NotFound, UsageError
from orchestrator.operations import recover, sweep_holding
from orchestrator.runspec.fields import Scalar
from orchestrator.runspec.load import parse
from orchestrator.runspec.model import RunSpec
from orchestrator.runspec.sweep import Direction, SweepSpec
from orchestrator.sweep.importance import by_ranks
from orchestrator.sweep.model import PREFIX, State, SweepRecord, TrialRecord, is_id, means_sweep, sweep_key, trial_key
from orchestrator.sweep.space import as_asked
from orchestrator.workspace import Workspace

Progress = Literal["running", "interrupted", "finished"]
"""running: a command of this machine is at it. interrupted: none is, and the budget is not spent."""

_LAST = "s-last"
_AMBIGUOUS = 5


@dataclass(frozen=True)
class Trial:
    """One trial; while it runs, all that is known of it is its number and its run."""

    number: int
    state: State | Literal["running"]
    run: str
    params: dict[str, Scalar]
    """Only those that vary; empty while it runs."""
    value: float | None = None
    """The objective; of a pruned trial, where it was stopped."""
    pruned_at: int | None = None
    """The step."""
    why: str = ""
    """Of a failed trial."""


@dataclass(frozen=True)
class SweepSummary:
    """A sweep in one line."""

    id: str
    name: str
    created: str
    method: str
    pruner: str
    metric: str
    direction: Direction
    trials: int
    """The budget."""
    parallel: int
    ended: int
    complete: int
    pruned: int
    failed: int
    best_value: float | None
    best_trial: int | None
    best_run: str | None
    state: Progress


@dataclass(frozen=True)
class SweepState:
    """A sweep and all of its trials."""

    summary: SweepSummary
    record: SweepRecord
    spec: RunSpec
    section: SweepSpec
    trials: tuple[Trial, ...]
    """In the order of their numbers."""
    importance: dict[str, float]
    """How much each parameter mattered, the greatest first: shares of 1. Empty where nothing can be said."""
    importance_by: Literal["fanova", "ranks"]
    """``fanova``: Optuna's, where it and scikit-learn are installed. ``ranks``: by correlation of ranks."""

    @property
    def best(self) -> Trial | None:
        """The complete trial with the best value; of equal ones the first."""
        return best(self.trials, self.record.direction)


def sweeps(workspace: Workspace) -> list[SweepSummary]:
    """All sweeps, the newest first. A damaged record is told, and left out."""
    found = []
    for sweep_id in sorted(_ids(workspace), reverse=True):
        try:
            record = _read(workspace, sweep_id)
            found.append(summary(workspace, record, [trial_of(one) for one in trial_records(workspace, record)]))
        except (Corruption, NotFound) as error:
            workspace.report(f"sweep {sweep_id} is left out: {error.message}")
    return found


def sweep_state(workspace: Workspace, text: str) -> SweepState:
    """A sweep by its id, the beginning of it, or ``s-last``.

    Raises:
        NotFound: there is none.
        UsageError: several begin so.
        Corruption: a record of it is damaged.
    """
    return state_of(workspace, find(workspace, text))


def state_of(workspace: Workspace, record: SweepRecord) -> SweepState:
    """How a sweep stands."""
    spec = spec_of(workspace, record)
    section = section_of(spec)
    ended = [_as_asked(trial_of(one), section) for one in trial_records(workspace, record)]
    known = {one.number for one in ended}
    running = [
        Trial(number, "running", run_id, {}) for number, run_id in live_trials(workspace, record) if number not in known
    ]
    trials = sorted([*ended, *running], key=lambda one: one.number)
    shares, by = importance(section, ended)
    return SweepState(summary(workspace, record, ended), record, spec, section, tuple(trials), shares, by)


def find(workspace: Workspace, text: str) -> SweepRecord:
    """The record of a sweep. Raises as :func:`sweep_state` does."""
    if is_id(text):
        return _read(workspace, text)
    ids = sorted(_ids(workspace), reverse=True)
    found = ids[:1] if text == _LAST else [sweep_id for sweep_id in ids if sweep_id.startswith(text)]
    if not found or not means_sweep(text):
        raise NotFound(f"no sweep {text!r}", hint="`orchestrator sweeps` lists them")
    if len(found) > 1:
        raise UsageError(
            f"{text!r} begins several sweeps: {', '.join(found[:_AMBIGUOUS])}", hint="write more of the id"
        )
    return _read(workspace, found[0])


def trial_records(workspace: Workspace, record: SweepRecord) -> list[TrialRecord]:
    """The trials that have ended, in the order of their numbers.

    Raises:
        Corruption: one is damaged.
    """
    found = []
    for key in workspace.records.list(f"{PREFIX}{record.id}/trial-"):
        trial = TrialRecord.from_bytes(workspace.records.read(key) or b"")
        if key != trial_key(record.id, trial.number) or trial.sweep != record.id:
            raise Corruption(f"the record {key} is that of another trial")
        found.append(trial)
    return found


def spec_of(workspace: Workspace, record: SweepRecord) -> RunSpec:
    """The spec that a sweep was asked for with, read again from its text.

    Raises:
        SpecError: this version reads it otherwise.
    """
    if record.origin.spec is None:
        raise Corruption(f"the record of {record.id} names no spec")
    with workspace.blobs.get(record.origin.spec) as stream:
        return parse(stream.read(), f"the spec of {record.id}", record.overrides)


def section_of(spec: RunSpec) -> SweepSpec:
    """The ``sweep`` section.

    Raises:
        UsageError: the spec has none.
    """
    if spec.sweep is None:
        raise UsageError("the spec has no `sweep` section", hint="docs/sweeps.md says what stands in one")
    return spec.sweep


def trial_of(record: TrialRecord) -> Trial:
    """A trial that has ended."""
    return Trial(
        number=record.number,
        state=record.state,
        run=record.run,
        params=dict(record.params),
        value=None if record.value is None else float(record.value),
        pruned_at=record.points[-1][0] if record.state == "pruned" and record.points else None,
        why=record.why,
    )


def ranked(trials: Sequence[Trial], direction: Direction) -> list[Trial]:
    """The complete trials first, the best of them at the beginning; of equal ones, and of the others, by number."""
    sign = -1 if direction == "maximize" else 1

    def place(trial: Trial) -> tuple[bool, float, int]:
        complete = trial.state == "complete" and trial.value is not None
        return not complete, sign * (trial.value or 0.0) if complete else 0.0, trial.number

    return sorted(trials, key=place)


def best(trials: Sequence[Trial], direction: Direction) -> Trial | None:
    """The complete trial with the best value; of equal ones the first."""
    complete = [one for one in trials if one.state == "complete" and one.value is not None]
    return next(iter(ranked(complete, direction)), None)


def summary(workspace: Workspace, record: SweepRecord, ended: Sequence[Trial]) -> SweepSummary:
    """A sweep in one line."""
    first = best(ended, record.direction)
    states = [one.state for one in ended]
    running = sweep_holding.is_held(workspace, record.id)
    return SweepSummary(
        id=record.id,
        name=record.name,
        created=record.created,
        method=record.method,
        pruner=record.pruner,
        metric=record.metric,
        direction=record.direction,
        trials=record.trials,
        parallel=record.parallel,
        ended=len(ended),
        complete=states.count("complete"),
        pruned=states.count("pruned"),
        failed=states.count("failed"),
        best_value=first.value if first else None,
        best_trial=first.number if first else None,
        best_run=first.run if first else None,
        state="running" if running else "finished" if len(ended) >= record.trials else "interrupted",
    )


def importance(section: SweepSpec, ended: Sequence[Trial]) -> tuple[dict[str, float], Literal["fanova", "ranks"]]:
    """How much each parameter mattered, and by what this is said."""
    complete = [one for one in ended if one.state == "complete" and one.value is not None]
    params, values = [one.params for one in complete], [one.value or 0.0 for one in complete]
    try:
        from orchestrator.sweep.with_optuna import fanova

        return fanova(section, params, values), "fanova"
    except ImportError:
        return by_ranks(params, values), "ranks"


def _as_asked(trial: Trial, section: SweepSpec) -> Trial:
    params = {name: as_asked(section.params[name], value) for name, value in trial.params.items()}
    return replace(trial, params=params)


def live_trials(workspace: Workspace, record: SweepRecord) -> Iterator[tuple[int, str]]:
    """Trials whose runs are not recorded yet, each with its run; replays of trials are none."""
    for live in recover.live_runs(workspace):
        origin = live.request.origin
        if (origin.kind, origin.sweep) == ("submit", record.id) and origin.trial is not None:
            yield origin.trial, live.request.id


def _ids(workspace: Workspace) -> list[str]:
    keys = workspace.records.list(PREFIX)
    return [key.split("/")[1] for key in keys if key.endswith("/sweep")]


def _read(workspace: Workspace, sweep_id: str) -> SweepRecord:
    data = workspace.records.read(sweep_key(sweep_id))
    if data is None:
        raise NotFound(f"no sweep {sweep_id!r}", hint="`orchestrator sweeps` lists them")
    record = SweepRecord.from_bytes(data)
    if record.id != sweep_id:
        raise Corruption(f"the record of sweep {sweep_id} is that of {record.id}")
    return record
