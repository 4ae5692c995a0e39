"""What the agent adds to a container whose job does nothing: against the same container with Python alone in it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import replace

import docker

from bench.inside import Inside
from bench.measure import Figure, Side, seconds_more, take_turns
from bench.setting import Setting
from orchestrator.engine.port import ContainerSpec
from orchestrator.execution.container import container_spec
from orchestrator.execution.live import LiveRun
from orchestrator.operations import building, execute, pinning
from orchestrator.run import Origin

ROUNDS = 40
_JOB = "python -c pass"


def measure(setting: Setting, rounds: int) -> Figure:
    inside = Inside(setting, "noop", "[]")
    with contextlib.closing(_Containers(inside)) as ours, contextlib.closing(_Containers(inside, _bare)) as bare:
        sides = [
            Side(f"container: agent, {_JOB}", ours.run, ours.prepare),
            Side(f"container: {_JOB}", bare.run, bare.prepare),
        ]
        samples = take_turns(sides, rounds, warm_up=True)
    within = inside.measure("start", rounds)
    return Figure(
        "agent-start",
        seconds_more(0.06),
        {**samples, **within.samples},
        notes=("containers: from asking the engine to its word that they have ended; the others: within a run",),
    )


def _bare(spec: ContainerSpec) -> ContainerSpec:
    """The same container, the same mounts, and Python alone in it."""
    return replace(spec, argv=tuple(_JOB.split()), env={})


class _Containers:
    """One after the other, each as a run has it, or changed."""

    def __init__(self, inside: Inside, change: Callable[[ContainerSpec], ContainerSpec] = lambda spec: spec) -> None:
        self._workspace = inside.workspace
        self._plan = pinning.pin(self._workspace, inside.spec(_JOB)).plan
        self._image = building.provide(self._workspace, self._plan.image)
        self._change = change
        self._client = docker.from_env()
        self._live: LiveRun | None = None

    def prepare(self, number: int) -> None:
        self._remove()
        self._live = execute.begin(self._workspace, self._plan, "start", Origin(kind="submit"))
        self._spec = self._change(container_spec(self._plan, self._live, self._image))

    def run(self, number: int) -> None:
        self._workspace.engine.launch(self._spec)
        assert self._client.api.wait(self._spec.name)["StatusCode"] == 0

    def close(self) -> None:
        self._remove()
        self._client.close()

    def _remove(self) -> None:
        if self._live is not None:
            self._workspace.engine.remove(self._live.container)
            self._live.remove()
            self._live = None
