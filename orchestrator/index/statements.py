"""Query -> SQL. Every value is a parameter, written ``?``; names of tables and columns are our own.

Planners do not know how soon a limit is reached. So the way is chosen here: where a condition holds for few runs,
those are looked at and put in order; else runs are walked through in the order that is asked for, each looked up for
whether it fits, until there are enough. ``CROSS JOIN`` tells SQLite so; PostgreSQL sees it by the number of runs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from orchestrator.index import values
from orchestrator.index.query import Condition, Query, Sort
from orchestrator.index.schema import column
from orchestrator.index.session import Session, Value

FEW = 2000
_NEWEST = "r.number DESC, r.id DESC"
_NEVER = "1 = 0"
_TERMS = ("run_numbers", "run_texts")


@dataclass(frozen=True)
class Statement:
    """A statement, or a part of one, and its parameters."""

    sql: str
    values: tuple[Value, ...] = ()


@dataclass(frozen=True)
class _Source:
    """Where runs are looked for: what stands behind FROM, and what holds of it."""

    tables: str
    where: tuple[Statement, ...] = ()


def beginning_with(prefix: str, limit: int) -> Statement:
    """The ids of runs within none that begin so. U+10FFFF is above whatever may follow in one."""
    return Statement(
        "SELECT id FROM run_index WHERE parent = ? AND number = 0 AND id >= ? AND id < ? ORDER BY id DESC LIMIT ?",
        ("", values.key(prefix), values.key(prefix) + "\U0010ffff", limit),
    )


def few(session: Session, query: Query) -> list[int] | None:
    """The keys of the runs that one of a query's conditions holds for, where those are few.

    In order, so that a planner takes the index rather than hope to meet enough of them wherever it begins.
    """
    parent = Statement("r.parent = ?", (values.key(query.parent or ""),))
    for condition in query.where:
        if (of_run := _of_run(condition)) is not None:
            order = f"r.{column(condition.field.name)}" if condition.field.group is None else "r.key"
            wanted = _select(_Source("run_index r", (parent, of_run)), order, FEW + 1)
        else:
            terms = _Source(f"{_table(condition)} t", (_of_term(condition),))
            wanted = _select(terms, "t.value", FEW + 1, key="t.run")
        found = session.execute(wanted.sql, wanted.values)
        if len(found) <= FEW:
            return [key for (key,) in found]
    return None


def runs(query: Query, few: list[int] | None) -> Iterator[Statement]:
    """Statements that each give keys of runs, at most ``limit``: together, and in this order, those of a query.

    The first alone is enough where it gives as many as are asked for. ``few``: it is one of these runs.
    """
    where = [Statement("r.parent = ?", (values.key(query.parent or ""),)), *map(_condition, query.where)]
    if few is not None:
        where.append(Statement(f"r.key IN ({', '.join('?' * len(few))})", tuple(few)) if few else Statement(_NEVER))
    runs = _Source("run_index r", tuple(where))
    sort = query.sort
    if sort is None:
        yield _select(runs, _NEWEST, query.limit)
    elif sort.field.group is None:
        name = f"r.{column(sort.field.name)}"
        yield _select(_with(runs, Statement(f"{name} IS NOT NULL")), f"{name} {_way(sort)}, {_NEWEST}", query.limit)
        yield _select(_with(runs, Statement(f"{name} IS NULL")), _NEWEST, query.limit)
    else:
        yield from _by_term(runs, sort, values.field(sort.field.group, sort.field.name), query.limit, few is not None)


def _by_term(runs: _Source, sort: Sort, field: str, limit: int, runs_first: bool) -> Iterator[Statement]:
    for table in _TERMS:
        terms = f"{table} s"
        tables = f"{runs.tables} CROSS JOIN {terms}" if runs_first else f"{terms} CROSS JOIN {runs.tables}"
        sorted_ = _with(_Source(tables, runs.where), Statement("s.run = r.key AND s.field = ?", (field,)))
        yield _select(sorted_, f"s.value {_way(sort)}, {_NEWEST}", limit)
    for table in _TERMS:
        has = f"SELECT 1 FROM {table} s WHERE s.run = r.key AND s.field = ?"  # noqa: S608
        runs = _with(runs, Statement(f"NOT EXISTS ({has})", (field,)))
    yield _select(runs, _NEWEST, limit)


def _condition(condition: Condition) -> Statement:
    if (of_run := _of_run(condition)) is not None:
        return of_run
    term = _of_term(condition)
    has = f"SELECT 1 FROM {_table(condition)} t WHERE t.run = r.key AND {term.sql}"  # noqa: S608
    return Statement(f"EXISTS ({has})", term.values)


def _of_run(condition: Condition) -> Statement | None:
    """A condition on a row of ``run_index r``; None where it is one on terms."""
    field, operator, value = condition.field, condition.operator, _value(condition)
    if value is None:
        return Statement(_NEVER)
    if field.group is None:
        same_kind = isinstance(value, str) == (field.name != "duration")
        return Statement(f"r.{column(field.name)} {operator} ?", (value,)) if same_kind else Statement(_NEVER)
    if field.group == "packages":
        if not isinstance(value, str):
            return Statement(_NEVER)
        locks = f"SELECT env_lock FROM run_packages WHERE name = ? AND version {operator} ?"  # noqa: S608
        return Statement(f"r.env_lock IN ({locks})", (values.key(field.name), value))
    return None


def _of_term(condition: Condition) -> Statement:
    """A condition on a row of its table of terms, which is called ``t``."""
    assert condition.field.group is not None  # noqa: S101
    field = values.field(condition.field.group, condition.field.name)
    return Statement(f"t.field = ? AND t.value {condition.operator} ?", (field, _value(condition)))


def _table(condition: Condition) -> str:
    return "run_texts" if isinstance(condition.value, str) else "run_numbers"


def _value(condition: Condition) -> str | float | None:
    """None for not-a-number: SQLite would take it for NULL, PostgreSQL for the greatest of all."""
    value = condition.value
    if isinstance(value, str):
        return values.key(value)
    return value if value == value else None


def _with(source: _Source, *more: Statement) -> _Source:
    return _Source(source.tables, (*source.where, *more))


def _select(source: _Source, order: str, limit: int, key: str = "r.key") -> Statement:
    where = " AND ".join(part.sql for part in source.where)
    parameters = [value for part in source.where for value in part.values]
    return Statement(
        f"SELECT {key} FROM {source.tables} WHERE {where} ORDER BY {order} LIMIT ?",  # noqa: S608
        (*parameters, limit),
    )


def _way(sort: Sort) -> str:
    return "DESC" if sort.descending else "ASC"
