"""The index in memory: what a query means, without a database."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from orchestrator.index import values
from orchestrator.index.patterns import like
from orchestrator.index.port import Row, State
from orchestrator.index.query import AllOf, AnyOf, Clause, Condition, Field, Has, Not, Query

_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    **values.ORDERS,
    "LIKE": partial(like, any_case=False),
    "ILIKE": partial(like, any_case=True),
}


class MemoryIndex:
    """Rows in a dictionary."""

    def __init__(self) -> None:
        self._rows: dict[str, Row] = {}
        self._complete = False

    def add(self, *rows: Row) -> None:
        """See :class:`~orchestrator.index.port.RunIndex`."""
        self._rows.update({row.id: row for row in rows})

    def remove(self, *ids: str) -> None:
        """See :class:`~orchestrator.index.port.RunIndex`."""
        self._rows = {run_id: row for run_id, row in self._rows.items() if run_id not in ids}

    def ids(self, prefix: str, limit: int) -> list[str]:
        """See :class:`~orchestrator.index.port.RunIndex`."""
        found = (row.id for row in self._rows.values() if row.id.startswith(prefix) and not row.parent)
        return sorted(found, reverse=True)[:limit]

    def rows(self, query: Query) -> list[Row]:
        """See :class:`~orchestrator.index.port.RunIndex`."""
        return chosen(self._rows.values(), query)

    def fill(self, rows: Iterable[Row]) -> None:
        """See :class:`~orchestrator.index.port.RunIndex`."""
        self._rows = {row.id: row for row in rows}
        self._complete = True

    def is_complete(self) -> bool:
        """See :class:`~orchestrator.index.port.RunIndex`."""
        return self._complete

    def state(self) -> State:
        """See :class:`~orchestrator.index.port.RunIndex`."""
        return State("memory", len(self._rows), self._complete)


def chosen(rows: Iterable[Row], query: Query) -> list[Row]:
    """Those of these rows that a query asks for, in its order. Pure."""
    found = [row for row in rows if row.parent == query.parent and all(_holds(row, one) for one in query.where)]
    found.sort(key=lambda row: (values.number(row), row.id), reverse=True)
    if query.sort is not None:
        found = _sorted(found, query.sort.field, descending=query.sort.descending)
    return found[: query.limit]


def _sorted(rows: list[Row], field: Field, *, descending: bool) -> list[Row]:
    have = [(row, _value(row, field)) for row in rows]
    numbers = [(row, value) for row, value in have if isinstance(value, int | float)]
    texts = [(row, value) for row, value in have if isinstance(value, str)]
    rest = [row for row, value in have if value is None]
    numbers.sort(key=lambda pair: pair[1], reverse=descending)
    texts.sort(key=lambda pair: pair[1], reverse=descending)
    return [*(row for row, _ in numbers), *(row for row, _ in texts), *rest]


def _holds(row: Row, clause: Clause) -> bool:
    match clause:
        case Condition():
            return _fits(row, clause)
        case Has(field):
            return _value(row, field) is not None
        case Not(inner):
            return not _holds(row, inner)
        case AllOf(clauses):
            return all(_holds(row, one) for one in clauses)
        case AnyOf(clauses):
            return any(_holds(row, one) for one in clauses)


def _fits(row: Row, condition: Condition) -> bool:
    value, wanted, operator = _value(row, condition.field), condition.value, condition.operator
    if value is None or wanted != wanted or isinstance(value, str) != isinstance(wanted, str):
        return False
    if not isinstance(wanted, str):
        return operator in values.ORDERS and _OPERATORS[operator](value, wanted)
    if condition.field.group == "packages":
        from orchestrator.index.versions import fits  # packaging takes its time

        return fits(str(value), operator, values.key(wanted))
    return _OPERATORS[operator](value, values.key(wanted) if operator in values.ORDERS else values.plain(wanted))


def _value(row: Row, field: Field) -> str | float | None:
    if field.group is None:
        return values.columns(row)[field.name]
    if field.group == "packages":
        version = {values.key(name): version for name, version in row.packages.items()}.get(values.key(field.name))
        return None if version is None else values.key(version)
    wanted = values.field(field.group, field.name)
    return next((term.value for term in values.terms(row) if term.field == wanted), None)
