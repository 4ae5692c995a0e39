"""Keep a run, whatever gc is told."""

from __future__ import annotations

from typing import cast

from orchestrator.maintenance import pins
from orchestrator.maintenance.pins import Pin
from orchestrator.maintenance.port import TidyRecords
from orchestrator.operations import runs
from orchestrator.workspace import Workspace


def pin(workspace: Workspace, run: str, note: str = "") -> Pin:
    """Pin a run: gc keeps it, its replays, and what they need. A run that is pinned already stays as it is.

    Raises:
        NotFound: there is no such run.
    """
    with workspace.claims.shared():
        run_id = runs.find(workspace, run).id
        made = Pin(run=run_id, created=workspace.timestamp(), note=note)
        if workspace.records.create(pins.key(run_id), made.to_bytes()):
            return made
    return pins.read(workspace.records, run_id) or made


def unpin(workspace: Workspace, run: str) -> str:
    """Take a run's pin away; returns its id. Nothing happens where it has none.

    Raises:
        NotFound: there is no such run.
    """
    run_id = runs.find(workspace, run).id
    cast(TidyRecords, workspace.records).remove(pins.key(run_id))
    return run_id
