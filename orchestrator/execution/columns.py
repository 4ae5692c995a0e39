"""Points on their way into the metrics table: two columns a tag, within bounds, less what a restart takes back."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from itertools import accumulate
from typing import NamedTuple

_NEVER = 2**63
"""Beyond every step."""


class Full(Exception):
    """There is no room for another point."""


@dataclass
class Room:
    """How much more is taken in, over all that share it."""

    points: int = 10_000_000
    columns: int = 1 << 17


class Column(NamedTuple):
    """The points of a tag as they were written: int64 steps, float64 values."""

    steps: array[int]
    values: array[float]


@dataclass
class _Segment:
    """What was written between two restarts."""

    restart: int = _NEVER
    """Points of earlier segments from this step on are taken back."""
    columns: dict[bytes, Column] = field(default_factory=dict)


class Columns:
    """The points of many tags."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._segments = [_Segment()]

    def of(self, tag: bytes) -> Column | None:
        """The column that a tag's points go to; None where there is no room for another one."""
        columns = self._segments[-1].columns
        if tag not in columns:
            if not self._room.columns:
                return None
            self._room.columns -= 1
            columns[tag] = Column(array("q"), array("d"))
        return columns[tag]

    def add(self, column: Column, step: int, value: float) -> None:
        """Append a point.

        Raises:
            Full: there is no room for it.
        """
        if not self._room.points:
            raise Full
        self._room.points -= 1
        column.steps.append(step)
        column.values.append(value)

    def restart(self, step: int) -> None:
        """Begin anew from a step: what there is of it and later ones is taken back. Columns are other ones then."""
        last = self._segments[-1]
        if last.columns:
            self._segments.append(_Segment(step))
        else:
            last.restart = min(last.restart, step)

    def whole(self) -> dict[bytes, Column]:
        """What is left in the end, tag by tag."""
        whole: dict[bytes, Column] = {}
        for segment, end in zip(self._segments, self._ends(), strict=True):
            for tag, column in segment.columns.items():
                left = column if end == _NEVER else _before(end, column)
                if tag in whole:
                    whole[tag].steps.extend(left.steps)
                    whole[tag].values.extend(left.values)
                else:
                    whole[tag] = left
        return {tag: column for tag, column in whole.items() if column.steps}

    def _ends(self) -> list[int]:
        """For each segment the step from which on a later one takes back."""
        restarts = [segment.restart for segment in self._segments[1:]]
        return list(accumulate(reversed(restarts), min, initial=_NEVER))[::-1]


def _before(end: int, column: Column) -> Column:
    """The points before a step."""
    kept = [at for at, step in enumerate(column.steps) if step < end]
    return Column(array("q", map(column.steps.__getitem__, kept)), array("d", map(column.values.__getitem__, kept)))
