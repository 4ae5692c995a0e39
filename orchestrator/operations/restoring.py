"""A recorded run back into a folder: what it left, what it was made from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from orchestrator.errors import UsageError
from orchestrator.operations import runs
from orchestrator.store import checkout as store_checkout
from orchestrator.store import tree
from orchestrator.workspace import Workspace


@dataclass(frozen=True)
class CheckedOut:
    """What was written."""

    folder: Path
    files: int


def checkout(workspace: Workspace, text: str, folder: Path) -> CheckedOut:
    """Write a run into a new folder: ``artifacts/``, ``code/``, its runspec, requirements.txt and environment.yml.

    Raises:
        NotFound: there is no such run.
        UsageError: the folder is there already.
        Corruption: something in the store is damaged.
    """
    shown = runs.show(workspace, text)
    if folder.exists():
        raise UsageError(f"{folder} is there already", hint="name a folder that is not")
    folder.mkdir(parents=True)
    code = tree.load(workspace.blobs, shown.plan.code)
    store_checkout.to_write(shown.artifacts, folder / "artifacts", workspace.blobs, owner=None)
    store_checkout.to_write(code, folder / "code", workspace.blobs, owner=None)
    origin = shown.run.origin
    exported = {"runspec.yaml": origin.spec, "requirements.txt": origin.requirements, "environment.yml": origin.conda}
    written = {name: digest for name, digest in exported.items() if digest is not None}
    for name, digest in written.items():
        with workspace.blobs.get(digest) as stream:
            (folder / name).write_bytes(stream.read())
    return CheckedOut(folder, len(shown.artifacts.files) + len(code.files) + len(written))
