"""Run -> the row that the index keeps of it: what it is listed with and found by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache

from orchestrator.digest import Digest
from orchestrator.errors import Corruption, NotFound, OrchestratorError
from orchestrator.index.filter import names
from orchestrator.index.port import Row
from orchestrator.lock.model import Lock
from orchestrator.maintenance import annotation
from orchestrator.metrics import last_values
from orchestrator.outcome import Outcome
from orchestrator.plan import Plan
from orchestrator.run import CertificateRecord, Run, certificate_key, moment
from orchestrator.store.port import BlobStore, RecordStore
from orchestrator.store.streams import read_document

_SHARED = 256
"""Documents that are kept at hand: runs that came one after another have plans and locks in common."""


class Rows:
    """Makes rows; what many runs share is read once.

    Args:
        blobs: where plans, locks and outcomes are read.
        records: where certificates stand.
        told: is given what a run lacks and is listed without: its plan, its lock, its certificate.
    """

    def __init__(
        self, blobs: BlobStore, records: RecordStore, told: Callable[[str], None] = lambda problem: None
    ) -> None:
        self._blobs = blobs
        self._records = records
        self._told = told
        self._plan = lru_cache(_SHARED)(self._read_plan)
        self._packages = lru_cache(_SHARED)(self._read_packages)

    def of(self, run: Run, *, certified: bool = True, annotated: bool = True) -> Row:
        """The row of a run. ``certified``, ``annotated``: whether a certificate, and annotations, are looked for.

        Raises:
            NotFound, Corruption: its outcome or its metrics are gone or damaged.
        """
        outcome = self._outcome(run)
        plan = self._plan(run.plan)
        facts = run.facts
        return Row(
            id=run.id,
            name=run.name,
            status=run.status,
            kind=run.origin.kind,
            of=run.origin.of,
            plan=str(run.plan),
            outcome=str(run.outcome) if run.outcome else None,
            created=facts.created,
            parent=run.origin.parent,
            metrics=_last(self._blobs, outcome),
            params=outcome.params if outcome else plan.params if plan else {},
            tags=self._tags(run, annotated),
            data=_data(run, plan),
            started=facts.started,
            ended=facts.ended,
            duration=_seconds(facts.started, facts.ended),
            image=str(plan.image.manifest) if plan else None,
            lock=str(plan.image.lock) if plan else None,
            code=str(plan.code) if plan else None,
            commit=_commit(run),
            certificate=self._certificate(run.id) if certified else None,
            packages=self._packages(plan.image.lock) if plan else {},
        )

    def packages(self, lock: str | None) -> Mapping[str, str]:
        """What the lock of this digest names: name -> version; nothing where there is none, or it is gone."""
        return self._packages(Digest(lock)) if lock else {}

    def _outcome(self, run: Run) -> Outcome | None:
        return read_document(self._blobs, Outcome, run.produced) if run.produced else None

    def _read_plan(self, digest: Digest) -> Plan | None:
        """None where it is gone: a run is recorded as lost for that reason, and listed."""
        try:
            return read_document(self._blobs, Plan, digest)
        except (NotFound, Corruption) as error:
            self._told(f"plan {digest}: {error.message}")
            return None

    def _read_packages(self, digest: Digest) -> Mapping[str, str]:
        try:
            lock = read_document(self._blobs, Lock, digest)
        except (NotFound, Corruption) as error:
            self._told(f"lock {digest}: {error.message}")
            return {}
        return {wheel.name: wheel.version for wheel in lock.wheels}

    def _tags(self, run: Run, annotated: bool) -> dict[str, str]:
        said = annotation.of(self._records, run.id) if annotated else annotation.NONE
        theirs = {name: value for name, value in said.on(run.facts.tags).items() if not name.startswith(names.OURS)}
        return theirs | names.own_tags(said.note, archived=said.archived) | _sweep_tags(run)

    def _certificate(self, run_id: str) -> str | None:
        record = self._records.read(certificate_key(run_id))
        try:
            return CertificateRecord.from_bytes(record).answer if record is not None else None
        except OrchestratorError as error:
            self._told(f"the certificate of {run_id}: {error.message}")
            return None


def last_metrics(blobs: BlobStore, run: Run) -> dict[str, str]:
    """Each metric's last value, as ``repr`` writes it."""
    return _last(blobs, read_document(blobs, Outcome, run.produced) if run.produced else None)


def _last(blobs: BlobStore, outcome: Outcome | None) -> dict[str, str]:
    if outcome is None:
        return {}
    with blobs.get(outcome.metrics) as stream:
        return {name: repr(value) for name, value in last_values(stream.read()).items()}


def _data(run: Run, plan: Plan | None) -> dict[str, str]:
    """The plan's inputs, and what the job said it used: of two of one name the plan's counts."""
    logged = {dataset.name: dataset.digest for dataset in run.facts.datasets}
    return {**logged, **{name: str(pin.digest) for name, pin in (plan.data if plan else {}).items()}}


def _sweep_tags(run: Run) -> dict[str, str]:
    """Of a trial. A replay of one is not the sweep's."""
    origin = run.origin
    if origin.sweep is None or origin.trial is None or origin.kind != "submit" or origin.parent:
        return {}
    return {names.SWEEP: origin.sweep, names.TRIAL: str(origin.trial)}


def _seconds(started: str | None, ended: str | None) -> float | None:
    begun, over = moment(started or ""), moment(ended or "")
    return (over - begun).total_seconds() if begun and over else None


def _commit(run: Run) -> str | None:
    commit = run.origin.git.get("commit")
    return commit if isinstance(commit, str) else None
