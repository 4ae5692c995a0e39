"""The index in SQLite: one file. Rollback journal: the linked library may predate the fix of WAL's reset bug.

SQLite's own lock lets a waiting writer starve among many. A lock file beside the database is a queue: who writes is
alone, who reads shares, and the system lets them in as they came.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from orchestrator.errors import Corruption, EnvironmentProblem
from orchestrator.index import schema, tables
from orchestrator.index.port import Row, State
from orchestrator.index.query import Query
from orchestrator.index.schema import Dialect, Migration
from orchestrator.index.session import Value

BUSY_SECONDS = 30
"""For other programs that have the file open."""

_DIALECT = Dialect(key="INTEGER PRIMARY KEY", text="TEXT")
_OF_OLD = ("DROP TABLE IF EXISTS runs", "DROP TABLE IF EXISTS runs_2")
"""The tables of versions 1 and 2."""
_BATCH = 2000
_DAMAGED = (sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
"""The first: tables that are not as their version says."""


class SqliteIndex:
    """One file. Each call is a transaction of its own.

    Args:
        file: the database; its folder is there.
        migrations: the steps to the newest version.
    """

    def __init__(self, file: Path, migrations: Sequence[Migration] = schema.MIGRATIONS) -> None:
        self._file = file
        self._migrations = migrations

    def add(self, *rows: Row) -> None:
        """See :class:`~orchestrator.index.port.RunIndex`."""
        with self._writing() as session:
            tables.write(session, rows)

    def remove(self, *ids: str) -> None:
        """See :class:`~orchestrator.index.port.RunIndex`."""
        with self._writing() as session:
            tables.remove(session, ids)

    def ids(self, prefix: str, limit: int) -> list[str]:
        """See :class:`~orchestrator.index.port.RunIndex`."""
        with self._reading() as session:
            return tables.ids(session, prefix, limit)

    def rows(self, query: Query) -> list[Row]:
        """See :class:`~orchestrator.index.port.RunIndex`."""
        with self._reading() as session:
            return tables.read(session, query)

    def fill(self, rows: Iterable[Row]) -> None:
        """See :class:`~orchestrator.index.port.RunIndex`. A new file takes the place of the old, whatever that is."""
        with self._locked(fcntl.LOCK_EX), self._explained():
            self._check_replaceable()
            made = self._file.with_name(f"{self._file.name}.new")
            made.unlink(missing_ok=True)
            try:
                self._make(made, rows)
                made.replace(self._file)
            finally:
                made.unlink(missing_ok=True)

    def is_complete(self) -> bool:
        """See :class:`~orchestrator.index.port.RunIndex`."""
        with self._reading() as session:
            return session.state()[1]

    def state(self) -> State:
        """See :class:`~orchestrator.index.port.RunIndex`."""
        with self._reading() as session:
            return State(str(self._file), tables.count(session), session.state()[1])

    @contextlib.contextmanager
    def _reading(self) -> Iterator[_Session]:
        while True:
            with self._locked(fcntl.LOCK_SH), self._explained(), _opened(self._file) as session:
                if not schema.missing(session.state()[0], self._migrations, f"the index {self._file}"):
                    with session.transaction("DEFERRED"):
                        yield session
                    return
            with self._writing():
                pass  # it has the tables now

    @contextlib.contextmanager
    def _writing(self) -> Iterator[_Session]:
        with (
            self._locked(fcntl.LOCK_EX),
            self._explained(),
            _opened(self._file) as session,
            session.transaction("IMMEDIATE"),
        ):
            session.migrate(self._migrations, f"the index {self._file}")
            yield session

    def _check_replaceable(self) -> None:
        """Reading a database that a writer left half written makes it whole; one that cannot be is removed."""
        try:
            with _opened(self._file) as session:
                schema.missing(session.state()[0], self._migrations, f"the index {self._file}")
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode & 0xFF not in _DAMAGED:
                raise
            self._file.unlink(missing_ok=True)
            self._file.with_name(f"{self._file.name}-journal").unlink(missing_ok=True)

    def _make(self, file: Path, rows: Iterable[Row]) -> None:
        """A database of these rows. Nobody sees it before it is whole, so it needs no journal."""
        with _opened(file) as session:
            session.execute("PRAGMA journal_mode = OFF")
            session.execute("PRAGMA synchronous = OFF")
            session.execute("PRAGMA cache_size = -65536")
            with session.transaction("IMMEDIATE"):
                session.migrate(self._migrations, f"the index {file}", indexes=False)
                for batch in tables.batches(rows, _BATCH):
                    tables.write(session, batch, new=True)
                for step in self._migrations:
                    schema.make_indexes(session, step)
                session.execute("UPDATE run_index_state SET complete = 1")
            session.execute("ANALYZE")
        with file.open("rb") as written:
            os.fsync(written.fileno())

    @contextlib.contextmanager
    def _locked(self, how: int) -> Iterator[None]:
        place = self._file.with_name(f"{self._file.name}.lock")
        try:
            handle = os.open(place, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except FileNotFoundError as error:
            raise EnvironmentProblem(f"the index {self._file} cannot be reached: {error.strerror}") from error
        try:
            fcntl.flock(handle, how)
            yield
        finally:
            os.close(handle)

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        """What SQLite says, as an error of ours."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGED:
                raise Corruption(
                    f"the index {self._file} cannot be used: {error}",
                    hint="it is only a cache: `orchestrator index rebuild` makes it anew from the store",
                ) from error
            raise EnvironmentProblem(f"the index {self._file} cannot be reached: {error}") from error


class _Session:
    """A connection, as :class:`~orchestrator.index.session.Session`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def execute(self, sql: str, values: Sequence[Value] = ()) -> list[tuple[Any, ...]]:
        return self._connection.execute(sql, values).fetchall()

    def many(self, sql: str, values: Iterable[Sequence[Value]]) -> None:
        self._connection.executemany(sql, values)

    def insert(self, table: str, columns: Sequence[str], values: Iterable[Sequence[Value]]) -> None:
        marks = ", ".join("?" * len(columns))
        self.many(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", values)  # noqa: S608

    @contextlib.contextmanager
    def transaction(self, kind: str) -> Iterator[None]:
        self._connection.execute(f"BEGIN {kind}")
        try:
            yield
        except BaseException:
            with contextlib.suppress(sqlite3.OperationalError):  # a full disk ended the transaction by itself
                self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def state(self) -> tuple[int, bool]:
        """The version, 0 where there are no tables yet, and whether the index was filled."""
        if not self.execute("SELECT 1 FROM sqlite_master WHERE name = 'run_index_state'"):
            return 0, False
        ((version, complete),) = self.execute("SELECT version, complete FROM run_index_state")
        return int(version), bool(complete)

    def migrate(self, migrations: Sequence[Migration], where: str, *, indexes: bool = True) -> None:
        """Bring the tables to the newest version. The caller holds the lock and a transaction."""
        version, _ = self.state()
        if version == 0:
            for statement in (*_OF_OLD, schema.STATE):
                self.execute(statement)
            self.execute("INSERT INTO run_index_state VALUES (0, 0)")
        for step in schema.missing(version, migrations, where):
            schema.apply(self, step, _DIALECT, indexes=indexes)


@contextlib.contextmanager
def _opened(file: Path) -> Iterator[_Session]:
    connection = sqlite3.connect(file, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    with contextlib.closing(connection):
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA case_sensitive_like = ON")
        yield _Session(connection)
