"""Looking after a run: from launch to record, with an engine in this process that does what real ones do."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from orchestrator.agent import wire
from orchestrator.engine.fake import FakeEngine
from orchestrator.engine.port import ContainerSpec, ContainerState
from orchestrator.errors import EngineError
from orchestrator.execution.collect import Collected
from orchestrator.execution.container import container_spec
from orchestrator.execution.follow import Piece
from orchestrator.execution.live import LiveRun
from orchestrator.execution.supervise import Supervision, supervise
from orchestrator.run import Run


class Scene:
    """One run, its engine, and what became of it."""

    def __init__(self, bench, job: Callable[[LiveRun], int]) -> None:
        self.bench = bench
        self.plan = bench.plan()
        self.run: LiveRun = bench.begin(self.plan)
        self.engine = FakeEngine(lambda spec: job(self.run))
        self.engine.images.add("image")
        self.records: list[Run] = []
        self.pieces: list[Piece] = []
        self.stops: Iterator[int | None] = iter(())

    def supervise(self, *, may_launch: bool = True, recorded: Run | None = None, **ports) -> Run:
        given = {
            "engine": self.engine,
            "container": lambda: container_spec(self.plan, self.run, "image"),
            "collect": lambda: self.bench.collected(self.plan, self.run),
            "record": lambda collected: self.records.append(collected.run),
            "console": self.pieces.append,
            "stop": lambda: next(self.stops, None),
        }
        return supervise(self.run, Supervision(**{**given, **ports}), may_launch=may_launch, recorded=recorded)


@pytest.fixture
def scene(bench) -> Callable[..., Scene]:
    return lambda job: Scene(bench, job)


def say(run: LiveRun, data: bytes) -> None:
    with (run.record / wire.STDOUT).open("ab") as file:
        file.write(data)
    with (run.record / wire.CONSOLE).open("ab") as file:
        file.write(b"1 o %d\n" % len(data))


def test_a_run_that_ends_well(scene):
    def job(run):
        say(run, b"hello")
        scene_.bench.end(run)
        return 0

    scene_ = scene(job)
    done = scene_.supervise()
    assert done.status == "finished"
    assert scene_.records == [done]
    assert scene_.pieces == [("stdout", b"hello")]
    assert not scene_.run.folder.exists()
    assert scene_.engine.inspect(scene_.run.container) is None
    assert [spec.name for spec in scene_.engine.launched] == [scene_.run.container]


def test_a_run_that_fails(scene):
    scene_ = scene(lambda run: scene_.bench.end(run, code=3) or 3)
    done = scene_.supervise()
    assert (done.status, scene_.bench.outcome(done).exit_code) == ("failed", 3)


def test_an_agent_that_dies_without_a_word(scene):
    scene_ = scene(lambda run: 137)
    done = scene_.supervise()
    assert (done.status, done.outcome, scene_.records) == ("lost", None, [done])
    assert not scene_.run.folder.exists()


def test_a_container_that_vanishes(scene):
    hold = threading.Event()
    scene_ = scene(lambda run: int(hold.wait()))
    scene_.engine.launch(container_spec(scene_.plan, scene_.run, "image"))
    scene_.engine.remove(scene_.run.container)
    done = scene_.supervise(may_launch=False)
    hold.set()
    assert done.status == "lost"
    assert len(scene_.engine.launched) == 1


def test_a_run_that_was_found_running_is_followed_not_launched(scene):
    go = threading.Event()

    def job(run):
        go.wait()
        scene_.bench.end(run)
        return 0

    scene_ = scene(job)
    scene_.engine.launch(container_spec(scene_.plan, scene_.run, "image"))
    go.set()
    assert scene_.supervise(may_launch=False).status == "finished"
    assert len(scene_.engine.launched) == 1


def test_a_run_that_cannot_be_started_leaves_nothing(scene):
    scene_ = scene(lambda run: 0)
    scene_.engine.images.clear()
    with pytest.raises(EngineError, match="no such image"):
        scene_.supervise()
    assert (scene_.records, scene_.run.folder.exists()) == ([], False)


class Failing(FakeEngine):
    """Goes away once the job runs."""

    def inspect(self, name: str) -> ContainerState | None:
        raise EngineError("gone")


def test_an_engine_that_goes_away_loses_nothing(scene):
    go = threading.Event()

    def job(run):
        go.wait()
        say(run, b"all of it")
        scene_.bench.end(run)
        return 0

    scene_ = scene(job)
    failing = Failing(lambda spec: job(scene_.run))
    failing.images.add("image")
    with pytest.raises(EngineError, match="gone"):
        scene_.supervise(engine=failing)
    assert scene_.run.folder.is_dir()
    assert scene_.records == []
    go.set()
    while not (scene_.run.record / wire.EXIT).exists():
        pass
    done = scene_.supervise(may_launch=False)
    assert done.status == "finished"
    assert scene_.bench.blobs.get(done.facts.stdout).read() == b"all of it"


def test_a_container_that_cannot_be_removed_does_not_lose_the_record(scene):
    class Stuck(FakeEngine):
        def remove(self, name: str) -> None:
            raise EngineError("busy")

    scene_ = scene(lambda run: 0)
    stuck = Stuck(lambda spec: scene_.bench.end(scene_.run) or 0)
    stuck.images.add("image")
    assert scene_.supervise(engine=stuck).status == "finished"
    assert len(scene_.records) == 1


def test_a_crash_between_record_and_tidying_up(scene):
    scene_ = scene(lambda run: scene_.bench.end(run) or 0)
    program = scene_.run.outputs / "program"
    program.write_text("#!/bin/sh")
    program.chmod(0o755)

    def crash(collected: Collected) -> None:
        scene_.records.append(collected.run)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        scene_.supervise(record=crash)
    (first,) = scene_.records
    assert scene_.run.folder.is_dir()
    again = scene_.bench.collect(scene_.plan, scene_.run)
    assert (again.outcome, again.facts) == (first.outcome, first.facts)  # nothing was moved or changed by the first
    assert scene_.supervise(may_launch=False, recorded=first) == first
    assert len(scene_.records) == 1
    assert not scene_.run.folder.exists()
    assert len(scene_.engine.launched) == 1


@pytest.mark.parametrize(
    ("asked", "sent"),
    [(signal.SIGINT, signal.SIGTERM), (signal.SIGTERM, signal.SIGTERM), (signal.SIGKILL, signal.SIGKILL)],
)
def test_a_stop_is_passed_on_once(scene, asked, sent):
    told = threading.Event()

    def job(run):
        (run.record / wire.STARTED).write_text("{}")
        told.wait()
        scene_.bench.end(run, stopped_by=[15], code=143)
        return 143

    class Telling(FakeEngine):
        def signal(self, name: str, number: int) -> None:
            super().signal(name, number)
            told.set()

    scene_ = scene(job)
    engine = Telling(lambda spec: job(scene_.run))
    engine.images.add("image")
    scene_.stops = iter([None, asked])
    done = scene_.supervise(engine=engine)
    assert engine.signals == [(scene_.run.container, sent)]
    assert done.status == "killed"


def test_a_stop_waits_until_someone_listens(scene):
    """The agent's first moment: its handlers are not there yet, and the kernel would drop the signal."""
    taken: list[bool] = []
    go = threading.Event()

    def job(run):
        go.wait()
        (run.record / wire.STARTED).write_text("{}")
        while not scene_.engine.signals:
            pass
        scene_.bench.end(run, stopped_by=[15], code=143)
        return 143

    def stop() -> int | None:
        taken.append((scene_.run.record / wire.STARTED).exists())
        return signal.SIGTERM if len(taken) == 1 else None

    scene_ = scene(job)
    threading.Timer(0.2, go.set).start()
    assert scene_.supervise(stop=stop).status == "killed"
    assert all(taken)


def test_secrets_are_gone_when_it_is_over(bench):
    plan = bench.plan(secrets={"TOKEN": "env:TOKEN"})
    run = bench.begin(plan, run_id="20261123-000000-0000aa", secrets={"TOKEN": b"canary"})
    from orchestrator.execution.live import secrets_folder

    place: Path = secrets_folder(run.request.id)
    assert (place / "TOKEN").read_bytes() == b"canary"
    assert place.stat().st_mode & 0o077 == 0
    spec: ContainerSpec = container_spec(plan, run, "image")
    assert [mount.target for mount in spec.mounts if mount.source == place] == [wire.SECRETS]
    run.remove()
    assert not place.exists()
