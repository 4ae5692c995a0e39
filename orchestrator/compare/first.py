"""Where two runs first went apart: the earliest point of a metric, and the first line of each stream. Pure data."""

from __future__ import annotations

from typing import Literal

from orchestrator.model import Frozen


class FirstPoint(Frozen):
    """The first step in which a metric has another value, or a point on one side only."""

    kind: Literal["point"] = "point"
    run: str = ""
    """The run within the run, by name; the run itself: empty."""
    metric: str = ""
    step: int
    left: str | None
    """The value, exactly; None where this side has no such point."""
    right: str | None

    @property
    def order(self) -> tuple[int, str, str]:
        """Earliest step first; of one step, by run and name."""
        return self.step, self.run, self.metric

    @property
    def text(self) -> str:
        """In a line."""
        where = f"{self.run}/{self.metric}" if self.run else self.metric
        return f"{where} at step {self.step}: {_side(self.left)} → {_side(self.right)}"


class FirstLine(Frozen):
    """The first line in which a stream differs."""

    kind: Literal["line"] = "line"
    stream: str = ""
    number: int
    """Counted from 1."""
    left: str | None
    """The line; None where this side has ended."""
    right: str | None

    @property
    def text(self) -> str:
        """In a line."""
        left, right = ("(ended)" if side is None else side for side in (self.left, self.right))
        return f"{self.stream} line {self.number}: {left} → {right}"


class First(Frozen):
    """Where two runs first went apart, by what was looked at. (The first tensor and the cause will stand here.)"""

    point: FirstPoint | None = None
    lines: tuple[FirstLine, ...] = ()
    """At most one for each stream."""

    @property
    def texts(self) -> tuple[str, ...]:
        """A line each."""
        return tuple(one.text for one in (*((self.point,) if self.point else ()), *self.lines))


def _side(value: str | None) -> str:
    return "(no point)" if value is None else value
