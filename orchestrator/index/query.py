"""What is asked of the index: conditions, an order, a limit. Each adapter answers with the same rows in the same order.

A condition holds for runs that *have* such a value. Numbers are compared with numbers and texts with texts, by code
point. Sorted by something, the numbers come first, then the texts, and last the runs without a value (not-a-number is
none), whichever way it goes; runs that are equal come newest first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from orchestrator.errors import UsageError

Group = Literal["metrics", "params", "tags", "data", "packages"]
"""data: name of an input or of a logged data set -> its digest. packages: name -> version, of the environment."""

Operator = Literal["=", "!=", "<", "<=", ">", ">="]

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

    @classmethod
    def parse(cls, text: str) -> Field:
        """``status``, ``metrics.loss``, ``params.lr``, ``tags.team``: what is behind the first dot is a name as it is.

        Raises:
            UsageError: there is no such column or group.
        """
        head, dot, name = text.partition(".")
        if not dot and head in COLUMNS:
            return cls(head)
        for group in GROUPS:
            if dot and head == group:
                return cls(name, group)
        raise UsageError(
            f"runs have no {text!r}",
            hint=f"there are {', '.join(COLUMNS)}, and {', '.join(f'{group}.NAME' for group in GROUPS)}",
        )


@dataclass(frozen=True)
class Condition:
    """``field operator value``. A number asks for numbers, a text for texts."""

    field: Field
    operator: Operator
    value: str | float


@dataclass(frozen=True)
class Sort:
    """An order other than the newest first."""

    field: Field
    descending: bool = False

    @classmethod
    def parse(cls, text: str) -> Sort:
        """``FIELD``, or ``-FIELD`` for the greatest first.

        Raises:
            UsageError: runs have no such field, or are not sorted by it.
        """
        field = Field.parse(text.removeprefix("-"))
        if field.group == "packages":
            raise UsageError("runs are not sorted by packages", hint="sort by a column, a metric, a parameter or a tag")
        return cls(field, text.startswith("-"))


@dataclass(frozen=True)
class Query:
    """Which runs, in which order, how many at most."""

    where: tuple[Condition, ...] = ()
    """All of them hold."""
    parent: str | None = None
    """Those within this run; None: those within none."""
    sort: Sort | None = None
    """None: the newest first; runs within a run, the last first."""
    limit: int = 50
