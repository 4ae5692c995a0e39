"""The training loop of a job, under our levels and in ``docker run`` of the same image with as many threads.

A sample is the loop's own duration on the kernel's clock (see ``jobs/loop``): interpreter and imports are not in it.
"""

from __future__ import annotations

import contextlib
import statistics
from collections.abc import Mapping

from bench.containers import Containers, alone, thread_counts
from bench.inside import Inside
from bench.jobs.loop import BEGAN, ENDED
from bench.measure import Figure, times_as_long
from bench.setting import Setting

REQUIREMENTS = "[torch==2.13.0, scikit-learn==1.9.1]"
LIMIT = 1.05
CPUS = 2
STANDARD, REPLAY, STRICT = "standard", "standard, replay", "strict"
ALONE = f"docker run, {CPUS} threads"
ONE_ALONE = "docker run, 1 thread"

Samples = dict[str, list[float]]


def measure(setting: Setting, rounds: int, name: str, job: str, size: int) -> Figure:
    """Figure ``name``: both levels and a replay of a job of bench/jobs, which is given its size."""
    with contextlib.ExitStack() as stack:
        inside = Inside(setting, "training", REQUIREMENTS)
        sides = {
            STANDARD: under(inside, job, size, "standard"),
            ALONE: by_itself(inside, job, size, CPUS),
            REPLAY: Containers.of_replays(inside, inside.submit(job, size, more=determinism("standard")).run),
            STRICT: under(inside, job, size, "strict"),
            ONE_ALONE: by_itself(inside, job, size, 1),
        }
        for containers in sides.values():
            stack.enter_context(contextlib.closing(containers))
        walls, cpus = take_turns(sides, rounds)
    pairs = {STANDARD: ALONE, REPLAY: ALONE, STRICT: ONE_ALONE}
    slow = {side: value for side, value in ratios(walls, pairs).items() if value > LIMIT and side != STANDARD}
    return Figure(
        name,
        times_as_long(LIMIT),
        walls,
        notes=(
            *(f"{side}: {value:.3f} x" for side, value in ratios(walls, pairs).items()),
            *(f"{side}: {value:.3f} x the CPU time" for side, value in ratios(cpus, pairs).items()),
        ),
        wrong=tuple(f"{side} takes {value:.3f} x as long" for side, value in slow.items()),
    )


def determinism(level: str, **controls: str) -> str:
    """Lines of a runspec."""
    named = "".join(f", {name}: {word}" for name, word in controls.items())
    return f"determinism: {{level: {level}{named}}}\nresources: {{cpus: {CPUS}}}\n"


def under(inside: Inside, job: str, size: int, level: str, **controls: str) -> Containers:
    """A job as a run of ours, recording."""
    return Containers(inside, inside.spec(inside.command(job, size), determinism(level, **controls)))


def by_itself(inside: Inside, job: str, size: int, threads: int) -> Containers:
    """The peer."""
    command = inside.command(job, size)
    return Containers(inside, inside.spec(command, determinism("off")), alone(command, thread_counts(threads)))


def take_turns(sides: Mapping[str, Containers], rounds: int) -> tuple[Samples, Samples]:
    """Seconds of each side's loop in each round: by the clock, and on the CPUs."""
    walls: Samples = {name: [] for name in sides}
    cpus: Samples = {name: [] for name in sides}
    for number in range(1, rounds + 1):
        for name, containers in sides.items():
            containers.prepare(number)
            containers.run(number)
            began, ended = (containers.output(mark) for mark in (BEGAN, ENDED))
            walls[name].append((ended[1].st_mtime_ns - began[1].st_mtime_ns) / 1e9)
            cpus[name].append((int(ended[0]) - int(began[0])) / 1e9)
    return walls, cpus


def ratios(samples: Samples, pairs: Mapping[str, str]) -> dict[str, float]:
    """Each side's median beside its peer's."""
    return {side: statistics.median(samples[side]) / statistics.median(samples[peer]) for side, peer in pairs.items()}
