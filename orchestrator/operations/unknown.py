"""Names that somebody asks for and no run has: a slip that would pass for an answer."""

from __future__ import annotations

from collections.abc import Iterable

from orchestrator.index.filter import names
from orchestrator.index.query import Field, Has, Query
from orchestrator.operations import present
from orchestrator.workspace import Workspace

_RECENT = 200
"""Runs whose names are offered instead."""


def unknown(workspace: Workspace, asked: Iterable[Field], parent: str | None = None) -> list[str]:
    """A line for each of these fields that no run has, or none within this one."""
    within = f" within {parent}" if parent else ""
    return [
        f"no run{within} has `{names.written(field)}`{_better(workspace, field, parent)}"
        for field in dict.fromkeys(asked)
        if _is_unknown(workspace, field, parent)
    ]


def meant(workspace: Workspace, field: Field, parent: str | None = None) -> str | None:
    """A name like this one that recent runs have."""
    from difflib import get_close_matches  # every list imports this file

    near = get_close_matches(field.name[:64], sorted(_recent(workspace, field, parent)), n=1)
    return near[0] if near else None


def _is_unknown(workspace: Workspace, field: Field, parent: str | None) -> bool:
    if field.group is None or field.name.startswith(names.OURS):
        return False
    if present.ready(workspace).rows(Query((Has(field),), parent=parent, limit=1)):
        return False
    return field.name not in _recent(workspace, field, parent)  # a metric that is not-a-number is not found


def _better(workspace: Workspace, field: Field, parent: str | None) -> str:
    near = meant(workspace, field, parent)
    return f"; did you mean `{names.written(Field(near, field.group))}`?" if near else ""


def _recent(workspace: Workspace, field: Field, parent: str | None) -> set[str]:
    rows = present.ready(workspace).rows(Query(parent=parent, limit=_RECENT))
    return {name for row in rows for name in getattr(row, field.group or "")}
