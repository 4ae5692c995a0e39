"""The web page's list of a hundred thousand runs, as the server answers it: plain, searched and sorted."""

from __future__ import annotations

from bench import page, runs
from bench.figures.search import RUNS
from bench.measure import Figure, Side, seconds, take_turns
from bench.setting import Setting
from orchestrator.index.sqlite import SqliteIndex
from orchestrator.workspace import Workspace

ROUNDS = 20
_ASKED = {
    "/": "/",
    "/?sort": "/?sort=-metrics.test_accuracy",
    "/?where&sort": "/?where=metrics.test_accuracy > 0.9 and tags.team = 'team-3'&sort=-metrics.test_accuracy",
}


def measure(setting: Setting, rounds: int) -> Figure:
    home = setting.work / "ui-runs"
    home.mkdir()
    SqliteIndex(home / "index.sqlite").fill(runs.rows(RUNS))
    with page.served(lambda: Workspace(home)) as get:
        sides = [Side(name, lambda _, path=path: get(path)) for name, path in _ASKED.items()]  # type: ignore[misc]
        samples = take_turns(sides, rounds, warm_up=True)
        wrong = tuple(f"{name} shows no runs" for name, path in _ASKED.items() if "experiment-" not in get(path))
    return Figure("ui-runs", seconds(0.1), samples, wrong=wrong)
