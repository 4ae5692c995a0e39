"""The index in PostgreSQL, for teams: what many machines add to at once.

Each call has a connection of its own, so that a job of days holds none. Who the user is and the password come from
wherever libpq takes them: the URL, PGPASSWORD, ``~/.pgpass``, a service.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from orchestrator.index import schema, tables
from orchestrator.index.port import Row, State
from orchestrator.index.postgres_connection import Connection, connected
from orchestrator.index.query import Query
from orchestrator.index.schema import Dialect, Migration
from orchestrator.index.session import Value

_DIALECT = Dialect(key="BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY", text='TEXT COLLATE "C"')
_LOCK = 0x6F726368
"""Whoever migrates holds this number."""
_BATCH = 2000
_PAGE = 500
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_HAS_STATE = """
SELECT 1 FROM pg_catalog.pg_class
WHERE relname = 'run_index_state' AND relkind = 'r' AND relnamespace = current_schema()::regnamespace
"""
"""A look into the catalogue itself: asked by name, a server may answer what was true before it waited for a lock."""


class PostgresIndex:
    """One database, or the schema of it that the user's search path names first.

    Args:
        url: ``postgresql://[USER[:PASSWORD]@]HOST[:PORT]/DATABASE``, as libpq reads it.
        migrations: the steps to the newest version.
    """

    def __init__(self, url: str, migrations: Sequence[Migration] = schema.MIGRATIONS) -> None:
        self._url = url
        self._migrations = migrations

    def add(self, *rows: Row) -> None:
        """See :class:`~orchestrator.index.port.RunIndex`."""
        with self._session() as session:
            tables.write(session, rows)

    def remove(self, *ids: str) -> None:
        """See :class:`~orchestrator.index.port.RunIndex`."""
        with self._session() as session:
            tables.remove(session, ids)

    def ids(self, prefix: str, limit: int) -> list[str]:
        """See :class:`~orchestrator.index.port.RunIndex`."""
        with self._session() as session:
            return tables.ids(session, prefix, limit)

    def rows(self, query: Query) -> list[Row]:
        """See :class:`~orchestrator.index.port.RunIndex`."""
        with self._session() as session:
            session.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            return tables.read(session, query)

    def fill(self, rows: Iterable[Row]) -> None:
        """See :class:`~orchestrator.index.port.RunIndex`. Others read what was there before, until it is whole."""
        with self._session() as session:
            session.execute("LOCK TABLE run_index IN SHARE ROW EXCLUSIVE MODE")
            for table in tables.TABLES:
                session.execute(f"DELETE FROM {table}")  # noqa: S608
            for batch in tables.batches(rows, _BATCH):
                tables.write(session, batch, new=True)
            session.execute("UPDATE run_index_state SET complete = 1")
            session.execute("ANALYZE run_index, run_numbers, run_texts, run_packages")

    def is_complete(self) -> bool:
        """See :class:`~orchestrator.index.port.RunIndex`."""
        with self._session() as session:
            return session.state()[1]

    def state(self) -> State:
        """See :class:`~orchestrator.index.port.RunIndex`."""
        with self._session() as session:
            return State(session.where, tables.count(session), session.state()[1])

    @contextlib.contextmanager
    def _session(self) -> Iterator[_Session]:
        """A transaction upon tables of the newest version."""
        with connected(self._url) as (connection, where):
            session = _Session(connection, where)
            if schema.missing(session.state()[0], self._migrations, where):
                session.migrate(self._migrations)
            connection.commit()  # what is done next begins its own transaction
            yield session


class _Session:
    """A connection, as :class:`~orchestrator.index.session.Session`."""

    def __init__(self, connection: Connection, where: str) -> None:
        self._connection = connection
        self.where = where

    def execute(self, sql: str, values: Sequence[Value] = ()) -> list[tuple[Any, ...]]:
        with self._connection.cursor() as cursor:
            cursor.execute(sql.replace("?", "%s"), values)
            return cursor.fetchall() if cursor.description else []

    def many(self, sql: str, values: Iterable[Sequence[Value]]) -> None:
        from psycopg2.extras import execute_batch

        with self._connection.cursor() as cursor:
            execute_batch(cursor, sql.replace("?", "%s"), values, page_size=_PAGE)

    def insert(self, table: str, columns: Sequence[str], values: Iterable[Sequence[Value]]) -> None:
        from orchestrator.store.streams import from_chunks  # a list of runs needs nothing of this

        into = f"COPY {table} ({', '.join(columns)}) FROM STDIN"
        with self._connection.cursor() as cursor:
            cursor.copy_expert(into, from_chunks(map(_line, values)))

    def state(self) -> tuple[int, bool]:
        """The version, 0 where there are no tables yet, and whether the index was filled."""
        if not self.execute(_HAS_STATE):
            return 0, False
        ((version, complete),) = self.execute("SELECT version, complete FROM run_index_state")
        return int(version), bool(complete)

    def migrate(self, migrations: Sequence[Migration]) -> None:
        """Bring the tables to the newest version; of several who want to, one does."""
        self.execute("SELECT pg_advisory_xact_lock(?)", (_LOCK,))
        version, _ = self.state()
        if version == 0:
            self.execute(schema.STATE)
            self.execute("INSERT INTO run_index_state VALUES (0, 0)")
        for step in schema.missing(version, migrations, self.where):
            schema.apply(self, step, _DIALECT)


def _line(row: Sequence[Value]) -> bytes:
    """A row in COPY's text format."""
    return ("\t".join("\\N" if value is None else str(value).translate(_ESCAPES) for value in row) + "\n").encode()
