"""Claims on a store on this disk: file locks, which end with the process that holds them, however it ends."""

from __future__ import annotations

import contextlib
import fcntl
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from orchestrator.errors import StoreBusy
from orchestrator.store import durable

PATIENCE_SECONDS = 60.0
SHUT_SECONDS = 5.0


class LocalClaims:
    """Two lock files. Who wants to be alone closes the ``gate`` first: those at work finish, nobody new begins."""

    def __init__(self, root: Path, patience: float = PATIENCE_SECONDS) -> None:
        self._patience = patience
        self._folder = root / "locks"
        self._counting = threading.Lock()
        self._within = 0
        self._held = contextlib.ExitStack()
        durable.make_folder(self._folder)

    @contextlib.contextmanager
    def shared(self) -> Iterator[None]:
        """See :class:`~orchestrator.store.port.Claims`. Blocks within blocks are one: the gate may close between."""
        with self._counting:
            if self._within == 0:
                with self._locked("gate", fcntl.LOCK_SH):
                    self._held.enter_context(self._locked("store", fcntl.LOCK_SH))
            self._within += 1
        try:
            yield
        finally:
            with self._counting:
                self._within -= 1
                if self._within == 0:
                    self._held.close()

    @contextlib.contextmanager
    def exclusive(self) -> Iterator[None]:
        """See :class:`~orchestrator.store.port.Claims`.

        Raises:
            StoreBusy: others were at work all the time: one of them may wait for a pipe that nobody reads.
        """
        with contextlib.ExitStack() as held:
            self._become_alone(held)
            yield

    def _become_alone(self, held: contextlib.ExitStack) -> None:
        """The gate is shut for moments only: whoever comes must not wait for one who takes long."""
        until = time.monotonic() + self._patience
        while True:
            with contextlib.ExitStack() as attempt:
                attempt.enter_context(self._locked("gate", fcntl.LOCK_EX))
                store = attempt.enter_context(self._opened("store"))
                if locked_within(store, min(SHUT_SECONDS, self._patience)):
                    held.push(attempt.pop_all())
                    return
            if time.monotonic() > until:
                raise StoreBusy("others have been at work on this store all the time")
            time.sleep(SHUT_SECONDS / 10)

    @contextlib.contextmanager
    def alone(self, what: str, waiting: Callable[[], None]) -> Iterator[None]:
        """Do a named piece of work while no other process does it. ``waiting`` is called where one does already."""
        with self._opened(what) as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                waiting()
                fcntl.flock(handle, fcntl.LOCK_EX)
            yield

    @contextlib.contextmanager
    def _locked(self, name: str, how: int) -> Iterator[None]:
        with self._opened(name) as handle:
            fcntl.flock(handle, how)
            yield

    @contextlib.contextmanager
    def _opened(self, name: str) -> Iterator[int]:
        handle = os.open(self._folder / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            yield handle
        finally:
            os.close(handle)


def locked_within(handle: int, seconds: float) -> bool:
    """Whether an open file could be locked for us alone; we wait so long."""
    until = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                return False
            time.sleep(0.02)
        else:
            return True
