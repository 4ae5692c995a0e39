"""The port of the index."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True)
class Row:
    """One run as a list shows it."""

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
    metrics: dict[str, str] = field(default_factory=dict)
    """Each metric's last value, as ``repr`` writes it."""


class RunIndex(Protocol):
    """Finds runs. Conformance: tests/contracts/test_run_index.py."""

    def add(self, *rows: Row) -> None:
        """Add or replace runs: all of them, or none where this is interrupted."""
        ...

    def ids(self, prefix: str, limit: int) -> list[str]:
        """The ids that begin with ``prefix``, the newest first, at most ``limit``; none of runs within runs."""
        ...

    def rows(self, *, name: str | None, status: str | None, parent: str | None, limit: int) -> list[Row]:
        """Runs, the newest first; by exact name and status where they are given.

        ``parent``: those within this run; None: those within none.
        """
        ...

    def fill(self, rows: Iterable[Row]) -> None:
        """Hold exactly these runs: all of them, or none where this is interrupted. From now on it is complete."""
        ...

    def is_complete(self) -> bool:
        """Whether it was ever filled: a new one knows only what was added since."""
        ...
