"""The failpoints that stand in the source, and how each is come by."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

import orchestrator

PACKAGE = Path(orchestrator.__file__).parent


def in_source() -> list[str]:
    """The name of every failpoint, in the order of their files."""
    return sorted({name for file in PACKAGE.rglob("*.py") for name in _in(file)})


def _in(file: Path) -> list[str]:
    calls = [node for node in ast.walk(ast.parse(file.read_bytes())) if isinstance(node, ast.Call)]
    return [
        call.args[0].value
        for call in calls
        if isinstance(call.func, ast.Name) and call.func.id == "reached" and isinstance(call.args[0], ast.Constant)
    ]


@dataclass(frozen=True)
class Scenario:
    """A command that comes past a failpoint."""

    name: str
    argv: tuple[str, ...]
    new_image: bool = False
    """Whether the image has to be locked and built."""
    left_behind: str | None = None
    """The failpoint at which another submit was killed before."""
    goes_on: bool = False
    """Whether that one's job is still under way."""


BUILDING = Scenario("building", ("submit", "--json"), new_image=True)
SUBMITTING = Scenario("submitting", ("submit", "--json"))
DETACHING = Scenario("detaching", ("submit", "--detach", "--json"))
ADOPTING = Scenario("adopting", ("ls", "--json"), left_behind="follow.begun", goes_on=True)
REPAIRING = Scenario("repairing", ("ls", "--json"), left_behind="collect.asked")
INDEXING = Scenario("indexing", ("ls", "--json"), left_behind="record.run")

_PREFIXES = {
    "lock.": BUILDING,
    "build.": BUILDING,
    "load.": BUILDING,
    "durable.folder.made": BUILDING,
    "detach.": DETACHING,
    "submit.detached": DETACHING,
    "recover.indexed": INDEXING,
    "recover.": ADOPTING,
}
_REPAIR = ("collect.", "record.", "clean.", "durable.fsync", "durable.rename", "durable.write", "blob.", "recover.held")


def scenario(point: str) -> Scenario:
    """A command that reaches a failpoint for sure."""
    return next((found for prefix, found in _PREFIXES.items() if point.startswith(prefix)), SUBMITTING)


def in_recovery(points: list[str]) -> list[tuple[str, Scenario]]:
    """The failpoints that the next command comes past when it repairs what a killed submit has left."""
    return [(point, REPAIRING) for point in points if point.startswith(_REPAIR)]
