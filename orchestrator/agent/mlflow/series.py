"""The points of one metric, as the API has them: milliseconds, step, value."""

from __future__ import annotations

import math
from array import array

from ..http import Refused

TYPE_CHECKING = False  # importing typing takes longer than all the rest
if TYPE_CHECKING:
    from typing import Any


class Series:
    """24 bytes a point. The latest one is that of the highest step, then of the latest time, then the highest."""

    def __init__(self, key: str) -> None:
        self._key = key
        self._times = array("q")
        self._steps = array("q")
        self._values = array("d")
        self._latest = (0, 0, 0.0)

    def add(self, time: int, step: int, value: float) -> None:
        """One more point."""
        point = (step, time, value)
        if not self._values or point >= self._latest or math.isnan(self._latest[2]):
            self._latest = point
        self._times.append(time)
        self._steps.append(step)
        self._values.append(value)

    def has(self, time: int, step: int, value: float) -> bool:
        """Whether exactly this point is there: clients send points again to say which model they belong to."""
        if not self._values or step > self._latest[0]:  # as nearly all are: looking through all would take ever longer
            return False
        for at in range(len(self._times) - 1, -1, -1):
            if self._times[at] == time and self._steps[at] == step:
                known = self._values[at]
                if known == value or (math.isnan(known) and math.isnan(value)):
                    return True
        return False

    @property
    def last(self) -> float:
        """The latest value."""
        return self._latest[2]

    def latest(self) -> dict[str, Any]:
        """The latest point."""
        step, time, value = self._latest
        return self._point(time, step, value)

    def points(self) -> list[dict[str, Any]]:
        """All points, as they were logged."""
        return [self._point(*point) for point in zip(self._times, self._steps, self._values)]

    def _point(self, time: int, step: int, value: float) -> dict[str, Any]:
        return {"key": self._key, "value": shown(value), "timestamp": time, "step": step}


def shown(value: float) -> float | str:
    """A number as protobuf's JSON has it."""
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def parsed(value: object) -> float:
    """A number from protobuf's JSON.

    Raises:
        Refused: it is none.
    """
    if isinstance(value, (int, float, str)) and not isinstance(value, bool):
        try:
            return float(value)
        except (ValueError, OverflowError):
            pass
    raise Refused(400, "Got invalid value %.80r for a metric: a number is expected" % (value,))
