"""What a spec comes to, and what of it is there already: ``plan`` runs nothing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestrator.errors import EngineError
from orchestrator.index.query import Condition, Field, Query
from orchestrator.operations import present
from orchestrator.operations.pinning import Pinned, pin
from orchestrator.store import tree
from orchestrator.store.tree import Tree
from orchestrator.workspace import Workspace

_MANY = 1000


@dataclass(frozen=True)
class Outlook:
    """A plan, and what is cached."""

    pinned: Pinned
    code: Tree
    in_engine: bool | None
    """Whether the engine has the image; None where no engine answers."""
    ran_before: tuple[str, ...]
    """Runs of exactly this plan, the newest first."""

    def data(self) -> dict[str, Any]:
        """As JSON carries it."""
        plan = self.pinned.plan
        return {
            "digest": plan.digest,
            "plan": plan.model_dump(mode="json"),
            "git": self.pinned.git,
            "notes": list(self.pinned.notes),
            "cached": {
                "image_in_store": True,
                "image_in_engine": self.in_engine,
                "ran_before": list(self.ran_before),
            },
        }


def plan(workspace: Workspace, spec: Path, overrides: tuple[str, ...] = ()) -> Outlook:
    """Pin a spec and look around.

    Raises:
        SpecError, UsageError: the spec, its code or its data cannot be right.
        LockError: it is not locked, the lock is stale, or its image is not built yet.
    """
    pinned = pin(workspace, spec, overrides)
    try:
        in_engine = workspace.engine.find(pinned.plan.image.config, pinned.plan.image.manifest) is not None
    except EngineError:
        in_engine = None
    same_plan = Query((Condition(Field("plan"), "=", str(pinned.plan.digest)),), limit=_MANY)
    before = tuple(row.id for row in present.ready(workspace).rows(same_plan))
    return Outlook(pinned, tree.load(workspace.blobs, pinned.plan.code), in_engine, before)
