"""What the agent adds to a container whose job does nothing: against the same container with Python alone in it."""

from __future__ import annotations

import contextlib

from bench.containers import Containers, alone
from bench.inside import Inside
from bench.measure import Figure, Side, seconds_more, take_turns
from bench.setting import Setting

ROUNDS = 40
_JOB = "python -c pass"


def measure(setting: Setting, rounds: int) -> Figure:
    inside = Inside(setting, "noop", "[]")
    spec = inside.spec(_JOB)
    with (
        contextlib.closing(Containers(inside, spec)) as ours,
        contextlib.closing(Containers(inside, spec, alone(_JOB))) as bare,
    ):
        sides = [
            Side(f"container: agent, {_JOB}", ours.run, ours.prepare),
            Side(f"container: {_JOB}", bare.run, bare.prepare),
        ]
        samples = take_turns(sides, rounds, warm_up=True)
    within = inside.measure("start", rounds)
    return Figure(
        "agent-start",
        seconds_more(0.06),
        {**samples, **within.samples},
        notes=("containers: from asking the engine to its word that they have ended; the others: within a run",),
    )
