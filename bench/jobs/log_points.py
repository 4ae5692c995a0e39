"""Many points by our own call: ``python -m bench.jobs.log_points POINTS NAMES``, at each step one of every name."""

from __future__ import annotations

import math
import sys

import orchestrator


def main(points: int, names: int) -> None:
    log_metric = orchestrator.log_metric
    for step in range(points // names):
        value = math.exp(-step / points)
        for number in range(names):
            log_metric(f"metric-{number}", value + number, step)


main(*map(int, sys.argv[1:]))
