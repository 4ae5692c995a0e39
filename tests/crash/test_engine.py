"""The engine goes away while a run is under way: the command says so, and the run comes to a truthful end."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator

import pytest
from desk import GATE, Desk, wait_for
from servers.engine import OwnEngine

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnEngine]:
    engine = OwnEngine(tmp_path_factory.mktemp("engine"))
    engine.start()
    yield engine
    engine.close()


@pytest.fixture
def own_desk(engine: OwnEngine, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A desk whose engine may be killed."""
    monkeypatch.setenv("DOCKER_HOST", engine.host)
    return desk


def rows(desk: Desk) -> dict[str, str]:
    done = desk.cli("ls", "--json")
    assert done.returncode == 0, done.stderr.decode()
    return {row["id"]: row["status"] for row in json.loads(done.stdout)["data"]["runs"]}


def settled(desk: Desk, run_id: str) -> str:
    """The run's status, once it is no longer live."""
    return wait_for(lambda: (status := rows(desk)[run_id]) != "running" and status)


def test_killed_and_started_again(own_desk: Desk, engine: OwnEngine):
    own_desk.write(GATE)
    command = own_desk.start("submit")
    folder = own_desk.live()
    engine.kill()
    _, said = command.communicate(timeout=60)
    assert command.returncode == 3, said.decode()
    assert b"engine" in said and b"Traceback" not in said
    assert rows(own_desk) == {folder.name: "running"}  # nobody can say more while no engine answers
    engine.start()
    assert settled(own_desk, folder.name) in ("lost", "killed")
    (run,) = own_desk.recorded()
    assert run.facts.notes
    assert own_desk.submit("print('again')").status == "finished"


def test_a_run_that_ends_while_no_engine_answers_is_finished(own_desk: Desk, engine: OwnEngine):
    """The exit record is the truth, not what the engine says."""
    own_desk.write(GATE + "print('done')")
    command = own_desk.start("submit", "--json")
    folder = own_desk.live()
    engine.kill()
    own_desk.let_go(folder)
    command.communicate(timeout=60)
    wait_for((folder / "record" / "exit.json").exists)
    engine.start()
    assert settled(own_desk, folder.name) == "finished"
    (run,) = own_desk.recorded()
    assert own_desk.blob(run.facts.stdout) == b"done\n"


def test_stopped_in_good_order(own_desk: Desk, engine: OwnEngine):
    own_desk.write(GATE)
    command = own_desk.start("submit", "--json")
    folder = own_desk.live()
    engine.stop()
    command.communicate(timeout=60)
    engine.start()
    assert settled(own_desk, folder.name) == "killed"


def test_where_none_answers_nothing_is_left(own_desk: Desk, monkeypatch: pytest.MonkeyPatch):
    own_desk.write("print('never')")
    done = own_desk.cli("submit", DOCKER_HOST=f"unix://{own_desk.folder}/no.sock")
    assert done.returncode == 3
    assert b"no container engine answers" in done.stderr
    assert rows(own_desk) == {}
    assert not os.listdir(own_desk.home / "live")
