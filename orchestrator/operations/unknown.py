"""Names that somebody asks for and no run has: a slip that would pass for an answer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from orchestrator.index.filter import names
from orchestrator.index.port import Row, RunIndex
from orchestrator.index.query import Field, Has, Query

_RECENT = 200
"""Runs whose names are offered instead."""


def unknown(index: RunIndex, asked: Iterable[Field], parent: str | None = None) -> list[str]:
    """A line for each of these fields that no run has, or none within this one."""
    lacking = [field for field in dict.fromkeys(asked) if _is_lacking(index, field, parent)]
    recent = _recent(index, parent) if lacking else []
    within = f" within {parent}" if parent else ""
    return [
        f"no run{within} has `{names.written(field)}`{_better(field, recent)}"
        for field in lacking
        if field.name not in _known(field, recent)  # a metric that is not-a-number is not found
    ]


def meant(index: RunIndex, field: Field) -> str | None:
    """A name like this one that recent runs have."""
    return _nearest(field, _recent(index, None))


def _is_lacking(index: RunIndex, field: Field, parent: str | None) -> bool:
    if field.group is None or field.name.startswith(names.OURS):
        return False
    return not index.rows(Query((Has(field),), parent=parent, limit=1))


def _better(field: Field, recent: Sequence[Row]) -> str:
    near = _nearest(field, recent)
    return f"; did you mean `{names.written(Field(near, field.group))}`?" if near else ""


def _nearest(field: Field, recent: Sequence[Row]) -> str | None:
    from orchestrator.runspec.wording import nearest  # every list imports this file

    return nearest(field.name, sorted(_known(field, recent)))


def _known(field: Field, recent: Sequence[Row]) -> set[str]:
    return {name for row in recent for name in getattr(row, field.group or "")}


def _recent(index: RunIndex, parent: str | None) -> list[Row]:
    return index.rows(Query(parent=parent, limit=_RECENT))
