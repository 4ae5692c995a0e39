"""A series as a chart of some hundred pixels can show it: never more points than that, and no peak left out.

The points are cut into buckets of equal number; of each the least and the greatest value stay, and where there is a
value that is no number, one of those: a gap is seen as a gap. The first and the last point always stay.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from orchestrator.metrics import Series

POINT = np.dtype([("s", "<i8"), ("v", "<f8")])
MOST = 4000
"""Points of an answer."""
_LEAST = 5
"""Of one bucket the least, the greatest and a gap; the first and the last."""


class Drawn(NamedTuple):
    """Points to draw."""

    steps: list[int]
    values: list[float | None]
    """None: not a number, or infinite."""
    total: int
    """Points of which these were chosen."""


class Extent(NamedTuple):
    """What a series is in words."""

    points: int
    first: int
    last: int
    last_value: float
    least: float | None
    """Of the finite values; None where there is none."""
    greatest: float | None
    gaps: int
    """Values that are not finite."""


def points_of(series: Series) -> NDArray[Any]:
    """The series' points; nothing is copied."""
    return np.frombuffer(series.packed, dtype=POINT)


def drawn(series: Series, start: int | None, end: int | None, most: int) -> Drawn:
    """The points from ``start`` to ``end`` and the ones next to them, so that a line leaves the picture; few enough."""
    points = points_of(series)
    low = 0 if start is None else max(0, int(np.searchsorted(points["s"], start, "left")) - 1)
    high = len(points) if end is None else min(len(points), int(np.searchsorted(points["s"], end, "right")) + 1)
    chosen = points[low:high]
    total = len(chosen)
    chosen = chosen[_kept(chosen["v"], max(_LEAST, min(most, MOST)))]
    finite = np.isfinite(chosen["v"]).tolist()
    values = [value if fine else None for value, fine in zip(chosen["v"].tolist(), finite, strict=True)]
    return Drawn(chosen["s"].tolist(), values, total)


def extent(series: Series) -> Extent | None:
    """None of a series without points."""
    points = points_of(series)
    if not len(points):
        return None
    values = points["v"]
    finite = np.isfinite(values)
    fine = values[finite]
    return Extent(
        points=len(points),
        first=int(points["s"][0]),
        last=int(points["s"][-1]),
        last_value=float(values[-1]),
        least=float(fine.min()) if len(fine) else None,
        greatest=float(fine.max()) if len(fine) else None,
        gaps=len(values) - len(fine),
    )


def _kept(values: NDArray[np.float64], most: int) -> NDArray[np.intp]:
    """Which points stay, in order."""
    count = len(values)
    if count <= most:
        return np.arange(count)
    finite = np.isfinite(values)
    whole = bool(finite.all())
    buckets = max(1, (most - 2) // (2 if whole else 3))
    width = -(-count // buckets)
    body = count // width * width
    parts = [_of_buckets(values[:body], finite[:body], width, whole), np.array([0, count - 1])]
    if body < count:
        parts.append(body + _of_buckets(values[body:], finite[body:], count - body, whole))
    return np.unique(np.concatenate(parts))


def _of_buckets(values: NDArray[np.float64], finite: NDArray[np.bool_], width: int, whole: bool) -> NDArray[np.intp]:
    offsets = np.arange(0, len(values), width)
    low = values if whole else np.where(finite, values, np.inf)
    high = values if whole else np.where(finite, values, -np.inf)
    found = [offsets + low.reshape(-1, width).argmin(axis=1), offsets + high.reshape(-1, width).argmax(axis=1)]
    if not whole:
        gaps = (~finite).reshape(-1, width)
        found.append((offsets + gaps.argmax(axis=1))[gaps.any(axis=1)])
    return np.concatenate(found)
