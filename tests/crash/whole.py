"""Whether a store is whole: its records can be read, what they name is there, and every blob is what its name says."""

from __future__ import annotations

from orchestrator.digest import Digest
from orchestrator.references.follow import Walk
from orchestrator.run import Run
from orchestrator.workspace import Workspace


def runs(workspace: Workspace) -> dict[str, Run]:
    """Every recorded run."""
    records = workspace.records
    read = (Run.from_bytes(records.read(key) or b"") for key in records.list("runs/"))
    return {run.id: run for run in read}


def check_needs(workspace: Workspace, run: Run) -> None:
    """Everything that a run names is there."""
    for reference in Walk(workspace.blobs).run(run):
        assert workspace.blobs.has(reference.digest), reference


def check_blobs(workspace: Workspace) -> None:
    """Hash every blob."""
    for digest in workspace.blobs.list():
        with workspace.blobs.get(digest) as stream:
            assert Digest.of_stream(stream) == digest
