"""The order of asking and telling: trial k is asked for when exactly the trials 0 to k - parallel have been told.

Trials that end early wait for their turn, so that a suggestion rests on the same results however long each trial took.
At most ``parallel`` trials are under way by that.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from orchestrator.sweep.model import Told
from orchestrator.sweep.strategy import Judge, Judging, Params, Sampler


@dataclass(frozen=True)
class Asked:
    """A trial that was suggested."""

    number: int
    params: Params
    judge: Callable[[], Judge]
    """Makes one who says when to stop it: by what had been told when the trial was asked for."""


@dataclass
class Window:
    """Asks a sampler, and tells it, in the one order there is."""

    sampler: Sampler
    judging: Judging
    parallel: int
    asked: int = 0
    _told: list[Told] = field(default_factory=list)
    _waiting: dict[int, Told] = field(default_factory=dict)

    def is_open(self) -> bool:
        """Whether the next trial can be asked for: all that it rests on has ended."""
        return all(number in self._waiting for number in range(len(self._told), self._rests_on()))

    def ask(self) -> Asked:
        """The next trial."""
        while len(self._told) < self._rests_on():
            told = self._waiting.pop(len(self._told))
            self.sampler.tell(told)
            self._told.append(told)
        number = self.asked
        self.asked += 1
        return Asked(number, self.sampler.ask(), partial(self.judging, number, tuple(self._told)))

    def ended(self, number: int, told: Told) -> None:
        """A trial has ended: it is told of in its turn."""
        self._waiting[number] = told

    def _rests_on(self) -> int:
        """How many trials are told by the time of the next one."""
        return max(0, self.asked - self.parallel + 1)
