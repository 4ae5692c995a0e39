"""Submit with a certificate: the run is replayed at once, and the answer kept with it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from orchestrator.errors import OrchestratorError
from orchestrator.operations import execute
from orchestrator.operations.execute import Watcher
from orchestrator.operations.replaying import Replayed
from orchestrator.operations.replaying import replay as replay_run
from orchestrator.operations.submitting import Submitted, submit
from orchestrator.run import Answer, CertificateRecord, Run, certificate_key
from orchestrator.workspace import Workspace


def certify(
    workspace: Workspace, spec: Path, *, overrides: tuple[str, ...] = (), watcher: Watcher | None = None
) -> Submitted:
    """Submit a runspec, replay the run at once, and keep with it whether it came back.

    Raises as ``submit`` does. Where the replay does not get to its end, the run stays recorded, without a certificate.
    """
    watcher = watcher or Watcher()
    done = submit(workspace, spec, overrides=overrides, watcher=watcher)
    assert done.run is not None  # noqa: S101  (not detached)
    return replace(done, certificate=_certified(workspace, done.run, watcher))


def _certified(workspace: Workspace, run: Run, watcher: Watcher) -> CertificateRecord | None:
    """None where the run was stopped or lost: it has no end to come back. One that failed has its exit code."""
    if run.status not in ("finished", "failed"):
        workspace.report(f"run {run.id} is not certified: it was {run.status}")
        return None
    try:
        done = replay_run(workspace, run.id, watcher=Watcher(stop=watcher.stop, progress=watcher.progress))
    except OrchestratorError:
        workspace.report(f"run {run.id} is recorded, and not certified")
        raise
    record = certificate(done)
    workspace.records.create(certificate_key(run.id), record.to_bytes())
    execute.index(workspace, run)  # it is found by its certificate too
    return record


def certificate(done: Replayed) -> CertificateRecord:
    """What a replay says of its run. Pure."""
    answer = _answer(done)
    return CertificateRecord(
        of=done.original.id,
        replay=done.replay.id,
        answer=answer,
        comparators=done.verdict.comparators if answer == "exact by content" else (),
        causes=done.causes,
    )


def _answer(done: Replayed) -> Answer:
    """Bytes first, then content, then what the spec asks for. A stream counts where the spec asks for it."""
    if any(finding.section == "streams" for finding in done.verdict.failures):
        return "not replayable"
    match done.verdict.exactness:
        case "bit-exact" | "exact by content" as exact:
            return exact
    return "within policy" if done.verdict.passed else "not replayable"
