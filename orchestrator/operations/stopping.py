"""Stop a run that goes on somewhere else: detached, or in another terminal."""

from __future__ import annotations

import signal
import time

from orchestrator.agent import wire
from orchestrator.errors import NotFound
from orchestrator.execution.live import LiveRun
from orchestrator.operations import recover, runs
from orchestrator.workspace import Workspace

_POLL_SECONDS = 0.05


def stop(workspace: Workspace, text: str) -> str:
    """Ask a live run to end; whoever looks after it records it. Returns its id.

    Raises:
        NotFound: no such run is live.
    """
    recover.recover(workspace)
    run_id = runs.resolve(workspace, text)
    run = recover.live_run(workspace, run_id)
    if run is None:
        raise NotFound(f"run {run_id} does not run", hint="`orchestrator ls --status running` lists those that do")
    _wait_for_start(run)
    workspace.engine.signal(run.container, signal.SIGTERM)
    return run_id


def _wait_for_start(run: LiveRun) -> None:
    """Before the job has begun, nothing in the container would hear a signal."""
    while run.record.is_dir() and not (run.record / wire.STARTED).exists():
        time.sleep(_POLL_SECONDS)
