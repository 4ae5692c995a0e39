"""An interpreter that does nothing, in the environment of a run and without the module that a run has it import."""

from __future__ import annotations

import os
import subprocess
import sys

from bench.jobs.turns import Logging, measure
from bench.measure import Side

TIMES = 5
"""Starts of a turn: one alone is too short for the clock's comfort."""


def main() -> None:
    bare = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    measure(
        [
            Logging(Side("python -c pass, sitecustomize", lambda _: start(dict(os.environ))), TIMES),
            Logging(Side("python -c pass, no sitecustomize", lambda _: start(bare)), TIMES),
        ],
        rounds=int(sys.argv[1]),
    )


def start(environment: dict[str, str]) -> None:
    for _ in range(TIMES):
        subprocess.run(["python", "-c", "pass"], env=environment, check=True)


main()
