"""Bundles: one that was written, one that was taken in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from orchestrator.cli.render.basics import counted, size, some, table
from orchestrator.compare.values import printable

if TYPE_CHECKING:
    from orchestrator.bundle.model import LeftOut
    from orchestrator.operations.bundling import Exported
    from orchestrator.operations.importing import Imported


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
