"""Calls of the clock and of the system's entropy, nanoseconds each, by the kernel's books: our clock is no witness."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable

from bench.jobs.loop import OUTPUTS, cpu_time

CALLS = "calls.json"
_TIMES = 1_000_000
_CALLS: dict[str, Callable[[], object]] = {
    "time.time()": time.time,
    "time.perf_counter()": time.perf_counter,
    "os.urandom(16)": lambda: os.urandom(16),
}


def main(turns: int) -> None:
    found: dict[str, list[float]] = {name: [] for name in _CALLS}
    for _ in range(turns):
        for name, call in _CALLS.items():
            found[name].append(_each(call))
    (OUTPUTS / CALLS).write_text(json.dumps(found))


def _each(call: Callable[[], object]) -> float:
    start = _now()
    for _ in range(_TIMES):
        call()
    return (_now() - start) / _TIMES


def _now() -> int:
    os.sched_yield()  # has the kernel write its books up
    return cpu_time()


if __name__ == "__main__":
    main(int(sys.argv[1]))
