"""List runs: which there are, in which order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from orchestrator.index.memory import chosen
from orchestrator.index.port import Row
from orchestrator.index.query import Condition, Field, Query, Sort
from orchestrator.operations.present import live_rows, ready, take_up
from orchestrator.workspace import Workspace


def ls(
    workspace: Workspace,
    *,
    name: str | None = None,
    status: str | None = None,
    parent: str | None = None,
    tags: Sequence[tuple[str, str]] = (),
    sort: str | None = None,
    limit: int = 50,
) -> list[Row]:
    """Runs, the newest first; those that are still live have status ``running``.

    Args:
        workspace: where.
        name, status: only runs of exactly this.
        parent: the runs within this one.
        tags: names and values that they have.
        sort: ``FIELD``, or ``-FIELD`` for the greatest first: a column such as ``duration``, ``metrics.NAME``, …
        limit: at most so many.

    Raises:
        NotFound: there is no such parent.
        UsageError: runs are not sorted by this.
    """
    where = [Condition(Field(column), "=", value) for column, value in (("name", name), ("status", status)) if value]
    where += [Condition(Field(tag, "tags"), "=", value) for tag, value in tags]
    query = Query(tuple(where), sort=Sort.parse(sort) if sort else None, limit=limit)
    take_up(workspace)
    if parent:
        from orchestrator.operations.runs import find

        query = replace(query, parent=find(workspace, parent).id)
    live = [] if query.parent else live_rows(workspace)
    known = ready(workspace).rows(query)
    return chosen({row.id: row for row in [*live, *known]}.values(), query) if live else known
