"""The files that a job left behind, into the store."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from orchestrator.agent import wire
from orchestrator.agent.redact import Secrets
from orchestrator.execution import patterns, spilled
from orchestrator.execution.live import LiveRun
from orchestrator.plan import Plan
from orchestrator.store import capture, tree
from orchestrator.store.port import FileBlobs


@dataclass
class Left:
    """What was found."""

    code: tree.Tree
    """What /workspace was laid down from."""
    entries: list[capture.Entry] = field(default_factory=list)
    """Paths begin with ``outputs/`` or ``workspace/``."""
    places: dict[str, Path] = field(default_factory=dict)
    """Where each file lies."""
    proxied: list[capture.Entry] = field(default_factory=list)
    """The files of the MLflow server's artifact proxy, by their path there."""
    notes: list[str] = field(default_factory=list)
    """What was left out, and why."""


def keep(plan: Plan, run: LiveRun, blobs: FileBlobs, secrets: Secrets) -> Left:
    """Everything in /outputs, what is new or different in /workspace, and what was logged through MLflow.

    But no file that holds the value of a secret, or has it in its name.
    """
    leave_out = patterns.matcher((*patterns.CACHES, *plan.exclude))
    left = Left(tree.load(blobs, plan.code))
    before = {entry.path: entry for entry in left.code.entries}
    for top, folder, known in (("outputs", run.outputs, {}), ("workspace", run.workspace, before)):
        for entry in _keep(top, folder.resolve(), leave_out, secrets, blobs, left):
            if known.get(entry.path) != entry:
                path = f"{top}/{entry.path}"
                left.entries.append(entry.model_copy(update={"path": path}))
                left.places[path] = folder / entry.path
    proxy = run.record.resolve() / wire.MLFLOW_ARTIFACTS
    if os.path.realpath(proxy) == str(proxy) and _is_open_folder(proxy):  # a job can put a link in a folder's place
        left.proxied = _keep("mlflow", proxy, lambda path: False, secrets, blobs, left)
    return left


def _keep(
    top: str, folder: Path, leave_out: Callable[[str], bool], secrets: Secrets, blobs: FileBlobs, left: Left
) -> list[capture.Entry]:
    found = _find(folder, leave_out, secrets)
    left.notes += [f"left out {top}/{text}" for text in found.refused]
    return _capture(folder, found, blobs)


def _find(folder: Path, leave_out: Callable[[str], bool], secrets: Secrets) -> capture.Found:
    """What a job left, but for what it took its own rights to, and what holds a secret.

    Those are named; they are no reason to lose the rest.
    """
    closed: list[str] = []

    def skip(path: str) -> bool:
        if leave_out(path):
            return True
        if not _readable(folder / path):
            closed.append(f"{path!r}: not readable")
            return True
        if secrets and (problem := spilled.problem(folder, path, secrets)):
            closed.append(f"{secrets.text(path)!r}: {problem}")
            return True
        return False

    found = capture.find(folder, skip)
    found.refused += closed
    return found


def _is_open_folder(path: Path) -> bool:
    return os.path.isdir(path) and os.access(path, os.R_OK | os.X_OK, effective_ids=True)  # noqa: PTH112  (never raises)


def _readable(path: Path) -> bool:
    if path.is_symlink():
        return True
    if path.is_dir():
        return _is_open_folder(path)
    return not path.is_file() or os.access(path, os.R_OK, effective_ids=True)


def _capture(folder: Path, found: capture.Found, blobs: FileBlobs) -> list[capture.Entry]:
    """Files are linked into the store, which takes their modes: programs are copied, so that this can be repeated."""
    programs = [path for path in found.files if (folder / path).stat().st_mode & 0o111]
    others = sorted({*found.files} - {*programs})
    return [
        *capture.capture(folder, replace(found, files=others), blobs, adopt=blobs),
        *capture.capture(folder, capture.Found(files=programs), blobs),
    ]
