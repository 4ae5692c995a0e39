"""A list of runs, and how the index stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from orchestrator.cli.render.basics import columns, counted, table
from orchestrator.compare.values import printable
from orchestrator.index.filter import names
from orchestrator.index.query import Field

if TYPE_CHECKING:
    from orchestrator.index.port import Row
    from orchestrator.operations.indexing import Rebuilt, Status
    from orchestrator.operations.listing import Best

_SHOWN = 3


def listing(rows: Sequence[Row], first: str = "") -> str:
    """Runs as a table. ``first``: the metric that is shown before others."""
    if not rows:
        return ""
    cells = [
        (
            row.id,
            printable(row.name),
            row.status,
            "within" if row.parent else row.kind,
            row.plan[7:15],
            (row.outcome or "")[7:15],
            _brief(row.metrics, first),
        )
        for row in rows
    ]
    return columns(("run", "name", "status", "kind", "plan", "result", "metrics"), cells)


def chosen(rows: Sequence[Row], fields: Sequence[Field]) -> str:
    """Runs as a table of these fields."""
    if not rows:
        return ""
    header = [printable(names.written(field)) for field in fields]
    return columns(header, [[cell(row, field) for field in fields] for row in rows])


def chosen_data(row: Row, fields: Sequence[Field]) -> dict[str, Any]:
    """A run with these fields, for a program; metrics are as ``repr`` writes them, as in the whole."""
    from orchestrator.operations.listing import value

    def of(field: Field) -> object:
        return row.metrics.get(field.name) if field.group == "metrics" else value(row, field)

    return {"id": row.id, **{names.written(field): of(field) for field in fields}}


def cell(row: Row, field: Field) -> str:
    """What a run has there, for a person."""
    from orchestrator.operations.listing import value

    found = value(row, field)
    if found is None:
        return ""
    return printable(str(found)) if not isinstance(found, float) else f"{found:.6g}"


def best(found: Best) -> str:
    """The best runs, with all that they were run with."""
    params = sorted({name for row in found.rows for name in row.params})
    fields = [Field("id"), Field("name"), Field(found.metric, "metrics"), *(Field(name, "params") for name in params)]
    return chosen(found.rows, fields)


def listed_data(row: Row) -> dict[str, Any]:
    """A run of a list, for a program."""
    return {name: value for name, value in vars(row).items() if name != "packages"}


def rebuilt(done: Rebuilt) -> str:
    """An index that was filled."""
    return f"{done.where}: {counted(done.runs, 'run')}"


def status(found: Status) -> str:
    """How the index stands beside the store."""
    index = found.index
    return table(
        [
            ("index", index.where),
            ("runs", f"{counted(index.runs, 'run')}, the store has {found.recorded}"),
            ("complete", "yes" if index.complete else "no: the next command that asks it fills it from the store"),
        ]
    )


def _brief(metrics: Mapping[str, str], first: str) -> str:
    ordered = sorted(metrics, key=lambda name: (name != first, name))
    shown = [f"{printable(name)}={float(metrics[name]):.5g}" for name in ordered[:_SHOWN]]
    return " ".join([*shown, *(["…"] if len(metrics) > _SHOWN else [])])
