"""What a notebook works with: runs as rows for a DataFrame, runs and comparisons that show themselves as HTML.

>>> import orchestrator, pandas
>>> pandas.DataFrame(orchestrator.runs(where="metrics.test_accuracy > 0.9"))
>>> from orchestrator.notebook import compare, run
>>> compare(["last~1", "last"])
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from orchestrator import operations
from orchestrator.index.filter import names
from orchestrator.index.port import Row
from orchestrator.index.query import COLUMNS
from orchestrator.operations.comparing import Comparison
from orchestrator.operations.runs import Shown
from orchestrator.workspace import Workspace

_SHOWN = ("id", "name", "status", "created", "duration")
_MOST_COLUMNS = 12


class Runs(list[dict[str, Any]]):
    """One mapping a run: its columns, and ``metrics.NAME`` (floats), ``params.NAME``, ``tags.NAME``, ``data.NAME``."""

    def _repr_html_(self) -> str:
        from orchestrator.report import fragments

        logged = {name for row in self for name in row if name.startswith(("metrics.", "params."))}
        header = [*_SHOWN, *sorted(logged)[: _MOST_COLUMNS - len(_SHOWN)]]
        return fragments.table(header, [[_text(row.get(name)) for name in header] for row in self])


def runs(
    where: str | None = None,
    *,
    sort: str | None = None,
    limit: int = 1000,
    archived: bool = False,
    workspace: Workspace | None = None,
) -> Runs:
    """Runs, the newest first, each as a flat mapping: what ``pandas.DataFrame`` takes.

    Args:
        where: a filter: ``metrics.test_accuracy > 0.9 and tags.team = 'x'`` (docs/search.md).
        sort: ``FIELD``, or ``-FIELD`` for the greatest first.
        limit: at most so many.
        archived: also those that were put away.
        workspace: by default that of the environment.

    Raises:
        FilterError: the filter cannot be right; the message shows where.
    """
    found = operations.ls(workspace or Workspace(), where=where, sort=sort, limit=limit, archived=archived)
    return Runs(map(_flat, found))


def run(run: str, *, workspace: Workspace | None = None) -> Shown:
    """A run with all that it names; a notebook shows its metrics drawn.

    Raises:
        NotFound: there is no such run.
    """
    return operations.show(workspace or Workspace(), run)


def compare(runs: Sequence[str], *, workspace: Workspace | None = None) -> Comparison:
    """Runs side by side.

    Raises:
        NotFound: there is no such run.
        UsageError: there are fewer than two, or too many.
    """
    return operations.compare(workspace or Workspace(), runs)


def _flat(row: Row) -> dict[str, Any]:
    flat: dict[str, Any] = {name: getattr(row, name) for name in COLUMNS}
    flat.update({f"metrics.{name}": float(text) for name, text in row.metrics.items()})
    for group in ("params", "tags", "data"):
        flat.update({f"{group}.{name}": value for name, value in getattr(row, group).items()})
    flat["note"] = flat.pop(f"tags.{names.NOTE}", None)
    return flat


def _text(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.6g}" if isinstance(value, float) else str(value)
