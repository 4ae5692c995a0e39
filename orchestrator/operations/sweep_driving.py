"""Drives trials through their window: as many at a time as it lets, each in a thread of its own."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field

from orchestrator.model import build_all
from orchestrator.operations.signals import Stop
from orchestrator.sweep.model import Told
from orchestrator.sweep.window import Asked, Window
from orchestrator.workspace import Workspace

_POLL_SECONDS = 0.1
"""How soon a signal reaches the trials."""


@contextlib.contextmanager
def shared_by_threads(workspace: Workspace) -> Iterator[None]:
    """Within this block threads may share the workspace: its ports are there, and one says something at a time."""
    build_all()
    for port in ("blobs", "records", "claims", "index", "engine", "live", "scratch"):
        getattr(workspace, port)  # made on first use, which two threads could make at once
    say, turn = workspace.report, threading.Lock()

    def in_turn(line: str) -> None:
        with turn:
            say(line)

    workspace.report = in_turn
    try:
        yield
    finally:
        workspace.report = say


@dataclass
class Drive:
    """A sweep under way.

    Args:
        window: who is asked and told, and when.
        known: what came of trials that need no run; raises where a suggestion is not the recorded one.
        perform: runs a trial in a thread and returns what came of it; None where it was stopped for our sake.
        stop: the command's wish to stop; it is passed on to each trial that runs.
    """

    window: Window
    known: Callable[[Asked], Told | None]
    perform: Callable[[Asked, Stop], Told | None]
    stop: Stop
    _running: dict[Future[Told | None], tuple[int, Stop]] = field(default_factory=dict)
    _failure: BaseException | None = None

    def run(self, budget: int, until: float | None = None) -> None:
        """Ask for so many trials, none after ``until`` (of ``time.monotonic``), and see all of them to their end.

        Raises what a trial raised, once the others have ended; no further one begins then.
        """
        self.stop.shield()
        with ThreadPoolExecutor(self.window.parallel) as pool:
            while self._may_begin(budget, until) or self._running:
                if self._may_begin(budget, until) and self.window.is_open():
                    self._begin(pool)
                elif self._running:
                    self._wait()
                else:
                    break  # a trial that others rest on has no result
        if self._failure is not None:
            raise self._failure

    def _may_begin(self, budget: int, until: float | None) -> bool:
        over = until is not None and time.monotonic() >= until
        return self.window.asked < budget and not (over or self.stop.requested or self._failure)

    def _begin(self, pool: ThreadPoolExecutor) -> None:
        try:
            asked = self.window.ask()
            told = self.known(asked)
        except Exception as error:
            self._failure = error
            return
        if told is not None:
            self.window.ended(asked.number, told)
            return
        stop = Stop()
        stop.shield()
        self._running[pool.submit(self.perform, asked, stop)] = asked.number, stop

    def _wait(self) -> None:
        done, _ = wait(self._running, _POLL_SECONDS, FIRST_COMPLETED)
        if number := self.stop.take():
            for _, stop in self._running.values():
                stop.request(number)
        for future in done:
            number, _ = self._running.pop(future)
            if error := future.exception():
                self._failure = self._failure or error
            elif (told := future.result()) is not None:
                self.window.ended(number, told)
