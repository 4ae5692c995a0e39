"""The index in SQLite. Rollback journal, one writer: the linked library may predate the fix of WAL's reset bug."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path

from orchestrator.errors import Corruption, EnvironmentProblem
from orchestrator.index.port import Row

BUSY_SECONDS = 30
_VERSION = 2
_SCHEMA = f"""
DROP TABLE IF EXISTS runs;
CREATE TABLE IF NOT EXISTS runs_{_VERSION} (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, status TEXT NOT NULL, kind TEXT NOT NULL, of TEXT,
    plan TEXT NOT NULL, outcome TEXT, created TEXT NOT NULL, parent TEXT, metrics TEXT NOT NULL
) WITHOUT ROWID;
"""
"""The table's name carries the version: rows of an older one are dropped, and filled in again from the store."""

_COLUMNS = "id, name, status, kind, of, plan, outcome, created, parent, metrics"
_TABLE = f"runs_{_VERSION}"
_INSERT = f"INSERT OR REPLACE INTO {_TABLE} ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608


class SqliteIndex:
    """One file. Each call is a transaction of its own."""

    def __init__(self, file: Path) -> None:
        self._file = file
        with self._connection() as connection:
            connection.executescript(_SCHEMA)

    def add(self, *rows: Row) -> None:
        """See :class:`~orchestrator.index.port.RunIndex`."""
        with self._connection() as connection:
            connection.executemany(_INSERT, map(_values, rows))

    def ids(self, prefix: str, limit: int) -> list[str]:
        """See :class:`~orchestrator.index.port.RunIndex`."""
        with self._connection() as connection:
            found = connection.execute(
                f"SELECT id FROM {_TABLE} WHERE substr(id, 1, ?) = ? AND parent IS NULL ORDER BY id DESC LIMIT ?",  # noqa: S608
                (len(prefix), prefix, limit),
            )
            return [row[0] for row in found]

    def rows(self, *, name: str | None, status: str | None, parent: str | None, limit: int) -> list[Row]:
        """See :class:`~orchestrator.index.port.RunIndex`."""
        with self._connection() as connection:
            found = connection.execute(
                f"SELECT {_COLUMNS} FROM {_TABLE} WHERE (?1 IS NULL OR name = ?1) AND (?2 IS NULL OR status = ?2)"  # noqa: S608
                " AND parent IS ?3 ORDER BY id DESC LIMIT ?4",
                (name, status, parent, limit),
            )
            return [_row(*row) for row in found]

    def fill(self, rows: Iterable[Row]) -> None:
        """See :class:`~orchestrator.index.port.RunIndex`."""
        with self._connection() as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(f"DELETE FROM {_TABLE}")  # noqa: S608
            connection.executemany(_INSERT, map(_values, rows))
            connection.execute(f"PRAGMA user_version = {_VERSION}")

    def is_complete(self) -> bool:
        """See :class:`~orchestrator.index.port.RunIndex`."""
        with self._connection() as connection:
            return bool(connection.execute("PRAGMA user_version").fetchone()[0] == _VERSION)

    @contextlib.contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        try:
            connection = sqlite3.connect(self._file, timeout=BUSY_SECONDS)
            with contextlib.closing(connection), connection:
                connection.execute("PRAGMA synchronous = NORMAL")
                yield connection
        except sqlite3.OperationalError as error:
            raise EnvironmentProblem(f"the index {self._file} cannot be reached: {error}") from error
        except sqlite3.DatabaseError as error:
            raise Corruption(
                f"the index {self._file} cannot be used: {error}",
                hint=f"it is only a cache: remove {self._file}, the next command rebuilds it from the store",
            ) from error


def _values(row: Row) -> tuple[str | None, ...]:
    fields = (row.id, row.name, row.status, row.kind, row.of, row.plan, row.outcome, row.created, row.parent)
    return (*fields, json.dumps(row.metrics))


def _row(
    id: str,
    name: str,
    status: str,
    kind: str,
    of: str | None,
    plan: str,
    outcome: str | None,
    created: str,
    parent: str | None,
    metrics: str,
) -> Row:
    return Row(id, name, status, kind, of, plan, outcome, created, parent, json.loads(metrics))
