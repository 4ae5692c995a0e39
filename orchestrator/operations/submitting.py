"""Submit a spec: pin it, build or find its image, run it, record it."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path

from orchestrator.bundle import imported
from orchestrator.digest import Digest
from orchestrator.errors import Corruption, NotFound
from orchestrator.execution.live import LiveRun
from orchestrator.failpoint import reached
from orchestrator.index.query import Condition, Field, Query
from orchestrator.lock import export
from orchestrator.operations import building, contract, execute, present, recover, runs
from orchestrator.operations.execute import Watcher
from orchestrator.operations.listing import NOT_ARCHIVED
from orchestrator.operations.pinning import Pinned, pin_and_build
from orchestrator.plan import Plan
from orchestrator.run import CertificateRecord, Origin, Run
from orchestrator.store.streams import put_bytes
from orchestrator.workspace import Workspace

_LOOKED_AT = 10
"""Runs of one plan."""


@dataclass(frozen=True)
class Submitted:
    """A run that has begun; ``run`` is None while it goes on in the background."""

    id: str
    plan: Plan
    plan_digest: Digest
    run: Run | None
    certificate: CertificateRecord | None = None
    """Where one was asked for (``certify``), and the run came to an end."""
    reused: bool = False
    """It ran before, and nothing ran now."""


def submit(
    workspace: Workspace,
    spec: Path,
    *,
    overrides: tuple[str, ...] = (),
    detach: bool = False,
    reuse: bool = False,
    watcher: Watcher | None = None,
) -> Submitted:
    """Submit a runspec. Where its plan ran before, that is reported.

    Args:
        workspace: where.
        spec: the file, or the folder of a ``runspec.yaml``.
        overrides: ``params.x=…`` and the like.
        detach: return at once; a process of its own looks after the run.
        reuse: where this very plan has run and finished, return that run, and run nothing.
        watcher: sees the console and may stop the run.

    Raises:
        SpecError, LockError, UsageError: the spec, its lock, code or data cannot be right. Nothing has run.
        EnvironmentProblem: this CPU lacks what the plan pins arithmetic to.
        EngineError: no engine answers, or it refused.
        Interrupted: stopped by a signal; the run is recorded.
    """
    reached("submit.asked")
    recover.recover(workspace)
    reached("submit.recovered")
    with workspace.claims.shared():  # until the live run names what it needs
        pinned = pin_and_build(workspace, spec, overrides)
        if (earlier := ran_before(workspace, pinned.plan, fill=reuse)) is not None:
            if reuse:
                return Submitted(earlier.id, pinned.plan, earlier.plan, earlier, reused=True)
            workspace.report(f"this plan ran before: {earlier.id}; `submit --reuse` returns that run")
        contract.check_submit(workspace, pinned.plan)
        image = building.load(workspace, pinned.built.image)
        live = execute.begin(workspace, pinned.plan, pinned.spec.spec.name, origin_of(workspace, pinned))
    reached("submit.begun")
    workspace.report(f"run {live.request.id}")
    reached("submit.announced")
    return run_to_end(workspace, live, pinned.plan, image, detach=detach, watcher=watcher)


def ran_before(workspace: Workspace, plan: Plan, *, fill: bool) -> Run | None:
    """The newest finished run of this very plan that was submitted here: no replay, nothing imported or put away.

    ``fill``: an index that was never filled is filled first, which may take long; else nothing is known of it.
    """
    if fill:
        present.ready(workspace)
    elif not workspace.index.is_complete():
        return None
    wanted = [("plan", str(plan.digest)), ("status", "finished"), ("kind", "submit")]
    where = tuple(Condition(Field(name), "=", value) for name, value in wanted)
    for row in workspace.index.rows(Query((*where, NOT_ARCHIVED), limit=_LOOKED_AT)):
        with contextlib.suppress(NotFound, Corruption):  # it is no reason to run nothing
            run = runs.find(workspace, row.id)
            if imported.of(run.id, workspace.records) is None:
                return run
    return None


def run_to_end(
    workspace: Workspace, live: LiveRun, plan: Plan, image: str, *, detach: bool, watcher: Watcher | None
) -> Submitted:
    """Look after a run that has begun, here or in the background."""
    run_id, digest = live.request.id, live.request.plan
    if detach:
        execute.in_background(workspace, live, image)
        reached("submit.detached")
        return Submitted(run_id, plan, digest, None)
    return Submitted(run_id, plan, digest, execute.in_foreground(workspace, live, image, watcher or Watcher()))


def origin_of(workspace: Workspace, pinned: Pinned) -> Origin:
    """Who asks for a run of this, and from what: the texts are stored."""
    lock = pinned.built.lock
    return Origin(
        kind="submit",
        spec=put_bytes(workspace.blobs, pinned.spec.text),
        git=pinned.git,
        requirements=put_bytes(workspace.blobs, export.requirements_txt(lock).encode()),
        conda=put_bytes(workspace.blobs, export.conda_environment(lock, pinned.spec.spec.name).encode()),
    )
