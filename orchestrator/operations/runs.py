"""Recorded runs: list them, name them, show them."""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass

from orchestrator import metrics, runid
from orchestrator.errors import Corruption, NotFound, OrchestratorError, UsageError
from orchestrator.index.port import Row, RunIndex
from orchestrator.metrics import Series
from orchestrator.operations import execute, recover
from orchestrator.operations.observed import Observed, observed
from orchestrator.outcome import Outcome
from orchestrator.plan import Plan
from orchestrator.run import CertificateRecord, Run, VerdictRecord
from orchestrator.store import tree
from orchestrator.store.streams import read_document
from orchestrator.store.tree import Tree
from orchestrator.workspace import Workspace

_AMBIGUOUS = 5


def certificate_key(run_id: str) -> str:
    """Where a run's certificate stands among the records."""
    return f"certificates/{run_id}"


@dataclass(frozen=True)
class Shown:
    """A run and what it names."""

    run: Run
    plan: Plan
    outcome: Outcome | None
    """Of a lost run: what it had produced by then, if anything."""
    metrics: dict[str, Series]
    artifacts: Tree
    verdicts: tuple[VerdictRecord, ...]
    """Of this run's replays."""
    children: tuple[Run, ...]
    """The runs within it, as they were made."""
    observed: Observed
    """What it used and reached for."""
    certificate: CertificateRecord | None = None
    """What a replay right after it came to, where one was asked for."""


def ls(
    workspace: Workspace,
    *,
    name: str | None = None,
    status: str | None = None,
    parent: str | None = None,
    limit: int = 50,
) -> list[Row]:
    """Runs, the newest first; those that are still live have status ``running``. ``parent``: the runs within this one.

    Raises:
        NotFound: there is no such parent.
    """
    recover.recover(workspace)
    above = find(workspace, parent).id if parent else None
    live = [row for row in _live_rows(workspace) if name in (None, row.name) and status in (None, row.status)]
    known = _index(workspace).rows(name=name, status=status, parent=above, limit=limit)
    rows = {row.id: row for row in [*([] if above else live), *known]}
    return [rows[run_id] for run_id in sorted(rows, key=runid.in_order, reverse=True)][:limit]


def resolve(workspace: Workspace, text: str) -> str:
    """A run id from an id, a unique prefix, ``last``, or ``last~N`` (the Nth before the last).

    A run within a run is named by any of these and ``.NUMBER``, or ``/NAME``.

    Raises:
        NotFound: no run begins so.
        UsageError: several do.
    """
    if runid.is_one(text):
        return text
    if "/" in text:
        return _named(workspace, *text.split("/", 1))
    if match := re.fullmatch(r"([^.]+)\.(\d{1,6})", text):
        return runid.child(resolve(workspace, match[1]), int(match[2]))
    if match := re.fullmatch(r"last(?:~(\d{1,6}))?", text):
        back = int(match[1] or 0)
        found = _ids(workspace, "", back + 1)
        if len(found) <= back:
            raise NotFound(f"there are only {len(found)} runs" if found else "there are no runs yet")
        return found[back]
    found = _ids(workspace, text, _AMBIGUOUS)
    if not found:
        raise NotFound(f"no run {text!r}")
    if len(found) > 1:
        raise UsageError(f"{text!r} begins several runs: {', '.join(found)}", hint="write more of the id")
    return found[0]


def _named(workspace: Workspace, parent: str, name: str) -> str:
    for child in execute.children(workspace, resolve(workspace, parent)):
        if child.name == name:
            return child.id
    raise NotFound(f"no run {name!r} within {parent}", hint=f"`orchestrator ls --parent {parent}` lists them")


def find(workspace: Workspace, text: str) -> Run:
    """A recorded run.

    Raises:
        NotFound: there is none, or it has not ended.
        Corruption: its record is damaged.
    """
    recover.recover(workspace)
    run_id = resolve(workspace, text)
    if workspace.records.read(f"runs/{run_id}") is None:
        live = (workspace.live / run_id).is_dir()
        raise NotFound(
            f"run {run_id} has not ended yet" if live else f"no run {text!r}",
            hint=f"`orchestrator logs -f {run_id}` follows it" if live else "",
        )
    return _recorded(workspace, run_id)


