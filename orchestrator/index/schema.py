"""The tables, once for every database: plain SQL with the few words in braces that databases spell differently.

A run is one row of ``run_index``: its columns, and the whole of it as a document, which is what comes back. What runs
have by name stands in ``run_numbers`` and ``run_texts``, in the order it is searched in. Packages stand by lock: many
runs share one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from orchestrator.errors import EnvironmentProblem
from orchestrator.index.query import COLUMNS
from orchestrator.index.session import Session

SPELLED = {"of": "of_run", "commit": "git_commit", "lock": "env_lock"}
"""Columns whose own names are words of SQL."""


@dataclass(frozen=True)
class Dialect:
    """What a database spells in its own way."""

    key: str
    """A column of numbers that the database gives out itself."""
    text: str
    """The type of a text that is compared by code point."""


@dataclass(frozen=True)
class Migration:
    """A step from the version before to this one."""

    version: int
    statements: tuple[str, ...]
    indexes: tuple[str, ...] = ()
    """They may be made after the tables are filled: that is faster."""
    refill: bool = True
    """Whether the index has to be filled from the store again."""


def column(name: str) -> str:
    """A column of runs, as the table calls it."""
    return SPELLED.get(name, name)


def _run_index() -> str:
    texts = ", ".join(f"{column(name)} {{text}}" for name in COLUMNS if name not in ("id", "duration"))
    return (
        "CREATE TABLE run_index (key {key}, id {text} NOT NULL UNIQUE, parent {text} NOT NULL, number INTEGER NOT NULL,"
        f" duration DOUBLE PRECISION, {texts}, document TEXT NOT NULL)"
    )


def _sorted(*names: str) -> tuple[str, ...]:
    """For a condition on a column and for its sort, the newest first within it."""
    return tuple(
        f"CREATE INDEX run_index_by_{name} ON run_index (parent, {column(name)}, number, id)" for name in names
    )


def _equal(*names: str) -> tuple[str, ...]:
    """For a condition on a column alone."""
    return tuple(f"CREATE INDEX run_index_of_{name} ON run_index ({column(name)})" for name in names)


def _terms(table: str, kind: str) -> str:
    return f"CREATE TABLE {table} (run BIGINT NOT NULL, field {{text}} NOT NULL, value {kind} NOT NULL)"


def _term_indexes(table: str) -> tuple[str, str]:
    """Which runs have such a value, in its order; what a run has."""
    return (
        f"CREATE INDEX {table}_by_value ON {table} (field, value, run)",
        f"CREATE INDEX {table}_by_run ON {table} (run, field, value)",
    )


_SORTED = ("name", "status", "duration")
_EQUAL = ("plan", "of", "image", "lock", "commit")
_EQUAL_4 = ("outcome", "code")
INDEXED = frozenset({"id", "created", *_SORTED, *_EQUAL, *_EQUAL_4})
"""The columns by which a database finds runs without looking at each."""

MIGRATIONS = (
    Migration(
        3,
        (
            _run_index(),
            _terms("run_numbers", "DOUBLE PRECISION"),
            _terms("run_texts", "{text}"),
            "CREATE TABLE run_packages (name {text} NOT NULL, version {text} NOT NULL, env_lock {text} NOT NULL,"
            " PRIMARY KEY (name, version, env_lock))",
        ),
        (
            "CREATE INDEX run_index_by_id ON run_index (parent, number, id)",
            *_sorted(*_SORTED),
            *_equal(*_EQUAL),
            *_term_indexes("run_numbers"),
            *_term_indexes("run_texts"),
        ),
    ),
    Migration(4, (), (*_sorted("created"), *_equal(*_EQUAL_4)), refill=False),
)
"""In order. Versions 1 and 2 were tables of SQLite alone, which its adapter drops."""

STATE = "CREATE TABLE run_index_state (version INTEGER NOT NULL, complete INTEGER NOT NULL)"
"""One row: the number of the last migration, and whether the index was filled since one that asked for it."""


def missing(version: int, migrations: Sequence[Migration], where: str) -> list[Migration]:
    """The steps that lead from a version to that of this program.

    Raises:
        EnvironmentProblem: the version is newer.
    """
    newest = migrations[-1].version
    if version > newest:
        raise EnvironmentProblem(
            f"{where} has version {version}, and this orchestrator knows versions up to {newest}",
            hint="use the newer orchestrator that wrote it, or give this one an index of its own",
        )
    return [step for step in migrations if step.version > version]


def apply(session: Session, step: Migration, dialect: Dialect, *, indexes: bool = True) -> None:
    """Take a step, within the caller's transaction. ``indexes``: False leaves :func:`make_indexes` to the caller."""
    for statement in step.statements:
        session.execute(statement.format(key=dialect.key, text=dialect.text))
    if indexes:
        make_indexes(session, step)
    refilled = "complete = 0, " if step.refill else ""
    session.execute(f"UPDATE run_index_state SET {refilled}version = ?", (step.version,))  # noqa: S608


def make_indexes(session: Session, step: Migration) -> None:
    """What of a step makes finding fast."""
    for statement in step.indexes:
        session.execute(statement)
