"""The Plan: a run with everything pinned. Its digest is its name; two submits of the same thing share it.

Nothing here may depend on who submits, when, or from where. The container is set up from the plan alone, so a
later version of this program replays it with the environment, command and mounts that stand here.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from orchestrator.determinism.controls import Controls
from orchestrator.digest import Digest
from orchestrator.model import Document, Frozen
from orchestrator.runspec.model import RecordedScalar, Resources, VerifySpec


class ImagePin(Frozen):
    """An image by content. ``lock`` is the digest of the lock it is rebuilt from."""

    manifest: Digest
    """The OCI manifest digest: what a registry or an engine with the containerd store calls it."""
    config: Digest
    """The image ID: what the classic Docker engine calls it."""
    lock: Digest


class DataPin(Frozen):
    """One input by content: a single file, or a tree object."""

    kind: Literal["file", "tree"]
    digest: Digest
    mount: str


class Plan(Document):
    """All that determines an outcome."""

    format: Literal["orchestrator.plan/1"] = "orchestrator.plan/1"
    image: ImagePin
    code: Digest
    """The tree object that becomes /workspace."""
    data: dict[str, DataPin]
    agent: Digest
    """The tree object of the agent, mounted read-only."""
    interpreter: str
    """The Python inside the image that runs the agent."""
    command: tuple[str, ...]
    params: dict[str, RecordedScalar]
    env: dict[str, str]
    """The whole environment of the job, secrets excepted."""
    secrets: dict[str, str]
    """Name -> where its value is looked up at each execution; the values are recorded nowhere."""
    seed: int
    determinism: Literal["off", "standard", "strict"]
    """The level that the spec asked for."""
    controls: Controls | None = Field(default=None, exclude_if=lambda value: value is None)
    """What is in force: the level, what the spec names besides, and what could be had. None in plans of before."""
    interposer: Digest | None = Field(default=None, exclude_if=lambda value: value is None)
    """The preloaded library's file within the agent, where there is one."""
    resources: Resources
    network: Literal["none", "bridge"]
    exclude: tuple[str, ...]
    """Patterns of files that are no artifacts."""
    ingest: tuple[Literal["tensorboard"], ...] = Field(default=(), exclude_if=lambda value: not value)
    """Which files become metrics too. In plans of before there is none, and their replays bring the same outcome."""
    verify: VerifySpec
