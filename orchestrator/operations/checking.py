"""Check the store, whole or what some runs need of it; and mend it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from orchestrator import runid
from orchestrator.image.debian import provide
from orchestrator.image.debian_bootstrap import workshop
from orchestrator.image.debian_recipe import parse_recipe
from orchestrator.lock.fetch import fetch
from orchestrator.lock.model import DebianBase, Lock
from orchestrator.lock.target import Target
from orchestrator.maintenance import folder
from orchestrator.maintenance.check import check, check_runs
from orchestrator.maintenance.finding import Checked, Finding
from orchestrator.maintenance.indexed import compare
from orchestrator.maintenance.mend import Sources, mend
from orchestrator.operations import building, indexing, runs, sweeping
from orchestrator.operations.premises import premises
from orchestrator.operations.rows import Rows
from orchestrator.plan import Plan
from orchestrator.store.local import LocalBlobs
from orchestrator.store.port import BlobStore
from orchestrator.store.streams import read_document
from orchestrator.sweep.model import means_sweep
from orchestrator.workspace import Workspace


def fsck(workspace: Workspace, only: tuple[str, ...] = (), *, repair: bool = False, quick: bool = False) -> Checked:
    """Check the store: records, blobs, what they need of each other, the index, what lies about.

    Args:
        workspace: where.
        only: check what these runs need, and nothing else.
        repair: set damage aside, and bring back what can be had: from the second store, from an image's lock, from
            where packages are fetched. The index is filled anew where it differs. What dead processes left goes.
        quick: read no blobs but documents; the others are only looked for.

    Raises:
        NotFound: there is no such run.
    """
    store = premises(workspace)
    if only:
        done = check_runs(store, [runs.find(workspace, run) for run in only], quick=quick)
    else:
        done = check(store, quick=quick)
        done = replace(done, findings=(*done.findings, *_indexed(workspace), *_lying_about(workspace, repair=repair)))
    if not repair:
        return done
    sources = Sources(_other_stores(workspace), workspace.second_records, lambda run: _remake(workspace, run))
    with workspace.claims.shared():
        findings = mend(store, done.findings, sources)
    return replace(done, findings=tuple(_mend_index(workspace, findings)))


def _other_stores(workspace: Workspace) -> tuple[BlobStore, ...]:
    """The second store; and what is here of one that lies elsewhere."""
    copies = LocalBlobs(workspace.home) if workspace.settings.store is not None else None
    return tuple(store for store in (workspace.second_blobs, copies) if store is not None)


def _indexed(workspace: Workspace) -> Iterator[Finding]:
    live = {request.id for request in premises(workspace).live().requests}
    rows = Rows(workspace.blobs, workspace.records)
    yield from compare(workspace.index, workspace.records, rows.of, live)


def _mend_index(workspace: Workspace, findings: list[Finding]) -> list[Finding]:
    """An index that differs is filled anew; so is one of whose runs one has come back, or is gone for good."""
    if not any(finding.kind in ("index", "missing record", "damaged record") for finding in findings):
        return findings
    count = indexing.rebuild_index(workspace).runs
    done = f"filled anew with {count} runs"
    return [replace(finding, mended=done) if finding.kind == "index" else finding for finding in findings]


def _lying_about(workspace: Workspace, *, repair: bool) -> Iterator[Finding]:
    if workspace.settings.store is None:
        yield from folder.foreign_files(workspace.home)
    for path, may_go in folder.left_over(workspace.home, workspace.now().timestamp()):
        if repair and may_go:
            folder.remove(path)
        removed = "removed" if repair and may_go else ""
        yield Finding(
            "left over", str(path), "of a process that died" if may_go else "less than a day old", mended=removed
        )


def _remake(workspace: Workspace, run_id: str) -> None:
    """Have all that a run's image is made of, and the image, in the store.

    Raises:
        OrchestratorError: something cannot be had.
    """
    plan = _plan_of(workspace, run_id)
    lock = read_document(workspace.blobs, Lock, plan.image.lock)
    fetch(lock.wheels, Target(lock.base.python, lock.base.glibc), workspace.blobs)
    if lock.base.kind == "debian" and lock.base.origin is not None:
        _fetch_debs(workspace, read_document(workspace.blobs, DebianBase, lock.base.origin), lock.base.name)
    building.from_lock(workspace, lock)


def _plan_of(workspace: Workspace, needing: str) -> Plan:
    """Of a run; or of a sweep, where it is one that needs something."""
    if means_sweep(needing):
        return read_document(workspace.blobs, Plan, sweeping.find(workspace, needing).plan)
    return runs.plan_of(workspace, runs.find(workspace, runid.top(needing)))


def _fetch_debs(workspace: Workspace, base: DebianBase, name: str) -> None:
    if all(workspace.blobs.has(pin.sha256) for pin in base.debs):
        return
    with workspace.blobs.get(base.recipe) as stream:
        recipe = parse_recipe(stream.read(), name)
    with workshop(workspace.scratch) as scratch:
        provide(recipe, base.debs, workspace.blobs, scratch, workspace.report)
