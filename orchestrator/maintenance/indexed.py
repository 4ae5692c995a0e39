"""Whether the index says what the store says."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from orchestrator import runid
from orchestrator.errors import OrchestratorError
from orchestrator.index.port import Row, RunIndex
from orchestrator.index.query import Condition, Field, Query
from orchestrator.maintenance import records as recorded
from orchestrator.maintenance.finding import Finding
from orchestrator.run import Run
from orchestrator.store.port import RecordStore

_ALL = 2**31 - 1

RowOf = Callable[[Run], Row]
"""What the index should say of a run; raises where the store cannot tell."""


def compare(index: RunIndex, records: RecordStore, row_of: RowOf, live: set[str]) -> Iterator[Finding]:
    """Where the two differ. ``live``: runs that the next command records or makes known; they may be half way.

    An index that was never filled is filled by the next command that asks it, and says nothing wrong.
    """
    if not index.is_complete():
        return
    rows = _rows(index, records)
    for run in recorded.readable_runs(records):
        row = rows.pop(run.id, None)
        if runid.top(run.id) in live or _says(row, run, row_of):
            continue
        if not _says(_now(index, run.id), run, row_of):
            state = "is not in the index" if row is None else "is another in the index than in the store"
            yield Finding("index", run.id, state)
    for run_id in rows:
        if runid.top(run_id) not in live and not _is_recorded(records, run_id) and _now(index, run_id) is not None:
            yield Finding("missing record", f"runs/{run_id}", "is gone; the index has the run", (run_id,))


def _rows(index: RunIndex, records: RecordStore) -> dict[str, Row]:
    parents = {runid.top(key.removeprefix("runs/")) for key in records.list("runs/") if "." in key}
    found = index.rows(Query(limit=_ALL))
    for parent in sorted(parents):
        found += index.rows(Query(parent=parent, limit=_ALL))
    return {row.id: row for row in found}


def _now(index: RunIndex, run_id: str) -> Row | None:
    """Asked again: the run may have come to its end, or been removed, while we looked."""
    this = Condition(Field("id"), "=", run_id)
    parent = runid.top(run_id)
    return next(iter(index.rows(Query(where=(this,), parent=parent if parent != run_id else None))), None)


def _says(row: Row | None, run: Run, row_of: RowOf) -> bool:
    if row is None:
        return False
    try:
        return row == row_of(run)
    except OrchestratorError:  # its outcome is damaged, which is another finding
        return (row.name, row.status, row.plan, row.outcome) == (run.name, run.status, run.plan, run.outcome)


def _is_recorded(records: RecordStore, run_id: str) -> bool:
    """Damaged or not."""
    try:
        return records.read(f"runs/{run_id}") is not None
    except (OrchestratorError, OSError):
        return True
