"""Taking turns: A B A B …, so that whatever else the machine does falls on both sides alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


def _nothing(number: int) -> None:
    pass


@dataclass(frozen=True)
class Side:
    """One of those that are compared. Both callables are given the round's number; only ``run`` is timed."""

    name: str
    run: Callable[[int], object]
    before: Callable[[int], object] = _nothing


@dataclass(frozen=True)
class Target:
    """What a figure is held to: its value (made of two medians, in seconds) and a limit to one side."""

    text: str
    value: Callable[[float, float], float]
    limit: float
    at_least: bool = False
    unit: str = "x"

    def met(self, ours: float, peer: float) -> bool:
        value = self.value(ours, peer)
        return value >= self.limit if self.at_least else value <= self.limit


def seconds(limit: float) -> Target:
    return Target(f"<= {limit} s", lambda ours, peer: ours, limit, unit="s")


def microseconds(limit: float) -> Target:
    return Target(f"<= {limit} µs", lambda ours, peer: ours, limit / 1e6, unit="s")


def seconds_more(limit: float) -> Target:
    return Target(f"<= {limit} s more", lambda ours, peer: ours - peer, limit, unit="s")


def times_as_long(limit: float) -> Target:
    return Target(f"<= {limit} x the time", lambda ours, peer: ours / peer, limit)


def times_faster(limit: float) -> Target:
    return Target(f">= {limit} x as fast", lambda ours, peer: peer / ours, limit, at_least=True)


@dataclass(frozen=True)
class Figure:
    """What was measured: samples in seconds by side, ours first, its peer second, then what else is of interest."""

    name: str
    target: Target
    samples: dict[str, list[float]]
    notes: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()
    """What breaks the figure whatever the times say."""

    @property
    def medians(self) -> dict[str, float]:
        return {name: statistics.median(taken) for name, taken in self.samples.items()}

    @property
    def value(self) -> float:
        return self.target.value(*self._pair)

    @property
    def met(self) -> bool:
        return not self.wrong and self.target.met(*self._pair)

    @property
    def _pair(self) -> tuple[float, float]:
        ours, peer, *_ = self.medians.values()
        return ours, peer


def take_turns(sides: Sequence[Side], rounds: int, *, warm_up: bool) -> dict[str, list[float]]:
    """Seconds of each side in each round. ``warm_up``: one more round first (number 0) that does not count."""
    samples: dict[str, list[float]] = {side.name: [] for side in sides}
    for number in range(0 if warm_up else 1, rounds + 1):
        for side in sides:
            side.before(number)
            start = time.perf_counter()
            side.run(number)
            taken = time.perf_counter() - start
            if number:
                samples[side.name].append(taken)
    return samples
