"""One script at one level: submitted, replayed, and what the replay's verdict says of it."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Literal, NamedTuple

from pydantic import Field

from orchestrator import operations
from orchestrator.compare.difference import Difference
from orchestrator.digest import Digest
from orchestrator.model import Frozen
from orchestrator.operations.replaying import Replayed
from orchestrator.run import Run
from orchestrator.workspace import Workspace
from tests.corpus.jobs import write_job
from tests.corpus.manifest import Level, Manifest, Script

Answer = Literal["bit-exact", "exact by content", "differs", "invalid"]
"""invalid: the script failed, or left nothing that could differ. It says nothing about the product."""

LONGEST = 300
"""Characters of a first difference that are kept."""


class Places(NamedTuple):
    """Where things lie on this machine."""

    downloads: Path
    work: Path


class Result(Frozen):
    """What came of a script at a level."""

    script: str
    level: Level
    plan: str
    """What was run: as long as it is the same, the result stands."""
    answer: Answer
    first: str = ""
    """Where it first went apart, or why it is invalid."""
    stderr: bool = True
    """Whether stderr came back too; it is not judged."""
    seconds: float = 0
    """Of both runs."""
    runs: tuple[str, ...] = ()
    counts: dict[str, int] = Field({})
    """What the replay's interposer counted."""


def plan_of(workspace: Workspace, manifest: Manifest, script: Script, level: Level, places: Places) -> str:
    """The digest of the plan that this comes to today; nothing runs."""
    with tempfile.TemporaryDirectory(dir=places.work) as folder:
        spec = write_job(manifest, script, level, places.downloads, Path(folder) / script.name)
        return operations.plan(workspace, spec).pinned.plan.digest


def measure(workspace: Workspace, manifest: Manifest, script: Script, level: Level, places: Places) -> Result:
    """Submit a script, replay its run, and read the verdict.

    Raises:
        OrchestratorError, NotThere: it could not even be run.
    """
    with tempfile.TemporaryDirectory(dir=places.work) as folder:
        spec = write_job(manifest, script, level, places.downloads, Path(folder) / script.name)
        began = time.monotonic()
        submitted = operations.submit(workspace, spec)
        assert submitted.run is not None
        result = Result(script=script.name, level=level, plan=submitted.plan_digest, answer="invalid")
        if problem := _no_evidence(workspace, submitted.run):
            return result.model_copy(update={"first": problem, "runs": (submitted.id,)})
        replayed = operations.replay(workspace, submitted.id)
        seconds = round(time.monotonic() - began, 1)
        return result.model_copy(update={"seconds": seconds, **_answer(replayed)})


def _no_evidence(workspace: Workspace, run: Run) -> str:
    """Why a run can show nothing; empty where it can."""
    if run.status != "finished":
        return f"{run.status}: {_last_line(workspace, run)}"
    if not _read(workspace, run.facts.stdout) and not operations.show(workspace, run.id).artifacts.files:
        return "it printed and wrote nothing"
    return ""


def _last_line(workspace: Workspace, run: Run) -> str:
    lines = _read(workspace, run.facts.stderr).decode(errors="replace").split("\n")
    return next((line for line in reversed(lines) if line.strip()), "it said nothing")


def _read(workspace: Workspace, blob: Digest | None) -> bytes:
    if blob is None:
        return b""
    with workspace.blobs.get(blob) as stream:
        return stream.read()


def _answer(replayed: Replayed) -> dict[str, object]:
    judged, stderr = _apart(replayed.difference)
    states = {node.state for node in judged if not node.equal}
    return {
        "answer": "bit-exact" if not states else "exact by content" if states == {"content"} else "differs",
        "first": "; ".join(_first(node) for node in judged if not node.equal),
        "stderr": stderr is None or stderr.equal,
        "runs": (replayed.original.id, replayed.replay.id),
        "counts": replayed.replay.facts.determinism,
    }


def _apart(difference: Difference) -> tuple[list[Difference], Difference | None]:
    """What is judged: exit code, params, metrics, artifacts, stdout; and stderr, which is not."""
    streams = difference.child("streams")
    judged = [node for node in difference.children if node is not streams]
    if streams and (stdout := streams.child("stdout")):
        judged.append(stdout)
    return judged, streams.child("stderr") if streams else None


def _first(node: Difference) -> str:
    """The path to the first leaf that differs, and how."""
    path = [node.name]
    while node.changes:
        node = node.changes[0]
        path.append(node.name)
    return f"{'/'.join(path)}: {node.summary}"[:LONGEST]
