"""Claims on a store on this disk: file locks, which end with the process that holds them, however it ends."""

from __future__ import annotations

import contextlib
import fcntl
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from orchestrator.store import durable


class LocalClaims:
    """Two lock files. Who wants to be alone closes the ``gate`` first: those at work finish, nobody new begins."""

    def __init__(self, root: Path) -> None:
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
        """See :class:`~orchestrator.store.port.Claims`."""
        with self._locked("gate", fcntl.LOCK_EX), self._locked("store", fcntl.LOCK_EX):
            yield

    @contextlib.contextmanager
    def alone(self, what: str, waiting: Callable[[], None]) -> Iterator[None]:
        """Do a named piece of work while no other process does it. ``waiting`` is called where one does already."""
        handle = self._open(what)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                waiting()
                fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    @contextlib.contextmanager
    def _locked(self, name: str, how: int) -> Iterator[None]:
        handle = self._open(name)
        try:
            fcntl.flock(handle, how)
            yield
        finally:
            os.close(handle)

    def _open(self, name: str) -> int:
        return os.open(self._folder / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
