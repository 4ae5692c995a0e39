"""Claims on a store that has no file locks: records in it, which expire, so that a dead process stops nobody for long.

Dekker's order. Who comes to add puts a claim first and looks for one of who wants to be alone only then; who wants to
be alone does the same the other way round. So at least one of two that come at once sees the other. Who comes to add
steps back then; of several who want to be alone, all but the first by name. It asks of the store only that a record is
listed once it was created, as S3 does.

A claim says until when it holds, and is renewed meanwhile by a new one: records are not changed. Whoever stood still
for longer than its claim held has lost it, and learns so at the end of the block, before anything is acknowledged. The
clocks of different machines may be apart by no more than a quarter of the time that a claim holds.
"""

from __future__ import annotations

import contextlib
import itertools
import math
import os
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from typing import Literal, Protocol, cast

from orchestrator.errors import EnvironmentProblem, StoreBusy
from orchestrator.store.port import RecordStore, RemovableRecords

SECONDS = 600.0
"""How long a claim holds. It is renewed four times in that time."""

Kind = Literal["adding", "alone"]


class ClaimLost(EnvironmentProblem):
    """This process stood still for so long that others could not know it was there."""

    default_hint = "nothing was acknowledged: try again"


class Records(RecordStore, RemovableRecords, Protocol):
    """Where claims are kept."""


class RecordClaims:
    """Claims of one process; its threads may share it.

    Args:
        records: where; records can be removed from it.
        now: the clock, in seconds.
        pause: waits, where somebody is in the way; is told which attempt it was.
        seconds: how long a claim holds.
        patience: how many seconds one who wants to be alone waits for those at work, who keep others out meanwhile.
    """

    def __init__(
        self,
        records: RecordStore,
        now: Callable[[], float],
        *,
        pause: Callable[[int], None] | None = None,
        seconds: float = SECONDS,
        patience: float = math.inf,
    ) -> None:
        self._patience = patience
        self._records = cast(Records, records)
        self._now = now
        self._pause = pause or wait
        self._seconds = seconds
        self._counting = threading.Lock()
        self._within = 0
        self._mine: _Claim | None = None

    @contextlib.contextmanager
    def shared(self) -> Iterator[None]:
        """See :class:`~orchestrator.store.port.Claims`. Blocks within blocks are one.

        Raises:
            ClaimLost: at the end of the block: something may have been removed meanwhile.
        """
        with self._counting:
            if self._within == 0:
                self._mine = self._enter("adding")
            self._within += 1
            mine = self._mine
        assert mine is not None  # noqa: S101
        try:
            yield
            mine.check()
        finally:
            with self._counting:
                self._within -= 1
                if self._within == 0:
                    mine.release()

    @contextlib.contextmanager
    def exclusive(self) -> Iterator[None]:
        """See :class:`~orchestrator.store.port.Claims`. The block must be short: it is not looked at from within.

        Raises:
            ClaimLost: at the end of the block: others may have begun meanwhile.
            StoreBusy: others were at work for longer than our patience.
        """
        mine = self._enter("alone")
        try:
            yield
            mine.check()
        finally:
            mine.release()

    def _enter(self, kind: Kind) -> _Claim:
        name = f"claims/{kind}-{secrets.token_hex(8)}"  # the same for each attempt: somebody stays the first by name
        for attempt in itertools.count(1):
            if self._there("alone"):
                self._pause(attempt)  # to put a claim now would only hold up the one who was first
                continue
            mine = _Claim(self._records, f"{name}-{attempt}-", self._now, self._seconds)
            try:
                if self._comes_in(mine, kind, attempt):
                    return mine
            except BaseException:
                mine.release()
                raise
            mine.release()
            self._pause(attempt)
        raise AssertionError("not reached")

    def _comes_in(self, mine: _Claim, kind: Kind, attempt: int) -> bool:
        """Whether nobody is in the way, now that others can see our claim; False: step back."""
        began = self._now()
        while True:
            others = self._there("alone", but=mine)
            if others and (kind == "adding" or min(others) < mine.prefix):
                return False
            if not others and (kind == "adding" or not self._there("adding")):
                return True
            if self._now() - began > self._patience:
                raise StoreBusy("others have been at work on this store all the time")
            self._pause(attempt)  # alone: those at work finish, and nobody new begins while our claim stands
            attempt += 1

    def _there(self, kind: Kind, but: _Claim | None = None) -> list[str]:
        """The claims of this kind that hold. What expired is cleared away: its keys are never used again."""
        found = []
        for key in list(self._records.list(f"claims/{kind}-")):
            if but is not None and key.startswith(but.prefix):
                continue
            data = self._records.read(key)
            until = None if data is None else _until(data)
            if data is not None and (until is None or until > self._now() + self._seconds * 1.25):
                raise EnvironmentProblem(
                    f"the claim {key} in the store's records cannot be right: {data[:60]!r}",
                    hint="is a machine's clock wrong (NTP)? where nobody is at work, remove that record",
                )
            if until is not None and until + self._seconds / 4 < self._now():
                self._records.remove(key)
            else:
                found.append(key)  # or given up, or renewed since we were told of it: look again
        return found


class _Claim:
    """One claim, renewed by a thread of its own until it is released."""

    def __init__(self, records: Records, prefix: str, now: Callable[[], float], seconds: float) -> None:
        self.prefix = prefix
        self._records = records
        self._now = now
        self._seconds = seconds
        self._number = 0
        self._until = 0.0
        self._lost = False
        self._released = threading.Event()
        self._writing = threading.Lock()
        self._write()
        threading.Thread(target=self._renew, daemon=True).start()

    def check(self) -> None:
        """Whether the claim has held all the time.

        Raises:
            ClaimLost: it has not.
        """
        if self._lost or self._now() > self._until:
            raise ClaimLost("this process was held up for too long, and others could not know that it is at work")

    def release(self) -> None:
        """Give the claim up."""
        self._released.set()
        with self._writing:
            self._records.remove(self._key(self._number))

    def _renew(self) -> None:
        while not self._released.wait(self._seconds / 4):
            with self._writing, contextlib.suppress(Exception):  # tried again before it expires
                if not self._released.is_set():
                    self._write()

    def _write(self) -> None:
        """The next record, then away with the one before. A claim that has expired is not revived."""
        began = self._now()
        if self._number and began > self._until:
            self._lost = True
            return
        self._records.create(self._key(self._number + 1), f"{began + self._seconds!r} {os.getpid()}\n".encode())
        self._number += 1
        self._until = began + self._seconds
        if self._number > 1:
            self._records.remove(self._key(self._number - 1))

    def _key(self, number: int) -> str:
        return f"{self.prefix}{number}"


def _until(data: bytes) -> float | None:
    """Until when a claim holds; None where it cannot be read."""
    try:
        return float(data.split()[0])
    except (ValueError, IndexError):
        return None


def wait(attempt: int) -> None:
    """Longer each time, by chance: two that step back for each other must not meet again."""
    time.sleep(min(5.0, 0.05 * 2 ** min(attempt, 7)) * (0.5 + secrets.randbelow(1000) / 1000))
