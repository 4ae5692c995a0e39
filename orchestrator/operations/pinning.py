"""Spec -> Plan: everything pinned, nothing run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orchestrator.agent
from orchestrator import determinism
from orchestrator.digest import Digest
from orchestrator.errors import LockError
from orchestrator.execution import patterns
from orchestrator.image.oci import known
from orchestrator.operations import locking
from orchestrator.operations.building import Built, from_lock
from orchestrator.operations.code import capture_code
from orchestrator.operations.data import capture_data
from orchestrator.operations.spec import SpecFile, read_spec
from orchestrator.plan import Plan
from orchestrator.runspec.arguments import given
from orchestrator.runspec.command import expand
from orchestrator.store import capture, tree
from orchestrator.workspace import Workspace


@dataclass(frozen=True)
class Pinned:
    """A plan, the spec it was made from, and what git said of the code."""

    spec: SpecFile
    plan: Plan
    git: dict[str, Any]
    built: Built


def pin(workspace: Workspace, spec: Path, overrides: tuple[str, ...] = ()) -> Pinned:
    """Pin a spec whose image is built.

    Raises:
        LockError: there is no lock, it is stale, or its image is not built yet.
    """
    read = read_spec(spec, overrides)
    lock = locking.fresh(workspace, read)
    if lock is None:
        raise LockError(
            f"{read.lock} is missing: the packages are not pinned yet", hint=f"run `orchestrator lock {spec}`"
        )
    image = known(lock, workspace.records, workspace.blobs)
    if image is None:
        raise LockError(
            "the image of this lock is not built yet, so its digest is unknown",
            hint=f"run `orchestrator build {spec}`",
        )
    return _pin(workspace, read, Built(image, lock))


def pin_and_build(workspace: Workspace, spec: Path, overrides: tuple[str, ...] = ()) -> Pinned:
    """Pin a spec; its lock is made where there is none, its image built where it is not.

    Raises:
        LockError: the lock is stale, or cannot be resolved.
    """
    read = read_spec(spec, overrides)
    lock = locking.fresh(workspace, read) or locking.resolve(workspace, read)
    return _pin(workspace, read, from_lock(workspace, lock))


def agent_tree(workspace: Workspace) -> Digest:
    """Store this program's agent; a plan names it, and replays use that one."""
    root = Path(orchestrator.agent.__file__).parent
    found = capture.find(root, patterns.matcher(patterns.CACHES))
    return tree.save(
        workspace.blobs,
        tree.Tree.of(capture.capture(root, found, workspace.blobs, cache=workspace.stat_cache)),
    )


def _pin(workspace: Workspace, read: SpecFile, built: Built) -> Pinned:
    spec = read.spec
    code, git = capture_code(workspace, spec.code, read.folder)
    data = {name: capture_data(workspace, name, item, read.folder) for name, item in spec.data.items()}
    command = expand(spec.run.command, spec.params, {name: pin.mount for name, pin in data.items()})
    plan = Plan(
        image=built.pin,
        code=code,
        data=data,
        agent=agent_tree(workspace),
        interpreter=built.image.python,
        command=command,
        params={**given(command), **spec.params},
        env=determinism.environment(spec.determinism, spec.seed, spec.resources.cpus, spec.env),
        secrets=spec.secrets,
        seed=spec.seed,
        determinism=spec.determinism,
        resources=spec.resources,
        network=spec.network,
        exclude=spec.artifacts.exclude,
        ingest=("tensorboard",),
        verify=spec.verify,
    )
    return Pinned(read, plan, git, built)
