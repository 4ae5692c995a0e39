"""Query -> SQL. Every value is a parameter, written ``?``; names of tables and columns are our own.

Planners do not know how soon a limit is reached. So the way is chosen here: where a condition holds for few runs,
those are looked at and put in order; else runs are walked through in the order that is asked for, each looked up for
whether it fits, until there are enough. ``CROSS JOIN`` tells SQLite so; PostgreSQL sees it by the number of runs.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from orchestrator.index import values
from orchestrator.index.patterns import escaped
from orchestrator.index.query import AllOf, AnyOf, Clause, Condition, Field, Has, Not, Query, Sort
from orchestrator.index.schema import INDEXED, column
from orchestrator.index.session import Session, Value

FEW = 2000
_NEWEST = "r.number DESC, r.id DESC"
_NEVER = "1 = 0"
_TERMS = ("run_numbers", "run_texts")
_BY_TERM = ("metrics", "params", "tags", "data")
_PATTERNS = ("LIKE", "ILIKE")


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
    """The keys of the runs that one part of a query holds for, where those are few.

    In order, so that a planner takes the index rather than hope to meet enough of them wherever it begins.
    """
    return _few_of_all(session, query.where, query.parent)


def _few_of_all(session: Session, clauses: Sequence[Clause], parent: str | None) -> list[int] | None:
    """Once one part holds for few, no other is asked about."""
    alike, others = _alike(clauses)
    alike.sort(key=lambda some: all(one.operator in _PATTERNS for one in some))  # for a pattern each run is looked at
    found = (_few_that_fit(session, one, parent) for one in alike)
    within = (_few_of_any(session, one.clauses, parent) for one in others if isinstance(one, AnyOf))
    return next((few for few in chain(found, within) if few is not None), None)


def _few_of_any(session: Session, clauses: Sequence[Clause], parent: str | None) -> list[int] | None:
    union: set[int] = set()
    for one in clauses:
        few = _few_of_all(session, (one,), parent)
        if few is None or len(union := union.union(few)) > FEW:
            return None
    return sorted(union)


def _alike(clauses: Sequence[Clause]) -> tuple[list[list[Condition]], list[Clause]]:
    """The conditions among clauses that all hold, those on one field together: a span is few where its ends are not."""
    by_field: dict[tuple[Field, bool], list[Condition]] = {}
    others: list[Clause] = []
    waiting = list(clauses)
    while waiting:
        match waiting.pop(0):
            case Condition() as one:
                by_field.setdefault((one.field, isinstance(one.value, str)), []).append(one)
            case AllOf(inner):
                waiting[:0] = inner
            case Has(field) if field.group in _BY_TERM:
                others.append(AnyOf((Condition(field, ">=", -math.inf), Condition(field, ">=", ""))))
            case other:
                others.append(other)
    return list(by_field.values()), others


def _few_that_fit(session: Session, conditions: list[Condition], parent: str | None) -> list[int] | None:
    """The runs for which all conditions on one field hold."""
    first = conditions[0]
    if first.field.group is None and first.field.name not in INDEXED:
        return None
    of_run = [part for one in conditions if (part := _of_run(session, one)) is not None]
    if of_run:
        order = f"r.{column(first.field.name if first.field.group is None else 'lock')}"
        in_place = Statement("r.parent = ?", (values.key(parent or ""),))
        wanted = _select(_Source("run_index r", (in_place, *of_run)), order, FEW + 1)
    else:
        terms = _Source(f"{_table(first)} t", tuple(map(_of_term, conditions)))
        wanted = _select(terms, "t.value", FEW + 1, key="t.run")
    found = session.execute(wanted.sql, wanted.values)
    return [key for (key,) in found] if len(found) <= FEW else None


def runs(session: Session, query: Query, few: list[int] | None) -> Iterator[Statement]:
    """Statements that each give keys of runs, at most ``limit``: together, and in this order, those of a query.

    The first alone is enough where it gives as many as are asked for. ``few``: it is one of these runs.
    """
    where = [Statement("r.parent = ?", (values.key(query.parent or ""),))]
    where += [_clause(session, one) for one in query.where]
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


def _clause(session: Session, clause: Clause) -> Statement:
    """A clause on a row of ``run_index r``: true or false, never NULL."""
    match clause:
        case Condition():
            return _condition(session, clause)
        case Has(field):
            return _has(session, field)
        case Not(inner):
            negated = _clause(session, inner)
            return Statement(f"NOT ({negated.sql})", negated.values)
        case AllOf(clauses):
            return _joined(" AND ", [_clause(session, one) for one in clauses], "1 = 1")
        case AnyOf(clauses):
            return _joined(" OR ", [_clause(session, one) for one in clauses], _NEVER)


def _joined(word: str, parts: list[Statement], none: str) -> Statement:
    sql = word.join(f"({part.sql})" for part in parts) or none
    return Statement(f"({sql})", tuple(value for part in parts for value in part.values))


def _condition(session: Session, condition: Condition) -> Statement:
    if (of_run := _of_run(session, condition)) is not None:
        return of_run
    return _exists(_table(condition), _of_term(condition))


def _has(session: Session, field: Field) -> Statement:
    if field.group is None:
        return Statement(f"r.{column(field.name)} IS NOT NULL")
    if field.group == "packages":
        locks = "SELECT env_lock FROM run_packages WHERE name = ?"
        return Statement(f"r.env_lock IS NOT NULL AND r.env_lock IN ({locks})", (values.key(field.name),))
    named = Statement("t.field = ?", (values.field(field.group, field.name),))
    return _joined(" OR ", [_exists(table, named) for table in _TERMS], _NEVER)


def _exists(table: str, term: Statement) -> Statement:
    return Statement(f"EXISTS (SELECT 1 FROM {table} t WHERE t.run = r.key AND {term.sql})", term.values)  # noqa: S608


def _of_run(session: Session, condition: Condition) -> Statement | None:
    """A condition on a row of ``run_index r``; None where it is one on terms."""
    field, value = condition.field, condition.value
    text = isinstance(value, str)
    if not _sensible(condition):
        return Statement(_NEVER)
    if field.group is None:
        name = f"r.{column(field.name)}"
        compared = _compared(name, condition)
        same_kind = text == (field.name != "duration")
        return Statement(f"{name} IS NOT NULL AND {compared.sql}", compared.values) if same_kind else Statement(_NEVER)
    if field.group == "packages":
        return _of_package(session, condition) if text else Statement(_NEVER)
    return None


def _of_package(session: Session, condition: Condition) -> Statement:
    """Of a package few versions are in use: they are all looked at, as only a program can compare them."""
    from orchestrator.index.versions import fits  # packaging takes its time

    name, wanted = values.key(condition.field.name), values.key(str(condition.value))
    known = session.execute("SELECT DISTINCT version FROM run_packages WHERE name = ?", (name,))
    fitting = sorted(version for (version,) in known if fits(version, condition.operator, wanted))
    if not fitting:
        return Statement(_NEVER)
    marks = ", ".join("?" * len(fitting))
    locks = f"SELECT env_lock FROM run_packages WHERE name = ? AND version IN ({marks})"  # noqa: S608
    return Statement(f"r.env_lock IS NOT NULL AND r.env_lock IN ({locks})", (name, *fitting))


def _of_term(condition: Condition) -> Statement:
    """A condition on a row of its table of terms, which is called ``t``."""
    assert condition.field.group is not None  # noqa: S101
    field = values.field(condition.field.group, condition.field.name)
    compared = _compared("t.value", condition)
    return Statement(f"t.field = ? AND {compared.sql}", (field, *compared.values))


def _compared(name: str, condition: Condition) -> Statement:
    value, operator = condition.value, condition.operator
    if isinstance(value, str):
        if operator == "ILIKE":  # of lower(), databases agree on A to Z alone; so do ours, by their collation
            return Statement(f"lower({name}) LIKE ? ESCAPE '!'", (escaped(_lower(values.plain(value))),))
        if operator == "LIKE":
            return Statement(f"{name} LIKE ? ESCAPE '!'", (escaped(values.plain(value)),))
        value = values.key(value)
    return Statement(f"{name} {operator} ?", (value,))


def _lower(text: str) -> str:
    return "".join(letter.lower() if letter.isascii() else letter for letter in text)


def _sensible(condition: Condition) -> bool:
    """Not so for not-a-number, which SQLite would take for NULL and PostgreSQL for the greatest; nor for LIKE 3."""
    value = condition.value
    return isinstance(value, str) or (value == value and condition.operator in values.ORDERS)


def _table(condition: Condition) -> str:
    return "run_texts" if isinstance(condition.value, str) else "run_numbers"


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
