"""What was seen of a run while it ran: facts, and what follows from them."""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.execution import system
from orchestrator.execution.accesses import Accesses
from orchestrator.execution.system import Usage
from orchestrator.operations.hints import hints
from orchestrator.plan import Plan
from orchestrator.run import Run
from orchestrator.store.streams import read_document
from orchestrator.workspace import Workspace


@dataclass(frozen=True)
class Observed:
    """What a run used and reached for, as far as it was noted."""

    usage: Usage | None
    accesses: Accesses | None
    hints: tuple[str, ...]


def observed(workspace: Workspace, run: Run, plan: Plan) -> Observed:
    """What was seen of a recorded run.

    Raises:
        NotFound, Corruption: the notes of it are gone, or damaged.
    """
    accesses = read_document(workspace.blobs, Accesses, run.facts.accesses) if run.facts.accesses else None
    return Observed(_usage(workspace, run), accesses, hints(accesses, plan) if accesses else ())


def _usage(workspace: Workspace, run: Run) -> Usage | None:
    if run.facts.system is None:
        return None
    with workspace.blobs.get(run.facts.system) as stream:
        return system.summarise(stream)
