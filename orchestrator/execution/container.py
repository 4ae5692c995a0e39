"""Plan -> container: everything the engine is asked for, from the plan alone."""

from __future__ import annotations

from orchestrator.agent import wire
from orchestrator.determinism import HOSTNAME, UID
from orchestrator.engine.port import ContainerSpec, Mount
from orchestrator.execution.in_force import PRELOAD, fixed_identity, in_force
from orchestrator.execution.live import LiveRun, secrets_folder
from orchestrator.plan import Plan

LABEL = "orchestrator.run"


def container_spec(plan: Plan, run: LiveRun, image: str) -> ContainerSpec:
    """The container of a run whose folder is prepared. ``image``: the name the engine knows the plan's image by."""
    return ContainerSpec(
        name=run.container,
        image=image,
        argv=(plan.interpreter, "-I", "-S", "-B", "-c", wire.START),
        env={name: value for name, value in plan.env.items() if name != PRELOAD},  # that is for the job alone
        mounts=_mounts(plan, run),
        workdir=wire.WORKSPACE,
        user=f"{UID}:{UID}",
        hostname=HOSTNAME if fixed_identity(plan) else "",
        cpus=plan.resources.cpus,
        memory=plan.resources.memory,
        gpus=plan.resources.gpus,
        network=plan.network,
        tmpfs={
            "/tmp": "rw,nosuid,nodev,exec,mode=1777",  # noqa: S108
            wire.HOME: f"rw,nosuid,nodev,exec,mode=700,uid={UID},gid={UID}",
        },
        shm=plan.resources.memory // 2,
        labels={LABEL: run.request.id},
        fixed_addresses=in_force(plan, "addresses"),
    )


def _mounts(plan: Plan, run: LiveRun) -> tuple[Mount, ...]:
    mounts = [
        Mount(run.agent, wire.PACKAGE),
        Mount(run.agent / "etc" / "passwd", "/etc/passwd"),
        Mount(run.agent / "etc" / "group", "/etc/group"),
        Mount(run.record, wire.RECORD, read_only=False),
        Mount(run.workspace, wire.WORKSPACE, read_only=False),
        Mount(run.outputs, wire.OUTPUTS, read_only=False),
        *(Mount(run.data / name, pin.mount) for name, pin in sorted(plan.data.items())),
    ]
    if plan.secrets:
        mounts.append(Mount(secrets_folder(run.request.id), wire.SECRETS))
    return tuple(mounts)
