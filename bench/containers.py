"""Containers as runs have them, one after the other; or with the job alone in them, as ``docker run`` has it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import docker

from bench.inside import Inside
from orchestrator.determinism.controls import Controls
from orchestrator.determinism.environment import Setting as Pinned
from orchestrator.determinism.environment import pins
from orchestrator.engine.port import ContainerSpec
from orchestrator.execution.container import container_spec
from orchestrator.execution.live import LiveRun
from orchestrator.operations import building, execute, runs
from orchestrator.operations.pinning import pin
from orchestrator.plan import Plan
from orchestrator.run import Origin, Run

Change = Callable[[ContainerSpec], ContainerSpec]


def as_run(spec: ContainerSpec) -> ContainerSpec:
    """Nothing is changed."""
    return spec


def alone(command: str, environment: Mapping[str, str] | None = None) -> Change:
    """The same image, limits and mounts, and a command alone in it: no agent, no library, only these variables."""

    def change(spec: ContainerSpec) -> ContainerSpec:
        return replace(spec, argv=tuple(command.split()), env=dict(environment or {}), fixed_addresses=False)

    return change


def thread_counts(count: int) -> dict[str, str]:
    """What a person would set to keep libraries to so many threads: the counts of the ``threads`` control alone."""
    return pins(Controls(threads=True), Pinned(seed=0, cpus=count))


class Containers:
    """One after the other, each of the same plan. Call ``prepare``, then ``run``; ``close`` at the end."""

    def __init__(self, inside: Inside, spec: Path, change: Change = as_run) -> None:
        self._begin(inside, pin(inside.workspace, spec).plan, change, Origin(kind="submit"))

    @classmethod
    def of_replays(cls, inside: Inside, run: Run) -> Containers:
        """Replays of a run, with its clock."""
        self = cls.__new__(cls)
        self._begin(inside, runs.plan_of(inside.workspace, run), as_run, Origin(kind="replay", of=run.id), run)
        return self

    def _begin(self, inside: Inside, plan: Plan, change: Change, origin: Origin, run: Run | None = None) -> None:
        self._workspace = inside.workspace
        self._plan, self._change, self._origin = plan, change, origin
        self._clock = run.facts.clock if run else None
        self._image = building.provide(self._workspace, plan.image)
        self._client = docker.from_env(timeout=3600)
        self._live: LiveRun | None = None

    def prepare(self, number: int) -> None:
        """Remove the last one, lay down the next one's folders."""
        self._remove()
        self._live = execute.begin(self._workspace, self._plan, "bench", self._origin, self._clock)
        self._spec = self._change(container_spec(self._plan, self._live, self._image))

    def run(self, number: int) -> None:
        """From asking the engine for it to its word that it has ended."""
        self._workspace.engine.launch(self._spec)
        status = self._client.api.wait(self._spec.name)["StatusCode"]
        assert status == 0, f"{' '.join(self._spec.argv)}: {status}\n{self._said()}"

    def output(self, name: str) -> tuple[bytes, os.stat_result]:
        """A file that the last one left in /outputs."""
        assert self._live is not None
        file = self._live.outputs / name
        return file.read_bytes(), file.stat()

    def close(self) -> None:
        """Remove the last one."""
        self._remove()
        self._client.close()

    def _said(self) -> str:
        assert self._live is not None
        kept = self._live.record / "stderr"
        return kept.read_text() if kept.exists() else self._client.containers.get(self._spec.name).logs().decode()

    def _remove(self) -> None:
        if self._live is not None:
            self._workspace.engine.remove(self._live.container)
            self._live.remove()
            self._live = None
