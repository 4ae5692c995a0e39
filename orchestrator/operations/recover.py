"""What a crash left behind: adopted where it still runs, recorded where it has ended."""

from __future__ import annotations

from orchestrator.engine.port import ContainerSpec
from orchestrator.errors import OrchestratorError
from orchestrator.execution.live import LiveRun, all_in
from orchestrator.execution.supervise import supervise
from orchestrator.operations import execute
from orchestrator.operations.execute import Watcher
from orchestrator.run import Run
from orchestrator.workspace import Workspace


def recover(workspace: Workspace) -> None:
    """Take up every run that nobody looks after. Costs nothing where there is none.

    One that cannot be taken up now (no engine, no disk space) is told and left as it is.
    """
    for folder in all_in(workspace.live):
        run = LiveRun.found(folder)
        if run is not None and run.hold():
            try:
                _take_up(workspace, run)
            except OrchestratorError as error:
                workspace.report(f"run {run.request.id} cannot be taken up yet: {error.message}")
                run.release()


def supervise_here(workspace: Workspace, run_id: str, descriptor: int, image: str | None) -> Run | None:
    """What the background process does: look after a run whose lock was handed on to it."""
    run = LiveRun.found(workspace.live / run_id)
    if run is None:
        return None
    run.take_over(descriptor)
    if image is not None:
        return execute.in_foreground(workspace, run, image, Watcher())
    return _finish(workspace, run)


def _take_up(workspace: Workspace, run: LiveRun) -> None:
    state = None if _recorded(workspace, run) else workspace.engine.inspect(run.container)
    if state is not None and state.status == "running":
        workspace.report(f"run {run.request.id} is still running and was left alone: taken up again")
        execute.in_background(workspace, run, None)
    else:
        workspace.report(f"run {run.request.id} was left behind by a crash: recording how it ended")
        _finish(workspace, run)


def _finish(workspace: Workspace, run: LiveRun) -> Run:
    recorded = _recorded(workspace, run)
    if recorded is not None:
        execute.record(workspace, recorded)  # the crash may have come before the index knew
    plan = execute.load_plan(workspace, run)
    with_ = execute.supervision(workspace, run, plan, _never, Watcher())
    return supervise(run, with_, may_launch=False, recorded=recorded)


def _recorded(workspace: Workspace, run: LiveRun) -> Run | None:
    record = workspace.records.read(f"runs/{run.request.id}")
    return Run.from_bytes(record) if record else None


def _never() -> ContainerSpec:
    raise AssertionError("a run that was found is never launched")
