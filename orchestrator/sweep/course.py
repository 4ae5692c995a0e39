"""A trial's course: its points as its judge takes them, one after another, up to the judge's decision.

The decision is a function of the points alone. Whether the run was stopped in time, or had ended by then, is no matter.
"""

from __future__ import annotations

from collections.abc import Iterable

from orchestrator.sweep.model import Point, Told
from orchestrator.sweep.strategy import Judge

MOST = 10_000
"""Points: what comes after them stops no trial any more."""


class Course:
    """Only points whose step is beyond all before them count; a step before 0 never does."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self.points: list[Point] = []
        self.pruned = False

    def take(self, points: Iterable[Point]) -> bool:
        """Whether the trial is to be stopped, by these points and all before."""
        for point in points:
            last = self.points[-1][0] if self.points else -1
            if self.pruned or len(self.points) >= MOST:
                break
            if point[0] > last:
                self.points.append(point)
                self.pruned = self._judge.prunes(point)
        return self.pruned

    def complete(self, value: float) -> Told:
        """What is told of a trial that has a value."""
        return Told("complete", value, tuple(self.points), dict(self._judge.notes))

    def stopped(self) -> Told:
        """What is told of a trial that was pruned."""
        return Told("pruned", self.points[-1][1], tuple(self.points), dict(self._judge.notes))

    def failed(self) -> Told:
        """What is told of a trial that has no value."""
        return Told("failed", None, tuple(self.points), dict(self._judge.notes))


def retold(told: Told, judge: Judge) -> Told | None:
    """What was told of a recorded trial, with its judge's notes; None where this judge decides otherwise."""
    course = Course(judge)
    if course.take(told.points) != (told.state == "pruned") or len(course.points) != len(told.points):
        return None
    return Told(told.state, told.value, told.points, dict(judge.notes))
