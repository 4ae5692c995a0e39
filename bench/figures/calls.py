"""One reading of the clock, one draw of entropy: recorded, fed back, and without our library."""

from __future__ import annotations

import contextlib
import json

from bench.containers import Containers, alone
from bench.inside import Inside
from bench.jobs.calls import CALLS
from bench.measure import Figure, Target
from bench.setting import Setting
from bench.training import determinism

ROUNDS = 5
_TURNS = 3
_LIMIT = 200e-9


def measure(setting: Setting, rounds: int) -> Figure:
    inside = Inside(setting, "noop", "[]")
    command, standard = inside.command("calls", _TURNS), determinism("standard")
    with contextlib.ExitStack() as stack:
        recorded = inside.submit("calls", _TURNS, more=standard).run
        sides = {
            "recorded": Containers(inside, inside.spec(command, standard)),
            "without": Containers(inside, inside.spec(command, standard), alone(command)),
            "fed back": Containers.of_replays(inside, recorded),
        }
        for containers in sides.values():
            stack.enter_context(contextlib.closing(containers))
        samples = _take_turns(sides, rounds)
    target = Target("<= 200 ns more", lambda ours, peer: ours - peer, _LIMIT, unit="s")
    figure = Figure("calls", target, samples)
    slow = [f"{side}: {added * 1e9:.0f} ns more" for side, added in _added(figure).items() if added > _LIMIT]
    notes = [f"{side}: {added * 1e9:.0f} ns more" for side, added in _added(figure).items()]
    return Figure(figure.name, target, samples, notes=tuple(notes), wrong=tuple(slow))


def _take_turns(sides: dict[str, Containers], rounds: int) -> dict[str, list[float]]:
    """Seconds a call: every call on every side."""
    samples: dict[str, list[float]] = {}
    for number in range(1, rounds + 1):
        for name, containers in sides.items():
            containers.prepare(number)
            containers.run(number)
            for call, taken in json.loads(containers.output(CALLS)[0]).items():
                samples.setdefault(f"{call}, {name}", []).extend(one / 1e9 for one in taken)
    return {side: samples[side] for side in sorted(samples, key=_order)}


def _order(side: str) -> tuple[bool, str, int]:
    """The clock first; ours, its peer, then the rest."""
    call, _, how = side.rpartition(", ")
    return call != "time.time()", call, ["recorded", "without", "fed back"].index(how)


def _added(figure: Figure) -> dict[str, float]:
    return {
        side: median - figure.medians[f"{side.rpartition(', ')[0]}, without"]
        for side, median in figure.medians.items()
        if not side.endswith(", without")
    }
