"""A sweep of a hundred trials that do nothing: against as many submits, as many at a time."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

from bench.measure import Figure, Side, take_turns, times_as_long
from bench.setting import Setting
from orchestrator.operations import building

ROUNDS = 3
_TRIALS, _AT_ONCE = 100, 2
_MORE = f"""params: {{x: 0.5}}
sweep:
  method: random
  objective: {{metric: loss, direction: minimize}}
  params: {{x: {{low: 0.0, high: 1.0}}}}
  trials: {_TRIALS}
  parallel: {_AT_ONCE}
"""


def measure(setting: Setting, rounds: int) -> Figure:
    spec = setting.spec("noop-sweep", "[]", "orchestrator-log metric loss 0.5", _MORE)
    building.build(setting.workspace, spec)
    said: list[str] = []

    def sweep(_: int) -> None:
        said.append(setting.orchestrator("sweep", str(spec)).decode())

    def submit(number: int) -> bytes:
        return setting.orchestrator("submit", str(spec), "--set", f"params.x={number / _TRIALS}")

    def submits(_: int) -> None:
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            list(pool.map(submit, range(_TRIALS)))

    sides = [
        Side(f"sweep, {_TRIALS} trials", sweep),
        Side(f"submit, {_TRIALS} times, {_AT_ONCE} at a time", submits),
    ]
    samples = take_turns(sides, rounds, warm_up=False)
    wrong = tuple(text for text in said if not re.search(rf"{_TRIALS} complete", text))
    return Figure("sweep", times_as_long(1.3), samples, wrong=wrong)
