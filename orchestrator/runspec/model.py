"""The RunSpec: what a person writes. Field names are the contract; see docs/runspec.md."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, StrictInt, model_validator

from orchestrator.model import Frozen
from orchestrator.runspec import fields
from orchestrator.runspec.determinism import Determinism, DeterminismSpec
from orchestrator.runspec.fields import (
    MAX_EXACT_INT,
    ByteCount,
    EnvironmentName,
    MountPath,
    Name,
    RecordedScalar,
    RelativePath,
    Scalar,
    Seconds,
    SecretReference,
    parse_duration,
    parse_memory,
)
from orchestrator.runspec.sweep import SweepSpec
from orchestrator.runspec.verify import MetricRule, Strictness, Tolerance, VerifySpec

__all__ = [
    "MAX_EXACT_INT",
    "ArtifactsSpec",
    "CodeSpec",
    "CommandSpec",
    "DataSpec",
    "DeterminismSpec",
    "ImageSpec",
    "MetricRule",
    "RecordedScalar",
    "Resources",
    "RunSpec",
    "Scalar",
    "Strictness",
    "SweepSpec",
    "Tolerance",
    "VerifySpec",
    "parse_duration",
    "parse_memory",
]

TWO_ORIGINS = "name either `base` or `dockerfile`, not both"


class ImageSpec(Frozen):
    """What the job's image is made of: a base, and the packages on top of it."""

    base: str | None = Field(
        None, description="a folder under images/ (python3.11), or an image by digest (name@sha256:…)"
    )
    dockerfile: RelativePath | None = Field(
        None,
        description="a Dockerfile beside the spec: built once by the engine, replayable, not rebuildable",
    )
    python: str = Field("3.11", pattern=fields.PYTHON_PATTERN, description="the interpreter's version in the image")
    requirements: fields.WordsOrFile = Field((), description="a list of requirements, or a requirements file")
    lock: RelativePath | None = Field(None, description="the lock file; default: the spec's name with .lock")

    @model_validator(mode="before")
    @classmethod
    def _default_base(cls, value: Any) -> Any:
        if isinstance(value, dict) and not value.get("base") and not value.get("dockerfile"):
            return {**value, "base": "python3.11"}
        return value

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        if self.base and self.dockerfile:
            raise ValueError(TWO_ORIGINS)
        return self


class CodeSpec(Frozen):
    """Which files are the job's code."""

    root: str = Field(".", description="the folder that becomes /workspace, relative to the spec")
    include: tuple[str, ...] = Field((), description="patterns (as in .gitignore); empty takes everything")
    exclude: tuple[str, ...] = Field((), description="patterns (as in .gitignore) left out")


class CommandSpec(Frozen):
    """What is run."""

    command: fields.WordsOrLine = Field(
        description="a shell-like line (split into words, no shell) or a list of words; "
        "{params.x} and {data.x} are filled in"
    )


class DataSpec(Frozen):
    """One input, mounted read-only."""

    source: str = Field(description="a file or folder, relative to the spec")
    sha256: Annotated[str, Field(pattern=fields.SHA256_PATTERN)] | None = Field(
        None, description="what a file must hash to (a folder: its tree digest); else the submit fails"
    )
    mount: MountPath | None = Field(None, description="default: /data/NAME for a folder, /data/NAME/FILE for a file")


class Resources(Frozen):
    """What the job may use; the engine enforces it."""

    cpus: StrictInt = Field(2, ge=1, le=1024, description="CPUs, and the number of threads libraries are pinned to")
    memory: ByteCount = Field(4 << 30, description="bytes, or 512m, 4g; swap is not added")
    gpus: StrictInt = Field(0, ge=0, le=64, description="NVIDIA GPUs")
    timeout: Seconds | None = Field(None, description="seconds, or 15m, 2h: then the job is stopped and has failed")


class ArtifactsSpec(Frozen):
    """Which of the files that the job leaves behind are kept."""

    exclude: tuple[str, ...] = Field((), description="patterns (as in .gitignore), besides caches such as __pycache__/")


class RunSpec(Frozen):
    """One training run, declared."""

    version: Annotated[Literal[1], fields.One] = Field(description="the format of this file: 1")
    name: Name = Field(description="what runs of this spec are called")
    image: ImageSpec = Field(default_factory=lambda: ImageSpec.model_validate({}), description="what the job runs in")
    code: CodeSpec = Field(CodeSpec(), description="which files become /workspace")
    run: CommandSpec = Field(description="what is run")
    params: dict[Name, Scalar] = Field({}, description="the job's parameters: name → true, number or text")
    data: dict[Name, DataSpec] = Field({}, description="inputs, mounted read-only: name → input")
    seed: StrictInt = Field(0, ge=0, le=2**32 - 1, description="what every random generator starts from")
    determinism: Determinism = Field(
        "standard", description="how far randomness is pinned down: a level, or a mapping of controls"
    )
    resources: Resources = Field(Resources(), description="what the job may use")
    network: Literal["none", "bridge"] = Field("none", description="`bridge` lets the job reach the network")
    env: dict[EnvironmentName, str] = Field({}, description="further environment variables of the job")
    secrets: dict[EnvironmentName, SecretReference] = Field(
        {},
        description="name → env:VARIABLE or file:PATH on this machine; the job finds it in /run/secrets/NAME",
    )
    verify: VerifySpec = Field(VerifySpec(), description="what a replay must bring back")
    artifacts: ArtifactsSpec = Field(ArtifactsSpec(), description="which files of the job are kept")
    sweep: SweepSpec | None = Field(None, description="many runs of this spec with other params; only `sweep` reads it")
