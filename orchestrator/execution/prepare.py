"""Everything that is mounted, laid down from the store."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

from orchestrator.agent import wire
from orchestrator.determinism import UID
from orchestrator.execution import interposed
from orchestrator.execution.in_force import PRELOAD, fixed_identity, in_force
from orchestrator.execution.live import LiveRun, secrets_folder
from orchestrator.failpoint import reached
from orchestrator.plan import DataPin, Plan
from orchestrator.store import checkout, tree
from orchestrator.store.port import FileBlobs


def prepare(plan: Plan, run: LiveRun, blobs: FileBlobs, secrets: Mapping[str, bytes]) -> None:
    """Fill the run's folder.

    Raises:
        NotFound: the store lacks something that the plan names, or the clock to be fed back.
        Corruption: something in the store is damaged.
    """
    owner = (UID, UID) if os.geteuid() == 0 else None
    checkout.to_read(tree.load(blobs, plan.agent), run.agent, blobs)
    reached("prepare.agent")
    checkout.to_write(tree.load(blobs, plan.code), run.workspace, blobs, owner)
    reached("prepare.code")
    _make(run.outputs, owner)
    _make(run.record, owner)
    interposed.lay_down(plan, run, blobs, owner)
    reached("prepare.record")
    run.data.mkdir()
    for name, pin in plan.data.items():
        _lay_down_data(pin, run.data / name, blobs)
    reached("prepare.data")
    if secrets:
        _write_secrets(secrets_folder(run.request.id), secrets, owner)
    reached("prepare.secrets")
    job = run.record / wire.JOB
    job.write_text(json.dumps(_job(plan, share=owner is None and os.geteuid() != UID)))
    job.chmod(0o644)  # the agent reads it as another user, whatever the umask says


def _job(plan: Plan, *, share: bool) -> dict[str, object]:
    return {
        "command": list(plan.command),
        "params": plan.params,
        "timeout": plan.resources.timeout,
        "share": share,
        "preload": plan.env.get(PRELOAD),
        "fixed_identity": fixed_identity(plan),
        "fixed_addresses": in_force(plan, "addresses"),
    }


def _make(folder: Path, owner: tuple[int, int] | None) -> None:
    folder.mkdir()
    folder.chmod(0o755 if owner or os.geteuid() == UID else 0o777)
    if owner:
        os.chown(folder, *owner)


def _lay_down_data(pin: DataPin, place: Path, blobs: FileBlobs) -> None:
    if pin.kind == "file":
        checkout.file_to_read(pin.digest, place, blobs)
    else:
        checkout.to_read(tree.load(blobs, pin.digest), place, blobs)


def _write_secrets(folder: Path, secrets: Mapping[str, bytes], owner: tuple[int, int] | None) -> None:
    """The outer folder is closed to others on this machine; the inner one, which is mounted, is open to the job."""
    folder.parent.mkdir(mode=0o700)
    folder.mkdir(mode=0o700)
    if owner:
        os.chown(folder, *owner)
    else:
        folder.chmod(0o755)
    for name, value in secrets.items():
        file = folder / name
        file.touch(mode=0o600)
        file.write_bytes(value)
        if owner:
            os.chown(file, *owner)
        else:
            file.chmod(0o644)
