"""How long a server is waited for, and how often it is asked again."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass

_chance = random.SystemRandom()


@dataclass(frozen=True)
class Patience:
    """Exponential backoff with full jitter: many clients that failed together do not come back together."""

    attempts: int = 7
    """How often a request is sent in all."""
    base: float = 0.25
    """Seconds: the first pause is at most this long, and each further one at most twice the one before."""
    longest: float = 10.0
    """Seconds: no pause is longer."""
    connect: float = 10.0
    """Seconds until a connection stands."""
    read: float = 60.0
    """Seconds without a byte."""
    sleep: Callable[[float], None] = time.sleep
    chance: Callable[[], float] = _chance.random
    """A number from 0 to 1."""

    def wait(self, failed: int) -> None:
        """Pause before the next try, after this many have failed (1 or more)."""
        self.sleep(self.chance() * min(self.longest, self.base * 2 ** (failed - 1)))
