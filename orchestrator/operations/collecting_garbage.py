"""Remove runs that no rule keeps, and blobs that nothing needs."""

from __future__ import annotations

from dataclasses import dataclass, replace

from orchestrator.errors import UsageError
from orchestrator.maintenance import folder
from orchestrator.maintenance.survey import Survey, Wanted, survey
from orchestrator.maintenance.sweep import Swept, sweep
from orchestrator.operations import recover, runs
from orchestrator.operations.premises import premises
from orchestrator.workspace import Workspace


@dataclass(frozen=True)
class Garbage:
    """What may go and what stays; and, where it was to be removed, what was."""

    survey: Survey
    swept: Swept | None


def gc(workspace: Workspace, wanted: Wanted | None = None, *, delete: bool = False) -> Garbage:
    """Find what may go, and with ``delete`` remove it, while others may go on working.

    With no rule that says which runs to keep all of them stay, and only what nothing needs goes.

    Raises:
        NotFound: a run that is to be dropped is not there.
        UsageError: a rule keeps nothing, or the policy contradicts a pin.
        Corruption: something is damaged, and so nobody knows what it needs.
    """
    wanted = wanted or Wanted()
    recover.recover(workspace)
    store = premises(workspace)
    dropped = frozenset(runs.resolve(workspace, text) for text in wanted.policy.drop)
    if under_way := sorted(run_id for run_id in dropped if (workspace.live / run_id).is_dir()):
        raise UsageError(f"run {under_way[0]} is under way here", hint=f"`orchestrator stop {under_way[0]}` first")
    wanted = replace(wanted, policy=replace(wanted.policy, drop=dropped))
    found = survey(store, wanted, workspace.now())
    if not delete:
        return Garbage(found, None)
    swept = sweep(store, found, wanted, workspace.index.remove, workspace.now)
    for path, may_go in folder.left_over(workspace.home, workspace.now().timestamp()):
        if may_go:
            folder.remove(path)
    return Garbage(found, swept)
