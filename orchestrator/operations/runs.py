"""Recorded runs: name them, show them."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from orchestrator import runid
from orchestrator.bundle import imported
from orchestrator.bundle.imported import ImportRecord
from orchestrator.compare.points import load_table
from orchestrator.errors import Corruption, NotFound, UsageError
from orchestrator.lock.model import Lock
from orchestrator.maintenance import annotation, pins
from orchestrator.maintenance.annotation import Annotations
from orchestrator.maintenance.pins import Pin
from orchestrator.metrics import Series
from orchestrator.operations import execute, present
from orchestrator.operations.observed import Observed, observed
from orchestrator.outcome import Outcome
from orchestrator.plan import Plan
from orchestrator.run import CertificateRecord, Run, VerdictRecord, certificate_key
from orchestrator.runspec.model import RecordedScalar
from orchestrator.store import tree
from orchestrator.store.streams import read_document
from orchestrator.store.tree import Tree
from orchestrator.workspace import Workspace

_AMBIGUOUS = 5


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
    imported: ImportRecord | None = None
    """Where it came from, where it was not made here."""
    pin: Pin | None = None
    """Why gc keeps it, where somebody said so."""
    annotations: Annotations = annotation.NONE
    """Tags, a note: what was said of it afterwards."""

    @property
    def params(self) -> Mapping[str, RecordedScalar]:
        """Those of the plan and those that the job logged; of a run that produced nothing, those of the plan."""
        return self.outcome.params if self.outcome else self.plan.params

    def _repr_html_(self) -> str:
        """As a notebook shows it."""
        from orchestrator.report import fragments

        facts = {"status": self.run.status, "created": self.run.facts.created, "result": self.run.outcome or "none"}
        facts.update({"plan": self.run.plan, "image": self.plan.image.manifest, "note": self.annotations.note})
        pairs = [(name, str(value)) for name, value in self.params.items()]
        shown = [(name, value) for name, value in facts.items() if value]
        return fragments.run(f"{self.run.name} {self.run.id}", shown, pairs, self.metrics)


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
        found = present.ids(workspace, "", back + 1)
        if len(found) <= back:
            raise NotFound(f"there are only {len(found)} runs" if found else "there are no runs yet")
        return found[back]
    found = present.ids(workspace, text, _AMBIGUOUS)
    if not found:
        from orchestrator.sweep.model import means_sweep

        hint = f"a sweep is no run: `orchestrator sweeps {text}` shows its trials" if means_sweep(text) else ""
        raise NotFound(f"no run {text!r}", hint=hint)
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
    present.take_up(workspace)
    run_id = resolve(workspace, text)
    record = workspace.records.read(f"runs/{run_id}")
    if record is None:
        live = (workspace.live / run_id).is_dir()
        raise NotFound(
            f"run {run_id} has not ended yet" if live else f"no run {text!r}",
            hint=f"`orchestrator logs -f {run_id}` follows it" if live else "",
        )
    return Run.recorded(run_id, record)


def show(workspace: Workspace, text: str) -> Shown:
    """A recorded run with everything it names. Raises as :func:`find` does."""
    run = find(workspace, text)
    outcome = _produced(workspace, run)
    table: dict[str, Series] = {}
    artifacts = Tree(entries=())
    if outcome is not None:
        table = load_table(workspace.blobs, outcome.metrics)
        artifacts = tree.load(workspace.blobs, outcome.artifacts)
    plan = plan_of(workspace, run)
    return Shown(
        run=run,
        plan=plan,
        outcome=outcome,
        metrics=table,
        artifacts=artifacts,
        verdicts=_verdicts(workspace, run.id),
        children=tuple(execute.children(workspace, run.id)),
        observed=observed(workspace, run, plan),
        certificate=certificate_of(workspace, run.id),
        imported=imported.of(runid.top(run.id), workspace.records),
        pin=pins.read(workspace.records, run.id),
        annotations=annotation.of(workspace.records, run.id),
    )


def plan_of(workspace: Workspace, run: Run) -> Plan:
    """The run's plan."""
    return read_document(workspace.blobs, Plan, run.plan)


def lock_of(workspace: Workspace, plan: Plan) -> Lock | None:
    """The lock of a plan's image; None where this store does not have it, as of a run from elsewhere."""
    try:
        return read_document(workspace.blobs, Lock, plan.image.lock)
    except NotFound:
        return None


def spec_text(workspace: Workspace, run: Run, most: int) -> str:
    """The beginning of the runspec as it was, at most so many bytes; empty where the run has none."""
    if run.origin.spec is None:
        return ""
    with workspace.blobs.get(run.origin.spec) as stream:
        return stream.read(most).decode(errors="replace")


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


def metrics_of(workspace: Workspace, run: Run) -> dict[str, Series]:
    """What a run has logged; a lost run, as far as it came."""
    outcome = _produced(workspace, run)
    return load_table(workspace.blobs, outcome.metrics) if outcome else {}


def _produced(workspace: Workspace, run: Run) -> Outcome | None:
    return read_document(workspace.blobs, Outcome, run.produced) if run.produced else None


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
