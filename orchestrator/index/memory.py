"""The index in memory, for tests."""

from __future__ import annotations

from collections.abc import Iterable

from orchestrator.index.port import Row


class MemoryIndex:
    """Rows in a dictionary."""

    def __init__(self) -> None:
        self._rows: dict[str, Row] = {}
        self._complete = False

    def add(self, row: Row) -> None:
        """See :class:`~orchestrator.index.port.RunIndex`."""
        self._rows[row.id] = row

    def ids(self, prefix: str, limit: int) -> list[str]:
        """See :class:`~orchestrator.index.port.RunIndex`."""
        return sorted((id for id in self._rows if id.startswith(prefix)), reverse=True)[:limit]

    def rows(self, *, name: str | None, status: str | None, limit: int) -> list[Row]:
        """See :class:`~orchestrator.index.port.RunIndex`."""
        found = [row for row in self._rows.values() if name in (None, row.name) and status in (None, row.status)]
        return sorted(found, key=lambda row: row.id, reverse=True)[:limit]

    def fill(self, rows: Iterable[Row]) -> None:
        """See :class:`~orchestrator.index.port.RunIndex`."""
        self._rows = {row.id: row for row in rows}
        self._complete = True

    def is_complete(self) -> bool:
        """See :class:`~orchestrator.index.port.RunIndex`."""
        return self._complete
