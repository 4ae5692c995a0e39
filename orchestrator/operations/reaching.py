"""Whether what the settings name can be reached: a team's store and index, the second store, the registry."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice

from orchestrator.digest import Digest
from orchestrator.errors import OrchestratorError
from orchestrator.registry.reference import parse
from orchestrator.registry.repository import connect
from orchestrator.workspace import Workspace

Answer = tuple[str, str, OrchestratorError | None]
"""What was asked, where or what it said, and why it did not answer."""

_NOBODY = Digest.of(b"no run has made this")


def reach(workspace: Workspace) -> list[Answer]:
    """Ask everything that is configured for something small."""
    settings = workspace.settings
    asked: list[tuple[str, str | None, Callable[[], object]]] = [
        ("store", settings.shown("store"), lambda: list(islice(workspace.records.list("runs/"), 1))),
        ("second-store", settings.shown("second-store"), lambda: _has(workspace)),
        ("index", settings.shown("index"), lambda: workspace.index.state()),
        ("registry", settings.registry, lambda: _ask_registry(settings.registry or "")),
    ]
    return [(name, where, _problem(ask)) for name, where, ask in asked if where is not None]


def _has(workspace: Workspace) -> bool:
    return workspace.second_blobs is not None and workspace.second_blobs.has(_NOBODY)


def _ask_registry(place: str) -> bool:
    found = parse(place)
    return connect(found.host, found.repository, write=False).has(_NOBODY)


def _problem(ask: Callable[[], object]) -> OrchestratorError | None:
    try:
        ask()
    except OrchestratorError as error:
        return error
    return None
