"""A workspace as those see it who look after its store."""

from __future__ import annotations

from typing import cast

from orchestrator.errors import Corruption
from orchestrator.execution.live import ANNOUNCED, Request, found_in
from orchestrator.maintenance.port import Live, Premises, TidyBlobs, TidyRecords
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
    unreadable: list[str] = []
    for run in found_in(workspace.live, lambda folder, error: unreadable.append(f"{folder}: {error}")):
        requests[run.request.id] = run.request
    for key in workspace.records.list(ANNOUNCED):
        try:
            record = workspace.records.read(key)
            if record is not None and workspace.records.read(f"runs/{key.removeprefix(ANNOUNCED)}") is None:
                request = Request.from_bytes(record)
                requests.setdefault(request.id, request)
        except Corruption as error:
            unreadable.append(f"record {key}: {error.message}")
    return Live(tuple(requests.values()), tuple(unreadable))
