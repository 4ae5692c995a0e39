"""Many runs side by side."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from orchestrator.cli.render.basics import columns, counted
from orchestrator.compare.values import printable, shorten

if TYPE_CHECKING:
    from orchestrator.compare.table import Section
    from orchestrator.operations.comparing import Comparison

_NARROWEST = 16
_SHARED = 8
"""Characters that are left of a beginning that all have, where there is no room for it."""
_MOST_LINES = 400
_COLOURS = {"+": "green", "-": "red", "@": "cyan"}


def compared(done: Comparison) -> str:
    """A table a section, and the code's diff."""
    ids = [run.id for run in done.runs]
    width = _width(len(ids))
    parts = [_section(ids, section, width) for section in done.sections if section.rows or section.equal]
    lines = [line for diff in done.code for line in (f"code of {diff.left} and {diff.right}: {diff.path}", *diff.lines)]
    shown = [click.style(line, fg=_COLOURS.get(line[:1]), bold=line.startswith("code of ")) for line in lines]
    if len(shown) > _MOST_LINES:
        shown = [*shown[:_MOST_LINES], f"… and {len(shown) - _MOST_LINES} more lines; --json has all of them"]
    return "\n\n".join([*parts, *(["\n".join(shown)] if shown else [])])


def data(done: Comparison) -> dict[str, Any]:
    """The same, for a program."""
    return {
        "runs": [run.id for run in done.runs],
        "sections": {
            section.title: {"differs": {row.name: list(row.values) for row in section.rows}, "equal": section.equal}
            for section in done.sections
        },
        "code": [vars(diff) for diff in done.code],
    }


def _width(runs: int) -> int | None:
    """Of a column, so that a table fits the terminal; None: nobody sees where a line ends."""
    if not (sys.stdout.isatty() or "COLUMNS" in os.environ):
        return None
    return max(_NARROWEST, (shutil.get_terminal_size().columns - 24) // runs - 2)


def _cut(values: Sequence[str], width: int | None) -> list[str]:
    """What fits: a beginning that all have gives way before what differs."""
    shown = [printable(value) for value in values]
    if width is None or all(len(value) <= width for value in shown):
        return shown
    start = len(os.path.commonprefix([value for value in shown if value])) - _SHARED  # noqa: RUF071  (characters)
    if start > 1:
        shown = [f"…{value[start:]}" if value else "" for value in shown]
    return [shorten(value, width) for value in shown]


def _section(ids: list[str], section: Section, width: int | None) -> str:
    folded = f"{counted(section.equal, 'row')} the same" if section.equal else ""
    if not section.rows:
        return f"{click.style(section.title, bold=True)}: {folded}"
    rows = [[printable(row.name), *_cut(row.values, width)] for row in section.rows]
    table = columns([section.title, *ids], rows)
    return f"{table}\n({folded})" if folded else table
