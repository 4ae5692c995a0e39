"""The runs of a workspace as they stand now: recorded ones from the index, and those that are still live.

What fills an index, takes up what a crash left and reads the folders of live runs is imported only where there is
something to do: listing is to cost little.
"""

from __future__ import annotations

from orchestrator.index.port import Row, RunIndex
from orchestrator.workspace import Workspace


def ids(workspace: Workspace, prefix: str, limit: int) -> list[str]:
    """The ids of recorded and live runs that begin so, the newest first; none of runs within runs."""
    live = [row.id for row in live_rows(workspace) if row.id.startswith(prefix)]
    return sorted({*live, *ready(workspace).ids(prefix, limit)}, reverse=True)[:limit]


def ready(workspace: Workspace) -> RunIndex:
    """The index; one that was never filled is filled first: it may be new, or the old one was removed."""
    if not workspace.index.is_complete():
        from orchestrator.operations.indexing import rebuild_index

        rebuild_index(workspace)
    return workspace.index


def take_up(workspace: Workspace) -> None:
    """Take up every run that nobody looks after, where there is any."""
    if _any_live(workspace):
        from orchestrator.operations.recover import recover

        recover(workspace)


def live_rows(workspace: Workspace) -> list[Row]:
    """The runs that are not recorded yet."""
    if not _any_live(workspace):
        return []
    from orchestrator.operations.recover import live_runs

    return [
        Row(
            id=live.request.id,
            name=live.request.name,
            status="running",
            kind=live.request.origin.kind,
            of=live.request.origin.of,
            plan=str(live.request.plan),
            outcome=None,
            created=live.request.created,
        )
        for live in live_runs(workspace)
    ]


def _any_live(workspace: Workspace) -> bool:
    return any(workspace.live.iterdir())
