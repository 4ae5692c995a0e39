"""Bundles: one that was written, one that was taken in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from itertools import islice
from typing import TYPE_CHECKING, Any

from orchestrator.cli.render.basics import counted, size, some, table
from orchestrator.compare.values import printable
from orchestrator.settings import urls

if TYPE_CHECKING:
    from orchestrator.bundle.model import LeftOut
    from orchestrator.operations.bundling import Exported
    from orchestrator.operations.importing import Imported
    from orchestrator.operations.mlflow_export import Sent
    from orchestrator.operations.table_export import Table


def exported(done: Exported, where: str) -> str:
    """A bundle that was written."""
    rows: list[tuple[str, object]] = [
        ("file", f"{where}, {size(done.size)}"),
        ("bundle", done.bundle),
        *(("run", run_id) for run_id in done.runs),
        *_left_out(done.left_out),
    ]
    return table(rows)


def exported_data(done: Exported, where: str) -> dict[str, Any]:
    """The same, for a program."""
    return {
        "file": where,
        "bundle": done.bundle,
        "runs": list(done.runs),
        "size": done.size,
        "left_out": [one.model_dump(mode="json") for one in done.left_out],
    }


def sent(done: Sequence[Sent]) -> str:
    """Runs that are in an MLflow server now."""
    rows: list[tuple[str, object]] = []
    for one in done:
        rows.append(
            ("sent" if one.new else "there already", f"{one.run} -> {one.there}, in {printable(one.experiment)}")
        )
        rows += [
            ("renamed", f"{printable(name)} -> {printable(there)}") for name, there in islice(one.renamed.items(), 20)
        ]
        rows += [("cut", printable(name)) for name in one.cut[:20]]
        rows += [("left out", counted(one.links, "symbolic link"))] if one.links else []
    return table(rows)


def sent_data(done: Sequence[Sent], uri: str) -> dict[str, Any]:
    """The same, for a program."""
    return {"to": urls.shown(uri), "runs": [asdict(one) for one in done]}


def tabulated(done: Table, where: str) -> str:
    """A table of points that was written."""
    return table([("file", where), ("points", f"{done.rows:,}"), *(("run", run_id) for run_id in done.runs)])


def tabulated_data(done: Table, where: str) -> dict[str, Any]:
    """The same, for a program."""
    return {"file": where, "points": done.rows, "runs": list(done.runs)}


def imported(done: Imported, *, dry_run: bool) -> str:
    """A bundle that was taken in, or looked at."""
    rows: list[tuple[str, object]] = [
        ("bundle", f"{done.bundle}, {size(done.size)}"),
        *(("would import" if dry_run else "imported", f"{run.id}  {run.name}  {run.status}") for run in done.runs),
        *(("here already", run_id) for run_id in done.here),
        *([("within them", counted(done.within, "run"))] if done.within else []),
        *_left_out(done.left_out),
        *(("missing here", text) for text in done.missing_data),
    ]
    lines = [table(some(rows, 50))]
    for run_id, asked in done.asks.items():
        flags = " ".join(f"--allow {kind}" for kind in dict.fromkeys(one.kind for one in asked))
        lines.append(f"a replay of {run_id} asks for, and needs {flags}:")
        lines += [f"  {printable(one.text)}" for one in asked]
    return "\n".join(lines)


def imported_data(done: Imported, *, dry_run: bool) -> dict[str, Any]:
    """The same, for a program."""
    return {
        "bundle": done.bundle,
        "dry_run": dry_run,
        "imported": [run.id for run in done.runs],
        "here": list(done.here),
        "within": done.within,
        "size": done.size,
        "left_out": [one.model_dump(mode="json") for one in done.left_out],
        "missing_data": list(done.missing_data),
        "asks": {
            run_id: [{"kind": one.kind, "text": one.text} for one in asked] for run_id, asked in done.asks.items()
        },
    }


def _left_out(left_out: tuple[LeftOut, ...]) -> list[tuple[str, object]]:
    return [("left out", f"{one.what} {one.digest}: {one.why}") for one in left_out]
