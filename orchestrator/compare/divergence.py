"""Where two runs first went apart, gathered from the difference between their outcomes. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.compare.difference import Difference
from orchestrator.compare.first import First, FirstLine, FirstPoint
from orchestrator.compare.outcomes import CHILDREN


def first_divergence(outcome: Difference) -> First:
    """The earliest point over all metrics, runs within the run included, and the first line of each stream.

    Steps of different metrics need not be of the same time; the earliest is where to begin to look.
    """
    streams = outcome.child("streams")
    lines = (node.first for node in streams.children) if streams else ()
    return First(
        point=min(_points(outcome, ""), key=lambda point: point.order, default=None),
        lines=tuple(line for line in lines if isinstance(line, FirstLine)),
    )


def _points(outcome: Difference, run: str) -> Iterator[FirstPoint]:
    metrics, within = outcome.child("metrics"), outcome.child(CHILDREN)
    for node in metrics.children if metrics else ():
        if isinstance(node.first, FirstPoint):
            yield node.first.model_copy(update={"run": run})
    for child in within.children if within else ():
        yield from _points(child, f"{run}/{child.name}" if run else child.name)
