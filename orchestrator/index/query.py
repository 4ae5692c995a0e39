"""What is asked of the index: clauses, an order, a limit. Each adapter answers with the same rows in the same order.

A condition holds for runs that *have* such a value. Numbers are compared with numbers and texts with texts, by code
point; versions of packages as versions (:mod:`orchestrator.index.versions`). Sorted by something, the numbers come
first, then the texts, and last the runs without a value (not-a-number is none), whichever way it goes; runs that are
equal come newest first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Group = Literal["metrics", "params", "tags", "data", "packages"]
"""data: name of an input or of a logged data set -> its digest. packages: name -> version, of the environment."""

Operator = Literal["=", "!=", "<", "<=", ">", ">=", "LIKE", "ILIKE"]
"""LIKE: a text where ``%`` stands for anything and ``_`` for one character. ILIKE: A to Z are a to z."""

GROUPS: tuple[Group, ...] = ("metrics", "params", "tags", "data", "packages")

COLUMNS = (
    "id",
    "name",
    "status",
    "kind",
    "of",
    "plan",
    "outcome",
    "created",
    "started",
    "ended",
    "duration",
    "image",
    "lock",
    "code",
    "commit",
    "certificate",
)
"""What each run has one of. All are texts but ``duration``, in seconds."""


@dataclass(frozen=True)
class Field:
    """Something that a run may have: a column, or a name in a group."""

    name: str
    group: Group | None = None

    @property
    def dotted(self) -> str:
        """As a person writes it: ``status``, ``metrics.loss``."""
        return f"{self.group}.{self.name}" if self.group else self.name


@dataclass(frozen=True)
class Condition:
    """``field operator value``. A number asks for numbers, a text for texts."""

    field: Field
    operator: Operator
    value: str | float


@dataclass(frozen=True)
class Has:
    """The run has such a value, whatever it is; a metric that is not-a-number is none."""

    field: Field


@dataclass(frozen=True)
class Not:
    """This does not hold: also for runs without such a value."""

    clause: Clause


@dataclass(frozen=True)
class AllOf:
    """Every one of these holds."""

    clauses: tuple[Clause, ...]


@dataclass(frozen=True)
class AnyOf:
    """One of these holds, at least."""

    clauses: tuple[Clause, ...]


Clause = Condition | Has | Not | AllOf | AnyOf


@dataclass(frozen=True)
class Sort:
    """An order other than the newest first."""

    field: Field
    descending: bool = False


@dataclass(frozen=True)
class Query:
    """Which runs, in which order, how many at most."""

    where: tuple[Clause, ...] = ()
    """All of them hold."""
    parent: str | None = None
    """Those within this run; None: those within none."""
    sort: Sort | None = None
    """None: the newest first; runs within a run, the last first."""
    limit: int = 50
