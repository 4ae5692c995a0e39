"""Spec -> Plan: everything pinned, nothing run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orchestrator.agent
from orchestrator.agent.redact import Secrets
from orchestrator.determinism.controls import Controls, resolve
from orchestrator.determinism.environment import Setting, environment
from orchestrator.digest import Digest
from orchestrator.errors import EnvironmentProblem, LockError
from orchestrator.execution import patterns, values
from orchestrator.failpoint import reached
from orchestrator.image.oci import known
from orchestrator.operations import locking
from orchestrator.operations.building import Built, from_lock
from orchestrator.operations.code import capture_code
from orchestrator.operations.data import capture_data
from orchestrator.operations.spec import SpecFile, read_spec
from orchestrator.plan import DataPin, Plan
from orchestrator.runspec.arguments import given
from orchestrator.runspec.command import expand
from orchestrator.runspec.determinism import section
from orchestrator.runspec.model import RunSpec, Scalar
from orchestrator.store import capture, tree
from orchestrator.workspace import Workspace

_INTERPOSER = "interpose/libinterpose.so"
"""Its place within the agent."""


@dataclass(frozen=True)
class Pinned:
    """A plan, the spec it was made from, and what git said of the code."""

    spec: SpecFile
    plan: Plan
    git: dict[str, Any]
    built: Built
    notes: tuple[str, ...] = ()
    """What of ``determinism`` is not in force, or may surprise."""


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
    """Pin a spec; its lock is made where there is none, its image built where it is not. Notes are reported.

    Raises:
        LockError: the lock is stale, or cannot be resolved.
    """
    read = read_spec(spec, overrides)
    reached("pin.spec")
    lock = locking.fresh(workspace, read) or locking.resolve(workspace, read)
    reached("pin.locked")
    pinned = _pin(workspace, read, from_lock(workspace, lock))
    reached("pin.done")
    for note in pinned.notes:
        workspace.report(note)
    return pinned


def with_params(plan: Plan, spec: RunSpec, params: Mapping[str, Scalar]) -> Plan:
    """The plan that this spec would be pinned to with some params set otherwise: nothing else rests on them."""
    command, whole = _said(spec, {**spec.params, **params}, plan.data)
    return plan.model_copy(update={"command": command, "params": whole})


def agent_tree(workspace: Workspace) -> tuple[Digest, Digest | None]:
    """Store this program's agent; a plan names it, and replays use that one. Second: its interposer, if it is built."""
    root = Path(orchestrator.agent.__file__).parent
    found = capture.find(root, patterns.matcher(patterns.CACHES))
    agent = tree.Tree.of(capture.capture(root, found, workspace.blobs, cache=workspace.stat_cache))
    library = agent.files.get(_INTERPOSER)
    return tree.save(workspace.blobs, agent), library.digest if library else None


def controls_of(spec: RunSpec, interposer: bool) -> tuple[Controls, tuple[str, ...]]:
    """The controls in force for a spec on this installation, and what to tell of them.

    Raises:
        EnvironmentProblem: the spec names a control that cannot be had here.
    """
    asked = section(spec.determinism)
    found = resolve(asked.level, asked.named, network=spec.network == "bridge", interposer=interposer)
    if found.lacking:
        names = " and ".join(f"`determinism.{name}`" for name in found.lacking)
        raise EnvironmentProblem(f"{names}: the interposer (libinterpose.so) is not built in this installation")
    return found.controls, found.notes


def _pin(workspace: Workspace, read: SpecFile, built: Built) -> Pinned:
    spec = read.spec
    secrets = Secrets(values.readable(spec.secrets))
    values.refuse(secrets, read.text)
    code, git = capture_code(workspace, spec.code, read.folder, secrets)
    reached("pin.code")
    data = {name: capture_data(workspace, name, item, read.folder) for name, item in spec.data.items()}
    reached("pin.data")
    agent, interposer = agent_tree(workspace)
    reached("pin.agent")
    controls, notes = controls_of(spec, interposer is not None)
    level = section(spec.determinism).level
    command, params = _said(spec, spec.params, data)
    plan = Plan(
        image=built.pin,
        code=code,
        data=data,
        agent=agent,
        interpreter=built.image.python,
        command=command,
        params=params,
        env=environment(controls, _setting(spec, interposer is not None), spec.env),
        secrets=spec.secrets,
        seed=spec.seed,
        determinism=level,
        controls=controls,
        interposer=interposer,
        resources=spec.resources,
        network=spec.network,
        exclude=spec.artifacts.exclude,
        ingest=("tensorboard",),
        verify=spec.verify,
    )
    return Pinned(read, plan, git, built, notes)


def _said(
    spec: RunSpec, params: Mapping[str, Scalar], data: Mapping[str, DataPin]
) -> tuple[tuple[str, ...], dict[str, Scalar]]:
    """The command, and the job's parameters: those that stand on it too."""
    command = expand(spec.run.command, params, {name: pin.mount for name, pin in data.items()})
    return command, {**given(command), **params}


def _setting(spec: RunSpec, interposer: bool) -> Setting:
    return Setting(
        seed=spec.seed,
        cpus=spec.resources.cpus,
        interposer=interposer,
        gpus=spec.resources.gpus,
        strict=section(spec.determinism).level == "strict",
    )
