"""Stop a run that goes on somewhere else: detached, or in another terminal."""

from __future__ import annotations

import signal

from orchestrator.errors import NotFound
from orchestrator.operations import recover, runs
from orchestrator.workspace import Workspace


def stop(workspace: Workspace, text: str) -> str:
    """Ask a live run to end; whoever looks after it records it. Returns its id.

    Raises:
        NotFound: no such run is live.
    """
    recover.recover(workspace)
    run_id = runs.resolve(workspace, text)
    for run in recover.live_runs(workspace):
        if run.request.id == run_id:
            workspace.engine.signal(run.container, signal.SIGTERM)
            return run_id
    raise NotFound(f"run {run_id} does not run", hint="`orchestrator ls --status running` lists those that do")
