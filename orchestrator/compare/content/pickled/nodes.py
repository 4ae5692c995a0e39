"""What a pickle describes, as plain data. Nothing is imported, called or built: a call is a node of its own.

Scalars, bytes, texts and tuples stand for themselves; lists are lists, and may hold themselves.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from orchestrator.compare.content.sections import Section


@dataclass(frozen=True)
class Global:
    """A name that loading would import."""

    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


@dataclass(eq=False)
class Pairs:
    """A dictionary: its keys may be of any kind here."""

    pairs: list[tuple[Any, Any]] = field(default_factory=list)

    def by_text(self) -> dict[str, Any]:
        """The entries whose keys are text."""
        return {key: value for key, value in self.pairs if isinstance(key, str)}


@dataclass(eq=False)
class Members:
    """A set, in the order in which it was written."""

    items: list[Any] = field(default_factory=list)
    frozen: bool = False


@dataclass(eq=False)
class Made:
    """What a call would return."""

    callee: Any
    arguments: Any
    keywords: Any = None
    states: list[Any] = field(default_factory=list)
    """What ``__setstate__`` would be given."""
    items: list[Any] = field(default_factory=list)
    """What would be appended, or added."""
    pairs: list[tuple[Any, Any]] = field(default_factory=list)
    """What would be set, item by item."""
    raw: Section | None = None
    """The bytes that joblib writes between two operations: an array's."""

    def calls(self, *names: str) -> bool:
        """Whether it is a call of one of these, ``module.name``."""
        return isinstance(self.callee, Global) and str(self.callee) in names


@dataclass(eq=False)
class Persistent:
    """Something that stands outside the pickle: torch's storages do."""

    key: Any
