"""Rows <-> tables: what is written for a run, removed with it, and read back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from orchestrator.index import statements, values
from orchestrator.index.port import Row
from orchestrator.index.query import COLUMNS, Query
from orchestrator.index.schema import column
from orchestrator.index.session import Session, Value

TABLES = ("run_index", "run_numbers", "run_texts", "run_packages")
_RUN = ("id", "parent", "number", *(column(name) for name in COLUMNS if name != "id"), "document")
_TERM = ("run", "field", "value")
_AT_ONCE = 500
"""Parameters of one statement."""

_Item = TypeVar("_Item")


def write(session: Session, rows: Iterable[Row], *, new: bool = False) -> None:
    """Add or replace runs. ``new``: the tables have none of them.

    Runs are locked first and in the order of their ids, packages after them and in order: two writers that have the
    same ones wait for each other, and never both.
    """
    ordered = sorted({row.id: row for row in rows}.values(), key=lambda row: row.id)
    if new:
        session.insert("run_index", _RUN, map(_run, ordered))
        keys = _keys(session, ordered)
    else:
        session.many(_UPSERT, map(_run, ordered))
        keys = _keys(session, ordered)
        _forget_terms(session, keys.values())
    terms = [(keys[values.key(row.id)], term.field, term.value) for row in ordered for term in values.terms(row)]
    session.insert("run_numbers", _TERM, (term for term in terms if not isinstance(term[2], str)))
    session.insert("run_texts", _TERM, (term for term in terms if isinstance(term[2], str)))
    session.many("INSERT INTO run_packages VALUES (?, ?, ?) ON CONFLICT DO NOTHING", _packages(ordered))


def remove(session: Session, ids: Sequence[str]) -> None:
    """Forget runs. The packages of their locks stay: other runs may share them, and nobody finds a run by them."""
    for some in batches(sorted(map(values.key, ids)), _AT_ONCE):
        keys = session.execute(f"DELETE FROM run_index WHERE id IN ({_marks(some)}) RETURNING key", some)  # noqa: S608
        _forget_terms(session, (key for (key,) in keys))


def read(session: Session, query: Query) -> list[Row]:
    """The runs that a query asks for, in its order."""
    keys: list[int] = []
    for statement in statements.runs(session, query, statements.few(session, query)):
        if len(keys) < query.limit:
            keys += (key for (key,) in session.execute(statement.sql, statement.values))
    keys = keys[: query.limit]
    documents: dict[int, str] = {}
    for some in batches(keys, _AT_ONCE):
        wanted = f"SELECT key, document FROM run_index WHERE key IN ({_marks(some)})"  # noqa: S608
        documents.update(session.execute(wanted, some))
    return [values.from_document(documents[key]) for key in keys]


def ids(session: Session, prefix: str, limit: int) -> list[str]:
    """The ids of runs within none that begin so, the newest first."""
    statement = statements.beginning_with(prefix, limit)
    return [found for (found,) in session.execute(statement.sql, statement.values)]


def count(session: Session) -> int:
    """How many runs there are."""
    return int(session.execute("SELECT count(*) FROM run_index")[0][0])


def batches(items: Iterable[_Item], size: int) -> Iterator[list[_Item]]:
    """Lists of at most ``size``."""
    batch: list[_Item] = []
    for item in items:
        batch.append(item)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def _run(row: Row) -> tuple[Value, ...]:
    columns = values.columns(row)
    place = (columns.pop("id"), values.key(row.parent or ""), values.number(row))
    return (*place, *columns.values(), values.document(row))


def _keys(session: Session, rows: Sequence[Row]) -> dict[str, int]:
    """Id -> the number that the database gave the run."""
    keys: dict[str, int] = {}
    for some in batches((values.key(row.id) for row in rows), _AT_ONCE):
        keys.update(session.execute(f"SELECT id, key FROM run_index WHERE id IN ({_marks(some)})", some))  # noqa: S608
    return keys


def _packages(rows: Iterable[Row]) -> list[tuple[str, str, str]]:
    of_lock = {row.lock: row.packages for row in rows if row.lock is not None}
    return sorted(
        (values.key(name), values.key(version), values.key(lock))
        for lock, packages in of_lock.items()
        for name, version in packages.items()
    )


def _forget_terms(session: Session, keys: Iterable[int]) -> None:
    ordered = [(key,) for key in keys]
    for table in ("run_numbers", "run_texts"):
        session.many(f"DELETE FROM {table} WHERE run = ?", ordered)  # noqa: S608


def _marks(some: Sequence[object]) -> str:
    return ", ".join("?" * len(some))


_UPSERT = (
    f"INSERT INTO run_index ({', '.join(_RUN)}) VALUES ({_marks(_RUN)})"  # noqa: S608
    f" ON CONFLICT (id) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in _RUN[1:])}"
)
