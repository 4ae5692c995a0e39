"""What fields mean together. Works on the plain value, so that it is told beside other errors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from orchestrator.determinism.environment import owners
from orchestrator.runspec import command, determinism, sweep
from orchestrator.runspec.fields import MAX_MOUNT
from orchestrator.runspec.findings import Findings
from orchestrator.runspec.model import TWO_ORIGINS
from orchestrator.runspec.position import Path, quote
from orchestrator.runspec.wording import dotted

RESERVED_MOUNTS = (
    "/workspace",
    "/outputs",
    "/run",
    "/tmp",  # noqa: S108 - in the container
    "/proc",
    "/sys",
    "/dev",
    "/opt/orchestrator",
    "/opt/env",
    "/etc",
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib64",
    "/lib32",
    "/libx32",
    "/var/run",
    "/var/lock",
    "/home",
    "/root",
    "/.dockerenv",
)
"""Folders that the container or the orchestrator fills: no input may hide them or lie inside."""

OWNED_ENVIRONMENT = owners()
"""Environment variables that a spec may not set where the controls that set them are on, and who sets them."""


def check(value: dict[str, Any], findings: Findings) -> None:
    """Report what fields say against each other."""
    for rule in (_image, _command, _mounts, _determinism, _environment, _sweep):
        for path, message in rule(value):
            findings.add(path, message, key=path[0] == "env")


def _image(value: dict[str, Any]) -> Iterator[tuple[Path, str]]:
    image = _section(value, "image")
    if image.get("base") and image.get("dockerfile"):
        yield ("image",), f"`image`: {TWO_ORIGINS}"


def _command(value: dict[str, Any]) -> Iterator[tuple[Path, str]]:
    line = _section(value, "run").get("command")
    words = line if isinstance(line, list) else [line]
    if not all(isinstance(word, str) for word in words):
        return
    for problem in command.check(line, _section(value, "params"), _section(value, "data")):  # type: ignore[arg-type]
        where: Path = ("run", "command")
        yield (where if problem.word is None else (*where, problem.word)), problem.message


def _mounts(value: dict[str, Any]) -> Iterator[tuple[Path, str]]:
    mounts = [_mount(name, item) for name, item in _section(value, "data").items()]
    taken: dict[str, Path] = {}
    for path, mount in mounts:
        if reserved := next((folder for folder in RESERVED_MOUNTS if _overlap(mount, folder)), None):
            yield path, f"the mount {quote(mount)} meets {quote(reserved)}, which is not the job's to fill"
        if (first := taken.setdefault(mount, path)) != path:
            yield path, f"the mount {quote(mount)} is already that of {quote(_input(first))}"
    for path, mount in mounts:
        if outer := next((folder for folder in _parents(mount) if folder in taken), None):
            inside = f"{quote(outer)}, the mount of {quote(_input(taken[outer]))}"
            yield path, f"the mount {quote(mount)} lies inside {inside}"


def _determinism(value: dict[str, Any]) -> Iterator[tuple[Path, str]]:
    for name, message in determinism.check(_section(value, "determinism")):
        yield ("determinism", name), message


def _environment(value: dict[str, Any]) -> Iterator[tuple[Path, str]]:
    taken = owners(determinism.in_force(value.get("determinism")))
    for name in _section(value, "env"):
        if name in taken:
            owner = OWNED_ENVIRONMENT[name]
            yield ("env", name), f"{quote(name)} cannot be set: it belongs to {owner}"


def _sweep(value: dict[str, Any]) -> Iterator[tuple[Path, str]]:
    if section := _section(value, "sweep"):
        for path, message in sweep.check(section, _section(value, "params")):
            yield ("sweep", *path), message


def _mount(name: str, item: Any) -> tuple[Path, str]:
    given = item.get("mount") if isinstance(item, dict) else None
    if isinstance(given, str) and given.startswith("/") and len(given) <= MAX_MOUNT:
        return ("data", name, "mount"), _normal(given)
    return ("data", name), f"/data/{name}"


def _section(value: dict[str, Any], name: str) -> dict[str, Any]:
    section = value.get(name)
    return section if isinstance(section, dict) else {}


def _normal(path: str) -> str:
    return "/" + "/".join(part for part in path.split("/") if part not in ("", "."))


def _overlap(one: str, other: str) -> bool:
    return (one + "/").startswith(other + "/") or (other + "/").startswith(one + "/")


def _parents(path: str) -> Iterator[str]:
    while path := path.rpartition("/")[0]:
        yield path


def _input(path: Path) -> str:
    return dotted(path[:2])
