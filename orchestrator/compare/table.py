"""Many runs side by side: a table a section, where a row that is the same for all of them is folded away.

Pure: what each run has comes in as texts by name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from orchestrator.compare.values import shorten


@dataclass(frozen=True)
class ComparedRow:
    """One thing that runs have."""

    name: str
    values: tuple[str, ...]
    """Of each run, in their order, shortened; empty where it has none."""


@dataclass(frozen=True)
class Section:
    """What differs in one respect."""

    title: str
    rows: tuple[ComparedRow, ...]
    equal: int
    """How many rows are folded: all runs agree."""


def section(title: str, columns: Sequence[Mapping[str, str]]) -> Section:
    """What differs among these runs, each a column: name -> whole value. Names keep the order in which they come."""
    names = list(dict.fromkeys(name for column in columns for name in column))
    rows = tuple(
        ComparedRow(name, tuple(shorten(column.get(name, "")) for column in columns))
        for name in names
        if _differs(name, columns)
    )
    return Section(title, rows, len(names) - len(rows))


def _differs(name: str, columns: Sequence[Mapping[str, str]]) -> bool:
    return len({column.get(name) for column in columns}) > 1
