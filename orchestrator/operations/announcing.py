"""What a run needs until it is recorded, told to a store that other machines share: they do not see our live runs."""

from __future__ import annotations

from typing import cast

from orchestrator.execution.live import ANNOUNCED, Request
from orchestrator.maintenance.port import TidyRecords
from orchestrator.workspace import Workspace


def announce(workspace: Workspace, request: Request) -> bool:
    """Say what a run needs that has begun: from now on `gc` on any machine keeps it.

    Returns whether the id was free: another machine may have given it in the same millisecond.
    """
    if workspace.settings.store is None:
        return True
    records = workspace.records
    return records.read(f"runs/{request.id}") is None and records.create(f"{ANNOUNCED}{request.id}", request.to_bytes())


def withdraw(workspace: Workspace, run_id: str) -> None:
    """The run is recorded, or never began."""
    if workspace.settings.store is not None:
        cast(TidyRecords, workspace.records).remove(f"{ANNOUNCED}{run_id}")