def show(workspace: Workspace, text: str) -> Shown:
    """A recorded run with everything it names. Raises as :func:`find` does."""
    run = find(workspace, text)
    outcome = _produced(workspace, run)
    table: dict[str, Series] = {}
    artifacts = Tree(entries=())
    if outcome is not None:
        with workspace.blobs.get(outcome.metrics) as stream:
            table = metrics.decode(stream.read())
        artifacts = tree.load(workspace.blobs, outcome.artifacts)
    plan = plan_of(workspace, run)
    seen = observed(workspace, run, plan)
    around = _around(workspace, run.id)
    return Shown(run, plan, outcome, table, artifacts, *around, seen, certificate_of(workspace, run.id))


def _around(workspace: Workspace, run_id: str) -> tuple[tuple[VerdictRecord, ...], tuple[Run, ...]]:
    return _verdicts(workspace, run_id), tuple(execute.children(workspace, run_id))


def plan_of(workspace: Workspace, run: Run) -> Plan:
    """The run's plan."""
    return read_document(workspace.blobs, Plan, run.plan)


def outcome_of(workspace: Workspace, run: Run) -> Outcome:
    """The run's outcome.

    Raises:
        NotFound: it was lost: there is nothing to compare.
    """
    if run.outcome is None:
        raise NotFound(
            f"run {run.id} has no outcome: {'; '.join(run.facts.notes) or run.status}", hint="submit it again"
        )
    return read_document(workspace.blobs, Outcome, run.outcome)


def artifacts_of(workspace: Workspace, run: Run) -> Tree:
    """The files that a run left; those of a lost run as far as they came."""
    outcome = _produced(workspace, run)
    return tree.load(workspace.blobs, outcome.artifacts) if outcome else Tree(entries=())


def _produced(workspace: Workspace, run: Run) -> Outcome | None:
    produced = run.outcome or run.facts.partial
    return read_document(workspace.blobs, Outcome, produced) if produced else None


def rebuild_index(workspace: Workspace) -> int:
    """Fill the index from the store; returns the number of runs. What is damaged is told and left out."""
    rows = []
    for key in workspace.records.list("runs/"):
        try:
            rows.append(execute.row_of(workspace, _recorded(workspace, key.removeprefix("runs/"))))
        except OrchestratorError as error:
            workspace.report(f"{key} is left out of the index: {error.message}")
    workspace.index.fill(rows)
    return len(rows)


def _recorded(workspace: Workspace, run_id: str) -> Run:
    record = workspace.records.read(f"runs/{run_id}")
    if record is None:
        raise NotFound(f"no run {run_id!r}")
    run = Run.from_bytes(record)
    if run.id != run_id:
        raise Corruption(f"the record of run {run_id} is that of {run.id}")
    return run


def _verdicts(workspace: Workspace, run_id: str) -> tuple[VerdictRecord, ...]:
    found = []
    for key in workspace.records.list(f"verdicts/{run_id}/"):
        with contextlib.suppress(Corruption):  # it is not part of the run
            found.append(VerdictRecord.from_bytes(workspace.records.read(key) or b""))
    return tuple(found)


def certificate_of(workspace: Workspace, run_id: str) -> CertificateRecord | None:
    """The run's certificate, where it has one that can be read."""
    record = workspace.records.read(certificate_key(run_id))
    with contextlib.suppress(Corruption):  # it is not part of the run
        return CertificateRecord.from_bytes(record) if record else None
    return None


def _index(workspace: Workspace) -> RunIndex:
    """The index; one that was never filled is filled first: it may be new, or the old one was removed."""
    if not workspace.index.is_complete():
        rebuild_index(workspace)
    return workspace.index


def _ids(workspace: Workspace, prefix: str, limit: int) -> list[str]:
    live = [row.id for row in _live_rows(workspace) if row.id.startswith(prefix)]
    return sorted({*live, *_index(workspace).ids(prefix, limit)}, reverse=True)[:limit]


def _live_rows(workspace: Workspace) -> list[Row]:
    return [
        Row(
            id=live.request.id,
            name=live.request.name,
            status="running",
            kind=live.request.origin.kind,
            of=live.request.origin.of,
            plan=live.request.plan,
            outcome=None,
            created=live.request.created,
        )
        for live in recover.live_runs(workspace)
    ]
