"""A workspace as those see it who look after its store."""

from __future__ import annotations

from typing import cast

from orchestrator.errors import Corruption
from orchestrator.execution.live import LiveRun, Request, all_in
from orchestrator.maintenance.port import Live, Premises, TidyBlobs, TidyRecords
from orchestrator.operations.announcing import PREFIX
from orchestrator.workspace import Workspace


def premises(workspace: Workspace) -> Premises:
    """The store, and who works on it."""
    return Premises(
        blobs=cast(TidyBlobs, workspace.blobs),
        records=cast(TidyRecords, workspace.records),
        claims=workspace.claims,
        live=lambda: live(workspace),
        truth=workspace.truth,
        report=workspace.report,
    )


def live(workspace: Workspace) -> Live:
    """The runs that are not recorded yet: of this machine, and those that the store has been told of."""
    requests: dict[str, Request] = {}
    unreadable = []
    for folder in all_in(workspace.live):
        try:
            if run := LiveRun.found(folder):
                requests[run.request.id] = run.request
        except (Corruption, OSError) as error:
            unreadable.append(f"{folder}: {error}")
    for key in workspace.records.list(PREFIX):
        try:
            record = workspace.records.read(key)
            if record is not None and workspace.records.read(f"runs/{key.removeprefix(PREFIX)}") is None:
                request = Request.from_bytes(record)
                requests.setdefault(request.id, request)
        except Corruption as error:
            unreadable.append(f"record {key}: {error.message}")
    return Live(tuple(requests.values()), tuple(unreadable))
