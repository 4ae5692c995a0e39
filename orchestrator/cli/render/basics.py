"""Tables and sizes."""

from __future__ import annotations

import math
from collections.abc import Sequence

import click

from orchestrator.compare.values import printable


def table(rows: Sequence[tuple[str, object]], indent: str = "") -> str:
    """Names and values, aligned."""
    width = max((len(name) for name, _ in rows), default=0)
    return "\n".join(f"{indent}{name:<{width}}  {printable(str(value))}" for name, value in rows)


def columns(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table with a header, aligned."""
    widths = [max(len(row[at]) for row in (header, *rows)) for at in range(len(header))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in (header, *rows)
    ]
    return "\n".join([click.style(lines[0], bold=True), *lines[1:]])


def size(count: int) -> str:
    """``1.2 MB``: powers of 1000."""
    if count < 1000:
        return f"{count} B"
    power = min(int(math.log10(count) / 3), 4)
    return f"{count / 1000**power:.1f} {' kMGT'[power]}B"
