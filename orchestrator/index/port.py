"""The port of the index."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from orchestrator.index.query import Query

Param = str | bool | int | float | None


@dataclass(frozen=True)
class Row:
    """One run as it is listed and found. Digests and times are written as in the run's record."""

    id: str
    name: str
    status: str
    kind: str
    of: str | None
    plan: str
    outcome: str | None
    created: str
    parent: str | None = None
    """The run within which it was made."""
    metrics: Mapping[str, str] = field(default_factory=dict)
    """Each metric's last value, as ``repr`` writes it."""
    params: Mapping[str, Param] = field(default_factory=dict)
    """The plan's, and those that the job logged."""
    tags: Mapping[str, str] = field(default_factory=dict)
    data: Mapping[str, str] = field(default_factory=dict)
    """Inputs and logged data sets: name -> digest."""
    started: str | None = None
    ended: str | None = None
    duration: float | None = None
    """Seconds from its start to its end."""
    image: str | None = None
    """The manifest's digest."""
    lock: str | None = None
    code: str | None = None
    """The tree's digest."""
    commit: str | None = None
    """Of the code's git work tree, where it is one."""
    certificate: str | None = None
    """What a replay right after it came to, where one was asked for."""
    packages: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)
    """What its lock names: name -> version. Runs are found by them; they do not come back, as many runs share them."""


@dataclass(frozen=True)
class State:
    """How an index stands."""

    where: str
    """The file, or the database without its password."""
    runs: int
    """How many it knows, those within runs included."""
    complete: bool
    """Whether it was ever filled."""


class RunIndex(Protocol):
    """Finds runs. Conformance: tests/contracts/test_run_index.py."""

    def add(self, *rows: Row) -> None:
        """Add or replace runs: all of them, or none where this is interrupted."""
        ...

    def remove(self, *ids: str) -> None:
        """Forget runs: all of them, or none where this is interrupted. Those it does not know are no error."""
        ...

    def ids(self, prefix: str, limit: int) -> list[str]:
        """The ids that begin with ``prefix``, the newest first, at most ``limit``; none of runs within runs."""
        ...

    def rows(self, query: Query) -> list[Row]:
        """The runs that a query asks for, in its order."""
        ...

    def fill(self, rows: Iterable[Row]) -> None:
        """Hold exactly these runs: all of them, or none where this is interrupted. From now on it is complete.

        ``rows`` is read while nobody else can add or remove: what it yields last is not overtaken.
        """
        ...

    def is_complete(self) -> bool:
        """Whether it was ever filled: a new one knows only what was added since."""
        ...

    def state(self) -> State:
        """How it stands, for a person."""
        ...
