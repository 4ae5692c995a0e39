"""Looks after one run from its folder to its record."""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Literal

from orchestrator.agent import wire
from orchestrator.engine.port import Accompanies, ContainerEngine, ContainerSpec
from orchestrator.errors import EngineError
from orchestrator.execution.collect import Collected
from orchestrator.execution.first_process import FirstProcess
from orchestrator.execution.follow import Follower, Piece, latest_points
from orchestrator.execution.live import LiveRun
from orchestrator.execution.states import Action, Observation, decide
from orchestrator.failpoint import reached
from orchestrator.run import Run

POLL_SECONDS = 0.002
SETTLE_SECONDS = 5.0
"""How long a container may go on after the exit record: the agent ends at once, but a job could have forged it."""
INSPECT_SECONDS = 1.0
"""How often the engine is asked: the exit record is the truth, the engine only tells of what left none."""


@dataclass(frozen=True)
class Supervision:
    """What looking after a run takes."""

    engine: ContainerEngine
    container: Callable[[], ContainerSpec]
    """Has everything ready and says what to launch."""
    collect: Callable[[], Collected]
    record: Callable[[Collected], None]
    """Makes the run and the runs within it part of the store; afterwards it cannot be lost."""
    claim: Callable[[], AbstractContextManager[None]] = contextlib.nullcontext
    """Keeps the store from being tidied between collecting and recording."""
    console: Callable[[Piece], None] = lambda piece: None
    tails: Callable[[list[Piece]], None] = lambda tails: None
    """Is told which lines of the console have begun; they come as pieces once they are complete."""
    progress: Callable[[dict[str, tuple[int, float]]], None] | None = None
    """Is told each metric's latest (step, value) now and then."""
    stop: Callable[[], int | None] = lambda: None
    """The number of a signal that asks us to stop the job; each is told once."""


def supervise(run: LiveRun, with_: Supervision, *, may_launch: bool, recorded: Run | None = None) -> Run:
    """Drive a run through its states.

    Args:
        run: its folder, held by this process.
        with_: the ports.
        may_launch: False for a run that was found, not asked for just now.
        recorded: what the store holds of it already, where a crash came between the record and the tidying up.

    Raises:
        EngineError: the engine refused or went away; the run's folder stays, and the next command takes it up.
    """
    removal: threading.Thread | None = None
    settled: float | None = None
    watched = _Watched(run, with_.engine)
    follower = Follower(run.record)
    try:
        while True:
            seen = _observe(run, watched, recorded is not None, may_launch)
            match decide(seen):
                case Action.LAUNCH:
                    _launch(run, with_)
                    may_launch = False
                case Action.FOLLOW:
                    _follow(run, follower, with_)
                case Action.SETTLE:
                    settled = settled or time.monotonic() + SETTLE_SECONDS
                    _settle(run, with_.engine, settled)
                case Action.COLLECT:
                    reached("collect.asked")
                    removal = _removal(run, with_.engine)
                    for piece in follower.drain():
                        with_.console(piece)
                    reached("collect.drained")
                    recorded = _keep(with_)
                    reached("collect.done")
                case Action.CLEAN:
                    (removal or _removal(run, with_.engine)).join()
                    reached("clean.container")
                    run.remove()
                    assert recorded is not None  # noqa: S101
                    return recorded
    finally:
        follower.close()


def _keep(with_: Supervision) -> Run:
    """What is stored first is named by the record only at the end: nothing is removed between."""
    with with_.claim():
        collected = with_.collect()
        reached("collect.stored")
        with_.record(collected)
    return collected.run


class _Watched:
    """A run's container: what the engine says of it, and what this machine knows before the engine does."""

    def __init__(self, run: LiveRun, engine: ContainerEngine) -> None:
        self._run = run
        self._engine = engine
        self._first: FirstProcess | None = None

    def status(self) -> Literal["created", "running", "exited"] | None:
        if self._first and self._first.has_ended():
            return "exited"
        state = self._engine.inspect(self._run.container)
        if state and state.status == "running":
            self._first = self._first or FirstProcess.found(state.pid)
        return state.status if state else None


def _observe(run: LiveRun, container: _Watched, recorded: bool, may_launch: bool) -> Observation:
    ended = (run.record / wire.EXIT).exists()
    known = recorded or may_launch
    return Observation(recorded, ended, None if known else container.status(), may_launch)


def _launch(run: LiveRun, with_: Supervision) -> None:
    """A run that cannot be started leaves nothing behind: there was no execution to record."""
    try:
        if isinstance(with_.engine, Accompanies):
            with_.engine.accompany(run.lock_descriptor)
        reached("launch.asked")
        with_.engine.launch(with_.container())
        reached("launch.done")
    except BaseException:
        _remove_container(run, with_.engine)
        run.remove()
        raise


def _remove_container(run: LiveRun, engine: ContainerEngine) -> None:
    with contextlib.suppress(EngineError):  # the record does not depend on it
        engine.remove(run.container)


def _follow(run: LiveRun, follower: Follower, with_: Supervision) -> None:
    """Show the console and pass a stop on, until the run ends or it is time to ask the engine again."""
    until = time.monotonic() + INSPECT_SECONDS
    reached("follow.begun")
    if with_.progress is not None:
        with_.progress(latest_points(run.record))
    while not (run.record / wire.EXIT).exists() and time.monotonic() < until:
        _show(follower, with_)
        if (run.record / wire.STARTED).exists() and (number := with_.stop()):  # before, nothing would hear it
            with_.engine.signal(run.container, number if number == signal.SIGKILL else signal.SIGTERM)
        time.sleep(POLL_SECONDS)


def _settle(run: LiveRun, engine: ContainerEngine, until: float) -> None:
    if time.monotonic() >= until:
        engine.signal(run.container, signal.SIGKILL)
    time.sleep(POLL_SECONDS)


def _show(follower: Follower, with_: Supervision) -> None:
    for piece in follower.read():
        with_.console(piece)
    with_.tails(follower.tails())


def _removal(run: LiveRun, engine: ContainerEngine) -> threading.Thread:
    """Removing the container takes the engine a while: it goes on beside the collecting."""
    thread = threading.Thread(target=_remove_container, args=(run, engine), daemon=True)
    thread.start()
    return thread
