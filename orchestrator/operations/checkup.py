"""What is wrong with this machine, and the next step."""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import orchestrator.agent
from orchestrator.determinism.levels import LEVELS
from orchestrator.errors import EngineError, OrchestratorError
from orchestrator.execution import cpu
from orchestrator.execution.live import all_in
from orchestrator.lock import sources
from orchestrator.operations.reaching import reach
from orchestrator.workspace import Workspace

_LOW_DISK = 5 << 30
_WAL_FIX = (3, 51, 3)
_INTERPOSER = Path("interpose/libinterpose.so")
_STANDARD_CPU = str(LEVELS["standard"]["cpu"])
_AGENT = Path(orchestrator.agent.__file__).parent
_OLDEST_CLOCK = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Check:
    """One thing that was looked at."""

    name: str
    state: Literal["ok", "warning", "problem"]
    text: str
    next_step: str = ""


def doctor(workspace: Workspace, profile: str | None = None) -> list[Check]:
    """Look at everything; a check that itself fails is a problem, not an error.

    ``profile``: the name of the settings in force, to be told.
    """
    named = f"profile {profile}" if profile else "no profile"
    settings = Check("settings", "ok", f"{named}; home is {workspace.home}")
    return [settings, *(check for look in _LOOKS for check in _guarded(look, workspace))]


def _guarded(look: Callable[[Workspace], Iterator[Check]], workspace: Workspace) -> list[Check]:
    try:
        return list(look(workspace))
    except OrchestratorError as error:
        return [Check(look.__name__.strip("_"), "problem", error.message, error.hint)]


def _engine(workspace: Workspace) -> Iterator[Check]:
    try:
        said = workspace.engine.describe()
    except EngineError as error:
        yield Check("engine", "problem", error.message, error.hint)
        return
    yield Check("engine", "ok", f"Docker {said['version']}, {said['storage']}, cgroup v{said['cgroup']}")
    yield _seccomp(said)
    yield _limits(said)
    cpus = len(os.sched_getaffinity(0))
    yield (
        Check("cpus", "ok", f"{cpus} usable")
        if cpus >= 2
        else Check("cpus", "warning", "1 usable: `resources.cpus` defaults to 2", "set `resources: {cpus: 1}`")
    )


def _seccomp(said: dict[str, Any]) -> Check:
    if "seccomp" in said["security"]:
        return Check("seccomp", "ok", "the engine filters system calls")
    return Check(
        "seccomp",
        "problem",
        "the engine runs without seccomp",
        "start dockerd on a kernel with CONFIG_SECCOMP_FILTER",
    )


def _limits(said: dict[str, Any]) -> Check:
    missing = [name for name, there in said["limits"].items() if not there]
    if not missing:
        return Check("limits", "ok", "memory, swap, CPU and process limits are enforced")
    return Check(
        "limits",
        "warning",
        f"the engine cannot limit: {', '.join(missing)}",
        "enable these cgroup controllers in the kernel",
    )


def _disk(workspace: Workspace) -> Iterator[Check]:
    free = shutil.disk_usage(workspace.scratch).free
    text = f"{free >> 30} GiB free at {workspace.home}"
    if free >= _LOW_DISK:
        yield Check("disk", "ok", text)
    else:
        yield Check("disk", "warning", text, "free some, or set ORCHESTRATOR_HOME to a bigger disk")


def _clock(workspace: Workspace) -> Iterator[Check]:
    now = workspace.now()
    if now >= _OLDEST_CLOCK:
        yield Check("clock", "ok", workspace.timestamp())
    else:
        yield Check("clock", "problem", f"the clock says {workspace.timestamp()}", "set it: run ids sort by time")


def _sqlite(workspace: Workspace) -> Iterator[Check]:
    version = sqlite3.sqlite_version
    if sqlite3.sqlite_version_info >= _WAL_FIX:
        yield Check("sqlite", "ok", version)
    else:
        yield Check(
            "sqlite",
            "ok",
            f"{version}: older than the fix of WAL's reset bug, so the rollback journal is used",
        )


def _wheels(workspace: Workspace) -> Iterator[Check]:
    links = sources.find_links()
    gone = [place for place in links if place.startswith("/") and not Path(place).is_dir()]
    if gone:
        yield Check(
            "wheels",
            "warning",
            f"find-links names folders that are not there: {', '.join(gone)}",
            "see `pip config list`",
        )
    else:
        places = f", and {len(links)} find-links" if links else ""
        yield Check("wheels", "ok", f"from pip's configured index{places}")


def _tools(workspace: Workspace) -> Iterator[Check]:
    for program, what in (("git", "code facts and ignore rules"), ("mmdebstrap", "building base images")):
        if shutil.which(program):
            yield Check(program, "ok", "installed")
        else:
            yield Check(program, "warning", f"missing: needed for {what}", f"apt-get install {program}")


def _store(workspace: Workspace) -> Iterator[Check]:
    left = sum(1 for _ in all_in(workspace.live))
    yield Check("runs", "ok", f"{left} live")


def _places(workspace: Workspace) -> Iterator[Check]:
    for name, where, problem in reach(workspace):
        if problem is None:
            yield Check(name, "ok", f"{where} answers")
        else:
            message = problem.message if where in problem.message else f"{where}: {problem.message}"
            yield Check(name, "problem", message, problem.hint)


def _python(workspace: Workspace) -> Iterator[Check]:
    yield Check("python", "ok", sys.version.split()[0])


def _interposer(workspace: Workspace) -> Iterator[Check]:
    try:
        digest = hashlib.sha256((_AGENT / _INTERPOSER).read_bytes()).hexdigest()
        yield Check("interposer", "ok", f"{_INTERPOSER.name} sha256:{digest[:12]}")
    except FileNotFoundError:
        yield Check(
            "interposer",
            "warning",
            f"{_INTERPOSER.name} is not built: entropy, clock and directory listings are not owned, so fewer runs "
            "come back bit for bit",
            _how_to_build(shutil.which(os.environ.get("CC", "cc"))),
        )


def _how_to_build(compiler: str | None) -> str:
    """A checkout has the build beside it; anything else is built again by pip, from source."""
    checkout = _AGENT.parents[1] / "hatch_build.py"
    build = f"python {checkout}" if checkout.is_file() else "pip install --force-reinstall --no-deps SOURCE"
    return build if compiler else f"install a C compiler (apt-get install gcc libc6-dev), then `{build}`"


def _cpu(workspace: Workspace) -> Iterator[Check]:
    here = workspace.host().get("cpu", {})
    lacks = cpu.missing(_STANDARD_CPU, here)
    if not lacks:
        yield Check("cpu", "ok", cpu.name(here))
    else:
        yield Check(
            "cpu",
            "warning",
            f"{cpu.name(here)} lacks {', '.join(lacks)}: it cannot honour the default pin {_STANDARD_CPU}",
            f"`determinism: {{cpu: {cpu.best(here)}}}` in the spec",
        )


_LOOKS = (_python, _engine, _cpu, _interposer, _disk, _clock, _sqlite, _wheels, _tools, _store, _places)
