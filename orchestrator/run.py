"""The Run: one execution of a plan, as it is recorded. Immutable once it is written."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from orchestrator.digest import Digest
from orchestrator.errors import Corruption
from orchestrator.model import Document, Frozen

Answer = Literal["bit-exact", "exact by content", "within policy", "not replayable"]
"""exact by content: what the files say came back, if not their bytes. within policy: only as far as the spec asks."""

Status = Literal["finished", "failed", "killed", "lost"]
"""finished: exit code 0. failed: another code. killed: stopped from outside, or timed out. lost: no exit record."""


def moment(text: str) -> datetime | None:
    """A recorded time; None where it is none, as in a record that somebody has forged."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo is not None else None


class Origin(Frozen):
    """Who asked for a run, and from what."""

    kind: Literal["submit", "replay"]
    of: str | None = None
    """The run that a replay repeats."""
    parent: str | None = None
    """The run within which this one was made."""
    spec: Digest | None = None
    """The runspec file, as it was."""
    git: dict[str, Any] = Field(default={})
    """``commit``, ``dirty``, ``branch`` of the code's work tree, where it is one."""
    requirements: Digest | None = None
    """requirements.txt, exported from the lock."""
    conda: Digest | None = None
    """environment.yml, exported from the lock."""
    sweep: str | None = Field(default=None, exclude_if=lambda value: value is None)
    """The sweep that it was a trial of; a replay of the trial says so too."""
    trial: int | None = Field(default=None, exclude_if=lambda value: value is None)
    """Which one, counted from 0."""


class ModelFact(Frozen):
    """A model that the job logged."""

    name: str
    path: str
    """Where its files stand among the artifacts."""
    registered: tuple[str, ...] = ()
    """``NAME version N``, where the job put it into its model registry."""


class DatasetFact(Frozen):
    """A data set that the job said it used."""

    name: str
    digest: str
    source: str
    context: str = ""


class Facts(Frozen):
    """What is true of one execution and need not come back."""

    created: str
    """RFC 3339, UTC, as are the other times."""
    started: str | None = None
    ended: str | None = None
    host: dict[str, Any] = Field(default={})
    engine: dict[str, Any] = Field(default={})
    environment: dict[str, Any] = Field(default={})
    """What the agent saw inside: interpreter, packages, CPU, threads."""
    stdout: Digest | None = None
    stderr: Digest | None = None
    console: Digest | None = None
    """The order and times of what was written to both streams."""
    events: Digest | None = None
    """The agent's events as they came, times included."""
    system: Digest | None = None
    """What the container used of CPU, memory, disk and GPUs: samples over time."""
    clock: Digest | None = None
    """The clock as the original run read it: what its replays are given, and theirs."""
    determinism: dict[str, int] = Field(default={})
    """What the interposer counted, by name: see ``execution/ledger``."""
    accesses: Digest | None = None
    """The files that the job read from outside its environment, and the connections it tried."""
    partial: Digest | None = None
    """What a run without an exit record had produced by then: an Outcome that is compared with none."""
    tags: dict[str, str] = Field(default={})
    models: tuple[ModelFact, ...] = ()
    datasets: tuple[DatasetFact, ...] = ()
    notes: tuple[str, ...] = ()
    """What a reader must know: files left out, damaged events, a timeout."""


class VerdictRecord(Document):
    """What a replay came to: stored beside the runs, under the run that was repeated."""

    format: Literal["orchestrator.verdict/1"] = "orchestrator.verdict/1"
    of: str
    replay: str
    verdict: dict[str, Any]
    causes: tuple[str, ...] = ()
    """Where the replay is not the same bit for bit: what of this could not be owned."""


class CertificateRecord(Document):
    """What a replay right after a run came to: stored beside it, once."""

    format: Literal["orchestrator.certificate/1"] = "orchestrator.certificate/1"
    of: str
    replay: str
    answer: Answer
    comparators: tuple[str, ...] = ()
    """Which of them said that the content came back."""
    causes: tuple[str, ...] = ()
    """Of what did not come back bit for bit."""

    @property
    def holds(self) -> bool:
        """Whether the run can be had again."""
        return self.answer != "not replayable"


def certificate_key(run_id: str) -> str:
    """Where a run's certificate stands among the records."""
    return f"certificates/{run_id}"


class Run(Document):
    """id + plan + outcome + facts."""

    format: Literal["orchestrator.run/1"] = "orchestrator.run/1"
    id: str
    name: str
    status: Status
    plan: Digest
    outcome: Digest | None
    origin: Origin
    facts: Facts

    @property
    def produced(self) -> Digest | None:
        """The Outcome; of a run without an exit record, what there was by then."""
        return self.outcome or self.facts.partial

    @classmethod
    def recorded(cls, run_id: str, record: bytes) -> Run:
        """A run from its record.

        Raises:
            Corruption: it is none, or another run's.
        """
        run = cls.from_bytes(record)
        if run.id != run_id:
            raise Corruption(f"the record of run {run_id} is that of {run.id}")
        return run
