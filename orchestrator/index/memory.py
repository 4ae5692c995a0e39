"""The index in memory, for tests."""

from __future__ import annotations

from collections.abc import Iterable

from orchestrator.index.port import Row


class MemoryIndex:
    """Rows in a dictionary."""

    def __init__(self) -> None:
        self._rows: dict[str, Row] = {}
        self._complete = False

    def add(self, *rows: Row) -> None:
        """See :class:`~orchestrator.index.port.RunIndex`."""
        self._rows.update({row.id: row for row in rows})

    def ids(self, prefix: str, limit: int) -> list[str]:
        """See :class:`~orchestrator.index.port.RunIndex`."""
        found = (row.id for row in self._rows.values() if row.id.startswith(prefix) and not row.parent)
        return sorted(found, reverse=True)[:limit]

    def rows(self, *, name: str | None, status: str | None, parent: str | None, limit: int) -> list[Row]:
        """See :class:`~orchestrator.index.port.RunIndex`."""
        found = [
            row
            for row in self._rows.values()
            if name in (None, row.name) and status in (None, row.status) and row.parent == parent
        ]
        return sorted(found, key=lambda row: row.id, reverse=True)[:limit]

    def fill(self, rows: Iterable[Row]) -> None:
        """See :class:`~orchestrator.index.port.RunIndex`."""
        self._rows = {row.id: row for row in rows}
        self._complete = True

    def is_complete(self) -> bool:
        """See :class:`~orchestrator.index.port.RunIndex`."""
        return self._complete
