"""``orchestrator ls`` over a hundred thousand runs, whole processes; and how long the index takes to be filled."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from bench import runs
from bench.measure import Figure, Side, seconds, take_turns
from bench.setting import Setting
from orchestrator import process
from orchestrator.index.port import RunIndex
from orchestrator.index.sqlite import SqliteIndex

ROUNDS = 10
RUNS = 100_000
ASKED = {
    "ls": (),
    "ls --name": ("--name", "experiment-7"),
    "ls --status --name": ("--status", "lost", "--name", "experiment-7"),
    "ls --tag": ("--tag", "team=team-3"),
    "ls --sort": ("--sort", "-metrics.test_accuracy"),
    "ls --sort --tag": ("--sort", "-metrics.test_accuracy", "--tag", "owner=owner-33"),
    "ls --sort --status": ("--sort", "params.lr", "--status", "failed"),
    "ls --sort duration": ("--sort", "-duration"),
    "ls --sort of none": ("--sort", "metrics.nobody_has_it"),
    "ls --where --sort": (
        "--where",
        "metrics.test_accuracy > 0.9 and params.lr < 0.1 and tags.team = 'team-3'",
        "--sort",
        "-metrics.test_accuracy",
        "--limit",
        "20",
    ),
    "ls --where or": ("--where", "tags.owner = 'owner-33' or (status = lost and not params.lr > 0.05)"),
    "ls --where package": ("--where", "packages.package-7 = 3 and created > 2026-03-01"),
    "ls --where like": ("--where", "name like '%-7' and metrics.test_accuracy >= 0.99"),
    "ls --where commit": ("--where", "commit = 'ffffffffffff' or (commit = 00000000 and tags.owner = 'owner-3')"),
}
"""Each is measured, and the slowest counts."""
_LIMIT = 0.3


def measure(setting: Setting, rounds: int) -> Figure:
    home = setting.work / "search"
    home.mkdir()
    return searched("search", setting, home, SqliteIndex(home / "index.sqlite"), rounds, {})


def searched(
    name: str, setting: Setting, home: Path, index: RunIndex, rounds: int, environment: dict[str, str]
) -> Figure:
    """Fill an index and ask it all. ``environment``: what leads our command line to it."""
    begin = time.perf_counter()
    index.fill(runs.rows(RUNS))
    filled = time.perf_counter() - begin
    program = str(Path(sys.executable).with_name("orchestrator"))
    whole = {**os.environ, **setting.environment(home), **environment}

    def ls(*words: str) -> bytes:
        return process.run([program, "ls", *words], env=whole, cwd=setting.root)

    sides = [Side(asked, lambda _, words=words: ls(*words)) for asked, words in ASKED.items()]  # type: ignore[misc]
    samples = take_turns(sides, rounds, warm_up=True)
    medians = {asked: sorted(taken)[len(taken) // 2] for asked, taken in samples.items()}
    slowest = max(medians, key=medians.__getitem__)
    ordered = {asked: samples[asked] for asked in (slowest, *(one for one in ASKED if one != slowest))}
    wrong = [asked for asked, words in ASKED.items() if len(ls(*words).splitlines()) < 2]
    return Figure(
        name,
        seconds(_LIMIT),
        ordered,
        notes=(f"filled with {RUNS:,} runs in {filled:.1f} s",),
        wrong=tuple(f"{asked} finds nothing" for asked in wrong),
    )
