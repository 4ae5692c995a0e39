"""Tables and sizes."""

from __future__ import annotations

from collections.abc import Sequence

import click

from orchestrator.compare.values import printable
from orchestrator.compare.values import size as size


def table(rows: Sequence[tuple[str, object]], indent: str = "") -> str:
    """Names and values, aligned."""
    width = max((len(name) for name, _ in rows), default=0)
    return "\n".join(f"{indent}{name:<{width}}  {printable(str(value))}" for name, value in rows)


def counted(count: int, what: str) -> str:
    """``1 run``, ``2 runs``."""
    return f"{count} {what}{'' if count == 1 else 's'}"


def some(rows: Sequence[tuple[str, object]], most: int = 20) -> list[tuple[str, object]]:
    """The first rows, and how many more there are."""
    more = [("…", f"and {len(rows) - most} more")] if len(rows) > most else []
    return [*rows[:most], *more]


def columns(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table with a header, aligned."""
    widths = [max(len(row[at]) for row in (header, *rows)) for at in range(len(header))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in (header, *rows)
    ]
    return "\n".join([click.style(lines[0], bold=True), *lines[1:]])
