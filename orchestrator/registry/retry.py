"""How often something is tried again, and how long to wait before."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from orchestrator.registry.errors import Transient

T = TypeVar("T")


@dataclass(frozen=True)
class Patience:
    """Exponential, with full jitter: many clients that were thrown out together do not come back together."""

    attempts: int = 5
    first: float = 0.5
    longest: float = 20.0
    sleep: Callable[[float], None] = time.sleep
    chance: Callable[[], float] = random.random

    def wait(self, attempt: int, problem: Transient) -> None:
        """Wait before the next attempt; ``attempt`` counts those that failed.

        Raises:
            Transient: the problem again, where that was the last attempt.
        """
        if attempt >= self.attempts:
            raise problem
        asked = int(problem.after[:6]) if problem.after and problem.after.isdecimal() else 0
        jitter = self.chance() * min(self.longest, self.first * 2 ** (attempt - 1))
        self.sleep(min(self.longest, asked) + jitter)

    def keep_trying(self, work: Callable[[], T]) -> T:
        """What ``work`` comes to, tried anew after each transient problem."""
        attempt = 0
        while True:
            try:
                return work()
            except Transient as problem:
                attempt += 1
                self.wait(attempt, problem)
