"""A run that has logged a million points: shown, and collected as it ended; against a plain reading of its events."""

from __future__ import annotations

import shutil
import statistics
import sys

from bench.inside import Inside
from bench.measure import Figure, Side, seconds, take_turns
from bench.setting import Setting
from orchestrator import metrics, process
from orchestrator.agent import wire
from orchestrator.execution import events

ROUNDS = 10
_POINTS = 1_000_000
_LIMIT = 1.0
_PARSE = "import json, sys\nfor line in open(sys.argv[1], 'rb'): json.loads(line)"


def measure(setting: Setting, rounds: int) -> Figure:
    one, many = _Million(setting, 1), _Million(setting, 100)
    sides = [many.show(), many.parse(), one.show(), many.collect(), one.collect()]
    samples = take_turns(sides, rounds, warm_up=True)
    shown, _, other, collected, _ = map(statistics.median, samples.values())
    return Figure(
        "million-points",
        seconds(_LIMIT),
        samples,
        notes=(f"collected and shown: {collected + shown:.2f} s",),
        wrong=(*one.wrong, *many.wrong, *([f"one name is shown in {other:.2f} s"] if other > _LIMIT else [])),
    )


class _Million:
    """A run that has logged its points under so many names."""

    def __init__(self, setting: Setting, names: int) -> None:
        self._setting = setting
        self._inside = Inside(setting, "noop", "[]")
        self._names = f"{names} name{'s' if names > 1 else ''}"
        self._shown = self._inside.submit("log_points", _POINTS, names)
        self._record = setting.work / f"record-{names}"
        self._bring_record()

    @property
    def wrong(self) -> tuple[str, ...]:
        """The record has to have them all."""
        recorded = sum(map(len, self._shown.metrics.values()))
        return () if recorded == _POINTS else (f"{self._names}: {recorded} points are recorded",)

    def show(self) -> Side:
        home, run = self._inside.workspace.home, self._shown.run.id
        return Side(f"orchestrator show, {self._names}", lambda _: self._setting.orchestrator("show", run, home=home))

    def collect(self) -> Side:
        """What is done with the points when the run has ended."""
        return Side(
            f"events.read and metrics.encode, {self._names}",
            lambda _: metrics.encode(events.read(self._record).own.metrics),
        )

    def parse(self) -> Side:
        file = str(self._record / wire.EVENTS)
        return Side("python, json.loads of each line", lambda _: process.run([sys.executable, "-c", _PARSE, file]))

    def _bring_record(self) -> None:
        """The events as the agent's API wrote them."""
        self._record.mkdir()
        digest = self._shown.run.facts.events
        assert digest is not None
        with self._inside.workspace.blobs.get(digest) as source, (self._record / wire.EVENTS).open("wb") as target:
            shutil.copyfileobj(source, target)
