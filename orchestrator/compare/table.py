"""Many runs side by side: a table a section, where a row that is the same for all of them is folded away.

Pure: what each run has comes in as texts by name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class ComparedRow:
    """One thing that runs have."""

    name: str
    values: tuple[str, ...]
    """Of each run, in their order; empty where it has none."""


@dataclass(frozen=True)
class Section:
    """What differs in one respect."""

    title: str
    rows: tuple[ComparedRow, ...]
    equal: int
    """How many rows are folded: all runs agree."""


def section(title: str, columns: Sequence[Mapping[str, str]]) -> Section:
    """What differs among these runs, each a column: name -> value. Names keep the order in which they first come."""
    names = list(dict.fromkeys(name for column in columns for name in column))
    rows = [ComparedRow(name, tuple(column.get(name, "") for column in columns)) for name in names]
    differing = tuple(row for row, name in zip(rows, names, strict=True) if _differs(name, columns))
    return Section(title, differing, len(rows) - len(differing))


def _differs(name: str, columns: Sequence[Mapping[str, str]]) -> bool:
    return len({column.get(name) for column in columns}) > 1
