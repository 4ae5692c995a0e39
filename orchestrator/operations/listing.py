"""List runs: which there are, in which order; and the best of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from orchestrator.errors import NotFound, UsageError
from orchestrator.index.filter import names
from orchestrator.index.memory import chosen
from orchestrator.index.port import Row
from orchestrator.index.query import AllOf, AnyOf, Clause, Condition, Field, Has, Not, Query, Sort
from orchestrator.operations.present import live_rows, ready, take_up
from orchestrator.operations.unknown import meant, unknown
from orchestrator.workspace import Workspace

_ARCHIVED = Field(names.ARCHIVED, "tags")
NOT_ARCHIVED = Not(Condition(_ARCHIVED, "=", "true"))


@dataclass(frozen=True)
class Best:
    """The best runs by a metric."""

    rows: list[Row]
    metric: str
    direction: Literal["max", "min"]


def ls(
    workspace: Workspace,
    *,
    where: str | None = None,
    name: str | None = None,
    status: str | None = None,
    parent: str | None = None,
    tags: Sequence[tuple[str, str]] = (),
    sort: str | None = None,
    limit: int = 50,
    archived: bool = False,
) -> list[Row]:
    """Runs, the newest first; those that are still live have status ``running``.

    Args:
        workspace: where.
        where: a filter: ``metrics.test_accuracy > 0.9 and tags.team = 'x'`` (docs/search.md).
        name, status: only runs of exactly this.
        parent: the runs within this one.
        tags: names and values that they have.
        sort: ``FIELD``, or ``-FIELD`` for the greatest first: a column such as ``duration``, ``metrics.NAME``, …
        limit: at most so many.
        archived: also those that were put away, as where the filter names ``archived``.

    Raises:
        NotFound: there is no such parent.
        FilterError: the filter cannot be right; the message shows where.
        UsageError: runs are not sorted by this.
    """
    clauses: list[Clause] = [
        Condition(Field(column), "=", value) for column, value in (("name", name), ("status", status)) if value
    ]
    clauses += [Condition(Field(tag, "tags"), "=", value) for tag, value in tags]
    clauses += filtered(workspace, where)
    if not archived and not parent and _ARCHIVED not in fields(clauses):
        clauses.append(NOT_ARCHIVED)
    query = Query(tuple(clauses), sort=order(sort) if sort else None, limit=limit)
    take_up(workspace)
    query = replace(query, parent=_whole_id(workspace, parent))
    live = [] if query.parent else live_rows(workspace)
    known = ready(workspace).rows(query)
    if not (live := chosen(live, query)):
        return known
    fitting = {row.id: row for row in [*live, *known]}  # of a row that comes back, packages are not known any more
    return chosen(fitting.values(), replace(query, where=()))


def best(
    workspace: Workspace,
    metric: str,
    *,
    direction: Literal["max", "min"] = "max",
    where: str | None = None,
    limit: int = 1,
) -> Best:
    """The finished runs with the greatest last value of a metric, or the least; replays do not count beside them, nor
    do values that are no finite numbers.

    Raises:
        NotFound: no finished run that fits has logged it.
        FilterError: the filter cannot be right.
    """
    field = Field(metric.removeprefix("metrics."), "metrics")
    clauses: list[Clause] = [Condition(field, ">", float("-inf")), Condition(field, "<", float("inf"))]
    clauses += [Condition(Field("status"), "=", "finished"), Condition(Field("kind"), "=", "submit")]
    clauses += [*filtered(workspace, where), NOT_ARCHIVED]
    take_up(workspace)
    index = ready(workspace)
    rows = index.rows(Query(tuple(clauses), sort=Sort(field, direction == "max"), limit=limit))
    if not rows:
        near = meant(index, field)
        raise NotFound(
            f"no finished run{' that fits' if where else ''} has a metric {field.name!r}",
            hint=f"did you mean {near!r}?" if near else "`orchestrator ls` shows what runs have logged",
        )
    return Best(rows, field.name, direction)


def doubts(
    workspace: Workspace,
    rows: Sequence[Row],
    *,
    where: str | None = None,
    sort: str | None = None,
    columns: Iterable[Field] = (),
    parent: str | None = None,
) -> list[str]:
    """What to say of these rows, in the words by which :func:`ls` was asked for them: a line for each unknown name.

    Names of the filter are looked at where nothing was found; those to sort by and to show where no row has them.
    """
    shown = [*columns, *([order(sort).field] if sort else [])]
    asked = [field for field in shown if all(value(row, field) is None for row in rows)]
    if not rows:
        asked += fields(filtered(workspace, where))
    return unknown(ready(workspace), asked, _whole_id(workspace, parent)) if asked else []


def _whole_id(workspace: Workspace, run: str | None) -> str | None:
    if not run:
        return None
    from orchestrator.operations.runs import find  # it imports much that a list does not need

    return find(workspace, run).id


def filtered(workspace: Workspace, where: str | None) -> Sequence[Clause]:
    """The clauses of a filter, which all hold."""
    if not where:
        return ()
    from orchestrator.index.filter.parse import parse

    found = parse(where, workspace.now())
    return found.clauses if isinstance(found, AllOf) else (found,)


def fields(clauses: Sequence[Clause]) -> Iterator[Field]:
    """What is asked for anywhere in these clauses."""
    for clause in clauses:
        match clause:
            case Condition() | Has():
                yield clause.field
            case Not(inner):
                yield from fields([inner])
            case AllOf(inner) | AnyOf(inner):
                yield from fields(inner)


def order(text: str) -> Sort:
    """``FIELD``, or ``-FIELD`` for the greatest first.

    Raises:
        UsageError: runs have no such field, or are not sorted by it.
    """
    field = names.parse(text.removeprefix("-"))
    if field.group == "packages":
        raise UsageError("runs are not sorted by packages", hint="sort by a column, a metric, a parameter or a tag")
    return Sort(field, text.startswith("-"))


def with_packages(workspace: Workspace, rows: Sequence[Row]) -> list[Row]:
    """The same rows with what their locks name, which does not come back from an index; each lock is read once."""
    from orchestrator.operations.rows import Rows

    made = Rows(workspace.blobs, workspace.records, workspace.report)
    return [replace(row, packages=made.packages(row.lock)) for row in rows]


def value(row: Row, field: Field) -> str | float | bool | None:
    """What a run has there, as it was recorded."""
    if field.group is None:
        found: str | float | None = getattr(row, field.name)
        return found
    if field.group == "metrics":
        text = row.metrics.get(field.name)
        return None if text is None else float(text)
    of_group: dict[str, str | float | bool | None] = dict(getattr(row, field.group))
    return of_group.get(field.name)
