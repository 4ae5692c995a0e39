"""The RunSpec: what a person writes. Field names are the contract; see docs/runspec.md."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StrictBool, StrictFloat, StrictInt, StrictStr, model_validator

from orchestrator.model import Frozen

MAX_EXACT_INT = 2**53 - 1
"""The largest integer that JSON carries exactly on every reader."""

_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
_SPANS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def parse_memory(text: str) -> int:
    """Bytes of ``512m``, ``4g``, ``1048576``; units are powers of 1024.

    Raises:
        ValueError: not such a text.
    """
    match = re.fullmatch(r"(\d+)\s*([kmgt]?)i?b?", text.strip().lower())
    if not match:
        raise ValueError("a size reads 512m, 4g or a number of bytes")
    return int(match[1]) * _UNITS[match[2]]


def parse_duration(text: str) -> int:
    """Seconds of ``90``, ``90s``, ``15m``, ``2h``, ``1d``.

    Raises:
        ValueError: not such a text.
    """
    match = re.fullmatch(r"(\d+)\s*([smhd]?)", text.strip().lower())
    if not match:
        raise ValueError("a duration reads 90s, 15m, 2h or 1d")
    return int(match[1]) * _SPANS[match[2] or "s"]


def _memory(value: Any) -> Any:
    return parse_memory(value) if isinstance(value, str) else value


def _duration(value: Any) -> Any:
    return parse_duration(value) if isinstance(value, str) else value


def _exact(value: Any) -> Any:
    if type(value) is int and abs(value) > MAX_EXACT_INT:
        raise ValueError(f"an integer beyond ±{MAX_EXACT_INT} does not survive JSON; write it as a string")
    return value


def _absolute(path: str) -> str:
    if not path.startswith("/") or ".." in path.split("/") or "\0" in path or path.rstrip("/") == "":
        raise ValueError("a mount is an absolute path inside the container, without `..`")
    return path.rstrip("/")


def _relative(path: str) -> str:
    if path.startswith("/") or ".." in path.split("/") or not path or "\0" in path:
        raise ValueError("a relative path without `..`")
    return path


Scalar = Annotated[StrictBool | StrictInt | StrictFloat | StrictStr, BeforeValidator(_exact)]
"""A parameter's value: true, 3, 0.1 or text."""

Name = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_.-]{0,127}$")]
EnvironmentName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,127}$")]
MountPath = Annotated[str, AfterValidator(_absolute)]
RelativePath = Annotated[str, AfterValidator(_relative)]
ByteCount = Annotated[int, BeforeValidator(_memory, json_schema_input_type=int | str), Field(gt=0)]
Seconds = Annotated[int, BeforeValidator(_duration, json_schema_input_type=int | str), Field(gt=0)]


class ImageSpec(Frozen):
    """What the job's image is made of: a base, and the packages on top of it."""

    base: str | None = Field(
        None, description="a folder under images/ (python3.11), or an image reference by digest (name@sha256:…)"
    )
    dockerfile: RelativePath | None = Field(
        None, description="a Dockerfile beside the spec: built once by the engine, replayable but not rebuildable"
    )
    python: str = Field("3.11", pattern=r"^3\.\d+$", description="the interpreter's version in the image")
    requirements: tuple[str, ...] | RelativePath = Field((), description="a list of requirements, or a requirements file")
    lock: RelativePath | None = Field(None, description="the lock file; default: the spec's name with .lock")

    @model_validator(mode="before")
    @classmethod
    def _one_origin(cls, value: Any) -> Any:
        if isinstance(value, dict) and not value.get("base") and not value.get("dockerfile"):
            return {**value, "base": "python3.11"}
        if isinstance(value, dict) and value.get("base") and value.get("dockerfile"):
            raise ValueError("name either `base` or `dockerfile`, not both")
        return value


class CodeSpec(Frozen):
    """Which files are the job's code."""

    root: str = Field(".", description="the folder that becomes /workspace, relative to the spec")
    include: tuple[str, ...] = Field((), description="patterns (as in .gitignore); empty takes everything")
    exclude: tuple[str, ...] = Field((), description="patterns (as in .gitignore) left out")


class CommandSpec(Frozen):
    """What is run."""

    command: str | tuple[str, ...] = Field(
        description="a shell-like line (split into words, no shell) or a list of words; {params.x} and {data.x} are filled in"
    )


class DataSpec(Frozen):
    """One input, mounted read-only."""

    source: str = Field(description="a file or folder, relative to the spec")
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = Field(
        None, description="what a file must hash to (a folder: its tree digest); the submit fails where it does not"
    )
    mount: MountPath | None = Field(None, description="default: /data/NAME for a folder, /data/NAME/FILE for a file")


class Resources(Frozen):
    """What the job may use; the engine enforces it."""

    cpus: int = Field(2, ge=1, le=1024, description="CPUs, and the number of threads libraries are pinned to")
    memory: ByteCount = Field(4 << 30, description="bytes, or 512m, 4g; swap is not added")
    gpus: int = Field(0, ge=0, le=64, description="NVIDIA GPUs")
    timeout: Seconds | None = Field(None, description="seconds, or 15m, 2h: then the job is stopped and has failed")


class Tolerance(Frozen):
    """How far a metric may be from the original: \\|a - b\\| <= abs + rel * \\|a\\|."""

    abs: float = Field(0.0, ge=0)
    rel: float = Field(0.0, ge=0)


Strictness = Literal["exact", "ignore"]
MetricRule = Strictness | Tolerance


class VerifySpec(Frozen):
    """What a replay must bring back. A section is one rule, or a mapping from name pattern to rule; the last match wins."""

    exit_code: Strictness = "exact"
    params: Strictness | dict[str, Strictness] = "exact"
    metrics: MetricRule | dict[str, MetricRule] = "exact"
    artifacts: Strictness | dict[str, Strictness] = "exact"
    streams: Strictness | dict[Literal["stdout", "stderr"], Strictness] = "ignore"


class ArtifactsSpec(Frozen):
    """Which of the files that the job leaves behind are kept."""

    exclude: tuple[str, ...] = Field((), description="patterns (as in .gitignore), besides caches such as __pycache__/")


class RunSpec(Frozen):
    """One training run, declared."""

    version: Literal[1]
    name: Name
    image: ImageSpec = Field(default_factory=lambda: ImageSpec.model_validate({}))
    code: CodeSpec = CodeSpec()
    run: CommandSpec
    params: dict[Name, Scalar] = {}
    data: dict[Name, DataSpec] = {}
    seed: int = Field(0, ge=0, le=2**32 - 1)
    determinism: Literal["off", "standard", "strict"] = "standard"
    resources: Resources = Resources()
    network: Literal["none", "bridge"] = "none"
    env: dict[EnvironmentName, str] = {}
    secrets: dict[EnvironmentName, str] = Field(
        default={}, description="name → env:VARIABLE or file:PATH on this machine; the job finds it in /run/secrets/NAME"
    )
    verify: VerifySpec = VerifySpec()
    artifacts: ArtifactsSpec = ArtifactsSpec()


