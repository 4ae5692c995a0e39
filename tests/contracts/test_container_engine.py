"""What every container engine does alike: the port's promises, kept by Docker and by the fake."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from signal import SIGKILL, SIGTERM

import pytest
from desk import Desk, wait_for

from orchestrator import operations
from orchestrator.engine.apart import EngineApart
from orchestrator.engine.docker import DockerEngine
from orchestrator.engine.fake import FakeEngine
from orchestrator.engine.once import run_once
from orchestrator.engine.port import ContainerEngine, ContainerSpec, ContainerState, Mount
from orchestrator.errors import EngineError

PROGRAM = """
import os, sys, time
open("/gate/begun", "a").write("x")
while not os.path.exists("/gate/go"):
    time.sleep(0.01)
print("said at the end")
sys.exit(int(sys.argv[1]))
"""


def pretend(spec: ContainerSpec) -> int:
    """What PROGRAM does, for the fake."""
    gate = spec.mounts[0].source
    with (gate / "begun").open("a") as file:
        file.write("x")
    while not (gate / "go").exists():
        time.sleep(0.01)
    return int(spec.argv[-1])


class Rig:
    """An engine and what to launch on it."""

    def __init__(self, engine: ContainerEngine, image: str, gate: Path) -> None:
        self.engine = engine
        self.gate = gate
        gate.mkdir()
        gate.chmod(0o777)
        self.spec = ContainerSpec(
            name=f"orchestrator-test-{uuid.uuid4().hex[:12]}",
            image=image,
            argv=("/usr/bin/python3", "-I", "-c", PROGRAM, "0"),
            env={"A": "b"},
            mounts=(Mount(gate, "/gate", read_only=False),),
            workdir="/",
            user="1000:1000",
            hostname="rig",
            cpus=1,
            memory=256 << 20,
        )

    def launch(self, code: int = 0) -> str:
        """Launch it and wait until it runs."""
        self.engine.launch(replace(self.spec, argv=(*self.spec.argv[:-1], str(code))))
        wait_for((self.gate / "begun").exists)
        return self.spec.name

    def end(self) -> ContainerState:
        """Let it end, and wait until the engine knows."""
        (self.gate / "go").touch()
        return self.ended()

    def ended(self) -> ContainerState:
        def seen() -> ContainerState | None:
            state = self.engine.inspect(self.spec.name)
            return state if state and state.status == "exited" else None

        return wait_for(seen)


@pytest.fixture(scope="module")
def image(new_desk: Callable[[], Desk]) -> str:
    desk = new_desk()
    return operations.build(desk.workspace, desk.write("")).image.config


@pytest.fixture(params=["fake", *(pytest.param(name, marks=pytest.mark.engine) for name in ("docker", "apart"))])
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rig]:
    if request.param == "fake":
        fake = FakeEngine(pretend)
        fake.images.add("image")
        made = Rig(fake, "image", tmp_path / "gate")
    else:
        engine = EngineApart(DockerEngine) if request.param == "apart" else DockerEngine()
        made = Rig(engine, request.getfixturevalue("image"), tmp_path / "gate")
    yield made
    (made.gate / "go").touch()
    made.engine.remove(made.spec.name)


def test_a_container_from_beginning_to_end(rig: Rig):
    assert rig.engine.inspect(rig.spec.name) is None
    name = rig.launch()
    assert rig.engine.inspect(name) == ContainerState("running")
    assert rig.end() == ContainerState("exited", exit_code=0)
    rig.engine.remove(name)
    assert wait_for(lambda: rig.engine.inspect(name) is None)


def test_its_exit_code_is_told(rig: Rig):
    rig.launch(code=7)
    assert rig.end().exit_code == 7


def test_a_second_launch_changes_nothing(rig: Rig):
    rig.launch()
    rig.launch()
    assert rig.engine.inspect(rig.spec.name) == ContainerState("running")
    rig.end()
    rig.launch()  # it has run: it does not run again
    assert rig.engine.inspect(rig.spec.name) == ContainerState("exited", exit_code=0)
    assert (rig.gate / "begun").read_text() == "x"


def test_removing_is_repeatable_and_ends_what_runs(rig: Rig):
    name = rig.launch()
    rig.engine.remove(name)
    rig.engine.remove(name)
    assert wait_for(lambda: rig.engine.inspect(name) is None)
    rig.engine.remove("orchestrator-test-never-was")


def test_a_kill_ends_it(rig: Rig):
    name = rig.launch()
    rig.engine.signal(name, SIGKILL)
    assert rig.ended().exit_code == 137


def test_a_signal_to_what_does_not_run_is_nothing(rig: Rig):
    rig.engine.signal(rig.spec.name, SIGTERM)
    rig.launch()
    rig.end()
    rig.engine.signal(rig.spec.name, SIGTERM)
    assert rig.engine.inspect(rig.spec.name) == ContainerState("exited", exit_code=0)


def test_an_image_that_is_not_there_is_refused(rig: Rig):
    with pytest.raises(EngineError, match=r"(?i)no such image") as caught:
        rig.engine.launch(replace(rig.spec, image="sha256:" + "0" * 64))
    assert caught.value.exit_code == 3
    assert rig.engine.inspect(rig.spec.name) is None


def test_run_once_runs_and_removes(rig: Rig):
    (rig.gate / "go").touch()
    run_once(rig.engine, rig.spec)
    assert wait_for(lambda: rig.engine.inspect(rig.spec.name) is None)
    with pytest.raises(EngineError, match="ended with 5"):
        run_once(rig.engine, replace(rig.spec, argv=(*rig.spec.argv[:-1], "5")))
    assert wait_for(lambda: rig.engine.inspect(rig.spec.name) is None)


@pytest.fixture
def docker_rig(image: str, tmp_path: Path) -> Iterator[Rig]:
    made = Rig(DockerEngine(), image, tmp_path / "gate")
    yield made
    (made.gate / "go").touch()
    made.engine.remove(made.spec.name)


@pytest.mark.engine
def test_docker_starts_what_was_only_created(docker_rig: Rig):
    docker_rig.engine._create(docker_rig.spec)  # a crash came between create and start
    assert docker_rig.engine.inspect(docker_rig.spec.name) == ContainerState("created")
    docker_rig.launch()
    assert docker_rig.engine.inspect(docker_rig.spec.name) == ContainerState("running")


@pytest.mark.engine
def test_docker_tells_the_end_of_the_log_of_what_failed(docker_rig: Rig):
    docker_rig.launch(code=1)
    assert docker_rig.end().log_tail == "said at the end"


@pytest.mark.engine
def test_docker_refuses_a_mount_that_is_not_there(docker_rig: Rig, tmp_path: Path):
    spec = replace(docker_rig.spec, mounts=(Mount(tmp_path / "nowhere", "/gate"),))
    with pytest.raises(EngineError, match="nowhere"):
        docker_rig.engine.launch(spec)


@pytest.mark.engine
def test_docker_says_what_it_is(docker_rig: Rig):
    assert isinstance(docker_rig.engine, DockerEngine)
    said = docker_rig.engine.describe()
    assert said["name"] == "docker"
    assert said["version"]
    assert "seccomp" in said["security"]
    version = docker_rig.engine.version()
    assert version["name"] == "docker"
    assert said["version"] in version["version"]


@pytest.mark.parametrize("place", ["unix:///nonexistent/docker.sock", "tcp://127.0.0.1:9"])
def test_docker_that_does_not_answer_is_explained(monkeypatch, place):
    monkeypatch.setenv("DOCKER_HOST", place)
    monkeypatch.delenv("DOCKER_TLS_VERIFY", raising=False)
    with pytest.raises(EngineError, match="no container engine answers at") as caught:
        DockerEngine()
    assert "dockerd" in caught.value.hint
