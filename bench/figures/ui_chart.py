"""The web page's chart of a series of a million points, as the server answers it; nothing of it is kept from before."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from urllib.parse import urlencode

from bench import page
from bench.inside import Inside
from bench.measure import Figure, Side, seconds, take_turns
from bench.setting import Setting
from orchestrator.workspace import Workspace

ROUNDS = 10
_POINTS = 1_000_000


def measure(setting: Setting, rounds: int) -> Figure:
    inside = Inside(setting, "noop", "[]")
    shown = inside.submit("log_points", _POINTS, 1)
    (name,) = shown.metrics
    path = f"/runs/{shown.run.id}/series?{urlencode({'name': name})}"
    with contextlib.ExitStack() as stack:
        fresh: list[Callable[[str], str]] = []

        def serve(_: int) -> None:
            fresh.append(stack.enter_context(page.served(lambda: Workspace(inside.workspace.home))))

        sides = [Side("the first time", lambda _: fresh[-1](path), serve), Side("again", lambda _: fresh[-1](path))]
        samples = take_turns(sides, rounds, warm_up=True)
        drawn = json.loads(fresh[-1](path))
    few = () if 500 < len(drawn["steps"]) < 5000 else (f"{len(drawn['steps'])} points are drawn",)
    return Figure("ui-chart", seconds(0.2), samples, wrong=few)
