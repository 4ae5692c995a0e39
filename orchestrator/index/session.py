"""What the tables are written and read through: a transaction of some database."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

Value = str | float | int | None


class Session(Protocol):
    """A transaction. Parameters are written ``?``; a statement's text has no other question mark, and no percent."""

    def execute(self, sql: str, values: Sequence[Value] = ()) -> list[tuple[Any, ...]]:
        """Run a statement; what it gives."""
        ...

    def many(self, sql: str, values: Iterable[Sequence[Value]]) -> None:
        """Run a statement with each of these parameters."""
        ...

    def insert(self, table: str, columns: Sequence[str], values: Iterable[Sequence[Value]]) -> None:
        """Add new rows to a table, in the fastest way."""
        ...
