"""Taking turns within the container."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from bench.measure import Side, take_turns


@dataclass(frozen=True)
class Logging:
    """A side that logs ``points`` points a turn; ``recorded``: those have to be in the run's record."""

    side: Side
    points: int = 1
    recorded: bool = False


def measure(sides: Sequence[Logging], rounds: int) -> None:
    """Measure, and say on stdout what bench/inside.py reads: seconds a point, and how many points are recorded."""
    samples = take_turns([one.side for one in sides], rounds, warm_up=True)
    a_point = {one.side.name: [taken / one.points for taken in samples[one.side.name]] for one in sides}
    points = sum(one.points for one in sides if one.recorded) * (rounds + 1)
    print(json.dumps({"samples": a_point, "points": points}))
