"""What a crash left behind: adopted where it still runs, recorded where it has ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Never

from orchestrator.compare.values import printable
from orchestrator.errors import Corruption, NotFound, OrchestratorError
from orchestrator.execution.collect import Collected
from orchestrator.execution.live import LiveRun, found_in
from orchestrator.execution.supervise import supervise
from orchestrator.failpoint import reached
from orchestrator.operations import execute
from orchestrator.operations.execute import Watcher
from orchestrator.run import Facts, Run
from orchestrator.workspace import Workspace


def recover(workspace: Workspace) -> None:
    """Take up every run that nobody looks after. Costs nothing where there is none.

    One that cannot be taken up now (no engine, no disk space) is told and left as it is.
    """
    for run in live_runs(workspace):
        if run.hold():
            reached("recover.held")
            try:
                _take_up(workspace, run)
            except Exception as error:  # whatever one run has come to, it is no reason to stop the others
                workspace.report(f"run {run.request.id} cannot be taken up yet: {printable(str(error))}")
                run.release()


def live_runs(workspace: Workspace) -> Iterator[LiveRun]:
    """Every run of this store that is not recorded yet, oldest first. One home may serve several stores.

    A damaged folder is told, and is no obstacle to the others.
    """
    tell = lambda folder, error: workspace.report(f"{folder} cannot be read: {error}")  # noqa: E731
    for run in found_in(workspace.live, tell):
        if run.request.store == workspace.settings.store:
            yield run


def live_run(workspace: Workspace, run_id: str) -> LiveRun | None:
    """This run, where it is not recorded yet."""
    return next((run for run in live_runs(workspace) if run.request.id == run_id), None)


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
        reached("recover.adopted")
    else:
        workspace.report(f"run {run.request.id} was left behind by a command that ended early: recording how it ended")
        _finish(workspace, run)


def _finish(workspace: Workspace, run: LiveRun) -> Run:
    recorded = _recorded(workspace, run)
    collect: Callable[[], Collected] = _never
    if recorded is not None:
        execute.index(workspace, recorded)  # the crash may have come before the index knew
        reached("recover.indexed")
    else:
        try:
            collect = execute.collector(workspace, run, execute.load_plan(workspace, run))
        except (NotFound, Corruption) as error:
            return _give_up(workspace, run, error)
    with_ = execute.supervision(workspace, container=_never, collect=collect, watcher=Watcher())
    return supervise(run, with_, may_launch=False, recorded=recorded)


def _give_up(workspace: Workspace, run: LiveRun, why: OrchestratorError) -> Run:
    """Record a run whose plan is gone: nothing can be made of what it left."""
    request = run.request
    lost = Run(
        id=request.id,
        name=request.name,
        status="lost",
        plan=request.plan,
        outcome=None,
        origin=request.origin,
        facts=Facts(created=request.created, ended=workspace.timestamp(), notes=(f"its plan is gone: {why.message}",)),
    )
    workspace.engine.remove(run.container)
    execute.record(workspace, Collected(lost))
    run.remove()
    return lost


def _recorded(workspace: Workspace, run: LiveRun) -> Run | None:
    record = workspace.records.read(f"runs/{run.request.id}")
    return Run.from_bytes(record) if record else None


def _never() -> Never:
    raise AssertionError("a run that was found is not launched, a recorded one not collected")
