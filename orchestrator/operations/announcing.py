"""What a run needs until it is recorded, told to a store that other machines share: they do not see our live runs."""

from __future__ import annotations

from typing import cast

from orchestrator.execution.live import Request
from orchestrator.maintenance.port import TidyRecords
from orchestrator.workspace import Workspace

PREFIX = "live/"


def announce(workspace: Workspace, request: Request) -> None:
    """Say what a run needs that has begun: from now on `gc` on any machine keeps it."""
    if workspace.settings.store is not None:
        workspace.records.create(f"{PREFIX}{request.id}", request.to_bytes())


def withdraw(workspace: Workspace, run_id: str) -> None:
    """The run is recorded, or never began."""
    if workspace.settings.store is not None:
        cast(TidyRecords, workspace.records).remove(f"{PREFIX}{run_id}")
