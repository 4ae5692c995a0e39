"""One trial: an ordinary run, watched by its judge, and what is recorded of it."""

from __future__ import annotations

import math
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from orchestrator.compare.values import printable, shorten
from orchestrator.errors import EnvironmentProblem, Interrupted
from orchestrator.execution.live import LiveRun
from orchestrator.execution.points import LivePoints, Points
from orchestrator.operations import execute, recover
from orchestrator.operations.execute import Watcher
from orchestrator.operations.pinning import with_params
from orchestrator.operations.rows import last_metrics
from orchestrator.operations.signals import Stop
from orchestrator.plan import Plan
from orchestrator.run import Run
from orchestrator.runspec.model import RunSpec
from orchestrator.runspec.sweep import SweepSpec
from orchestrator.sweep.course import Course
from orchestrator.sweep.model import SweepRecord, Told, TrialRecord
from orchestrator.sweep.window import Asked
from orchestrator.workspace import Workspace

_POLL_SECONDS = 0.1
_TAKE_UP_SECONDS = 5.0


@dataclass(frozen=True)
class Setup:
    """What all trials of a sweep share: pinned once, whatever becomes of the work tree."""

    record: SweepRecord
    spec: RunSpec
    section: SweepSpec
    plan: Plan
    image: str
    """The name that the engine makes containers by."""

    def plan_of(self, asked: Asked) -> Plan:
        """A trial's plan: what ``submit --set params.…`` would have pinned at that time."""
        return with_params(self.plan, self.spec, asked.params)


class Patience:
    """Looks at a run's points while it goes on, and has it stopped where its judge says so."""

    def __init__(self, folder: Path, record: SweepRecord, asked: Asked, stop: Stop) -> None:
        self._points = LivePoints(folder, record.metric)
        self._course = Course(asked.judge())
        self._stop = stop
        self._is_endless = record.pruner == "none"

    def look(self) -> None:
        """Take what has been logged since."""
        if not (self._is_endless or self._course.pruned) and self._course.take(self._points.new()):
            self._stop.request(signal.SIGTERM)


def run(workspace: Workspace, setup: Setup, asked: Asked, stop: Stop) -> Run:
    """Run a trial to its end, and record it as any run is. ``stop`` is shielded: its run is recorded first."""
    record = setup.record
    origin = record.origin.model_copy(update={"sweep": record.id, "trial": asked.number})
    with workspace.claims.shared():  # until the live run names what it needs
        live = execute.begin(workspace, setup.plan_of(asked), record.name, origin)
    patience = Patience(live.record, record, asked, stop)
    try:
        return execute.in_foreground(
            workspace, live, setup.image, Watcher(stop=stop, progress=lambda points: patience.look())
        )
    except Interrupted:
        return recorded(workspace, live.request.id)


def follow(workspace: Workspace, setup: Setup, asked: Asked, run_id: str, stop: Stop) -> Run | None:
    """Wait for a trial's run that a sweep before us began, and that a process of its own looks after now.

    None where its record is gone.

    Raises:
        EnvironmentProblem: nobody does, and it cannot be taken up.
    """
    folder, container = workspace.live / run_id, f"orchestrator-{run_id}"
    patience = Patience(folder / "record", setup.record, asked, stop)
    again = time.monotonic() + _TAKE_UP_SECONDS
    while folder.is_dir():
        patience.look()
        if number := stop.take():
            workspace.engine.signal(container, number if number == signal.SIGKILL else signal.SIGTERM)
        if time.monotonic() > again:
            _take_up(workspace, folder)  # where that process died too
            again += _TAKE_UP_SECONDS
        time.sleep(_POLL_SECONDS)
    return recorded(workspace, run_id) if workspace.records.read(f"runs/{run_id}") is not None else None


def _take_up(workspace: Workspace, folder: Path) -> None:
    recover.recover(workspace)
    run = LiveRun.found(folder) if folder.is_dir() else None
    if run is not None and run.hold():
        run.release()
        raise EnvironmentProblem(f"run {run.request.id}, a trial of this sweep, cannot be taken up", hint="see above")


def recorded(workspace: Workspace, run_id: str) -> Run:
    """A run from its record, without looking around for others."""
    return Run.recorded(run_id, workspace.records.read(f"runs/{run_id}") or b"")


def came_of(workspace: Workspace, record: SweepRecord, asked: Asked, ended: Run) -> tuple[Told, str]:
    """What is told of a trial, by what its run has recorded; second: why, where it has failed.

    Without a pruner nobody asks for its points.
    """
    course = Course(asked.judge())
    if record.pruner != "none" and _points(workspace, record.metric, ended, course.take):
        return course.stopped(), ""
    value, why = _value(workspace, record.metric, ended)
    return (course.failed() if value is None else course.complete(value)), why


def trial_record(setup: Setup, asked: Asked, run_id: str, told: Told, why: str = "") -> TrialRecord:
    """What is kept of a trial."""
    return TrialRecord(
        sweep=setup.record.id,
        number=asked.number,
        params=asked.params,
        run=run_id,
        state=told.state,
        value=None if told.value is None else repr(told.value),
        points=tuple((step, repr(value)) for step, value in told.points),
        why=why,
    )


def _points(workspace: Workspace, metric: str, ended: Run, take: Callable[[list[tuple[int, float]]], bool]) -> bool:
    if ended.facts.events is None:
        return False
    points = Points(metric)
    with workspace.blobs.get(ended.facts.events) as stream:
        while data := stream.read(1 << 20):
            take(points.take(data))
    return take(points.rest())


def _value(workspace: Workspace, metric: str, ended: Run) -> tuple[float | None, str]:
    if ended.status != "finished":
        return None, "; ".join([f"the run is {ended.status}", *(shorten(printable(one)) for one in ended.facts.notes)])
    values = last_metrics(workspace.blobs, ended)
    if metric not in values:
        known = ", ".join(shorten(printable(name)) for name in sorted(values)[:10]) or "none"
        return None, f"the run has no metric {metric!r}; it has {known}"
    value = float(values[metric])
    return (value, "") if math.isfinite(value) else (None, f"{metric} is {value}, no finite number")
