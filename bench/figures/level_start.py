"""What the levels add to a container whose job does nothing: against the same container with Python alone in it."""

from __future__ import annotations

import contextlib

from bench.containers import Containers, alone
from bench.inside import Inside
from bench.measure import Figure, Side, seconds_more, take_turns
from bench.setting import Setting
from bench.training import determinism

ROUNDS = 30
_JOB = "python -c pass"
_LIMIT = 0.15


def measure(setting: Setting, rounds: int) -> Figure:
    inside = Inside(setting, "noop", "[]")
    with contextlib.ExitStack() as stack:

        def side(name: str, level: str, *, bare: bool = False) -> Side:
            change = [alone(_JOB)] if bare else []
            containers = Containers(inside, inside.spec(_JOB, determinism(level)), *change)
            stack.enter_context(contextlib.closing(containers))
            return Side(name, containers.run, containers.prepare)

        sides = [
            side("standard", "standard"),
            side("docker run", "off", bare=True),
            side("strict", "strict"),
            side("off", "off"),
        ]
        figure = Figure("level-start", seconds_more(_LIMIT), take_turns(sides, rounds, warm_up=True))
    added = {name: median - figure.medians["docker run"] for name, median in figure.medians.items()}
    slow = [] if added["strict"] <= _LIMIT else [f"strict adds {added['strict']:.3f} s"]
    notes = [f"{name} adds {more:.3f} s" for name, more in added.items() if more]
    return Figure(figure.name, figure.target, figure.samples, notes=tuple(notes), wrong=tuple(slow))
