"""A job, its agent or its supervisor is killed: the record says so, and holds all that was acknowledged before."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest
from desk import GATE, Desk, wait_for

import orchestrator
from orchestrator import operations
from orchestrator.errors import NotFound
from orchestrator.run import Run

pytestmark = pytest.mark.engine


def test_a_script_that_kills_itself(desk: Desk):
    script = """
import os, signal, orchestrator
for step in range(1000):
    orchestrator.log_metric("loss", 1 / (step + 1))
os.kill(os.getpid(), signal.SIGKILL)
"""
    run = desk.submit(script)
    shown = desk.show(run)
    assert (run.status, shown.outcome.exit_code, run.facts.notes) == ("failed", 137, ())
    assert list(shown.metrics["loss"]) == [(step, 1 / (step + 1)) for step in range(1000)]
    assert f"failed, exit code 137, signal 9 (`orchestrator logs {run.id}`)" in desk.cli("show", run.id).stdout.decode()


def test_a_script_that_is_killed_within_its_mlflow_run(desk: Desk):
    script = """
import os, signal
from say_to_mlflow import Client
client = Client()
run = client.run("main")
fold = client.run("fold", parent=run)
for step in range(300):
    client.log(run, "loss", step / 3, step)
    client.log(fold, "loss", step / 7, step)
client.put(run, "model.bin", b"weights")
os.kill(os.getpid(), signal.SIGKILL)
"""
    run = desk.submit(script)
    shown = desk.show(run)
    assert (run.status, shown.outcome.exit_code) == ("failed", 137)
    assert list(shown.metrics["loss"]) == [(step, step / 3) for step in range(300)]
    assert desk.artifacts(run) == {"mlflow/model.bin": b"weights"}
    (fold,) = shown.children
    assert (fold.name, fold.status) == ("fold", "lost")  # nothing told how it ended
    assert list(desk.show(fold).metrics["loss"]) == [(step, step / 7) for step in range(300)]


def test_a_job_that_runs_out_of_memory(desk: Desk):
    script = """
import orchestrator
from say_to_mlflow import Client
client = Client()
run = client.run("main")
for step in range(500):
    orchestrator.log_metric("own", step, step)
    client.log(run, "loss", step, step)
block = []
while True:
    block.append(bytearray(4 << 20))
"""
    run = desk.submit(script, resources={"cpus": 1, "memory": "64m"})
    shown = desk.show(run)
    assert (run.status, shown.outcome.exit_code) == ("failed", 137)
    assert any(note.startswith("resources.memory was reached: the kernel killed 1 of") for note in run.facts.notes)
    assert {name: len(series) for name, series in shown.metrics.items()} == {"own": 500, "loss": 500}


BOTH = f"""
import orchestrator
from say_to_mlflow import Client
client = Client()
run = client.run("main")
client.post("runs/log-parameter", run_id=run, key="lr", value="0.1")
orchestrator.log_param("width", 64)
for step in range(200):
    orchestrator.log_metric("own", step / 3, step)
    client.log(run, "loss", step / 7, step)
client.put(run, "deep/model.bin", b"weights")
open("/outputs/report.txt", "w").write("so far")
print("said", flush=True)
{GATE}
"""


@pytest.fixture
def engine() -> Iterator[docker.APIClient]:
    client = docker.from_env()
    yield client.api
    client.close()


def check_lost(desk: Desk, run: Run, tmp_path: Path) -> None:
    """All that it had produced is there, and it is said to be no outcome."""
    assert (run.status, run.outcome) == ("lost", None)
    assert run.facts.notes == ("the container ended without an exit record",)
    shown = desk.show(run)
    assert shown.outcome.params == {"lr": 0.1, "width": 64, "seeded": True}
    assert list(shown.metrics["own"]) == [(step, step / 3) for step in range(200)]
    assert list(shown.metrics["loss"]) == [(step, step / 7) for step in range(200)]
    assert desk.blob(run.facts.stdout) == b"said\n"

    (row,) = operations.ls(desk.workspace)
    assert (row.status, row.metrics) == ("lost", {"own": repr(199 / 3), "loss": repr(199 / 7)})
    said = desk.cli("show", run.id).stdout.decode()
    assert "lost: what follows had been produced by then" in said
    assert f"{199 / 7!r} at step 199 (200 points)" in said
    assert json.loads(desk.cli("show", "--json", run.id).stdout)["data"]["run"]["outcome"] is None

    model = orchestrator.load_artifact(run.id, "mlflow/deep/model.bin", to=tmp_path / "m", workspace=desk.workspace)
    assert model.read_bytes() == b"weights"
    assert desk.cli("checkout", run.id, str(tmp_path / "out")).returncode == 0
    assert (tmp_path / "out" / "artifacts" / "outputs" / "report.txt").read_text() == "so far"
    with pytest.raises(NotFound, match="has no outcome: the container ended without an exit record"):
        operations.replay(desk.workspace, run.id)
    assert desk.cli("replay", run.id).returncode == NotFound.exit_code


def test_the_agent_is_killed(desk: Desk, tmp_path: Path, engine: docker.APIClient):
    desk.write(BOTH, params={"seeded": True})
    command = desk.start("submit", "--json")
    engine.kill(f"orchestrator-{desk.live().name}", signal="KILL")
    said, _ = command.communicate(timeout=120)
    assert command.returncode == 1
    assert json.loads(said)["data"]["status"] == "lost"
    (run,) = desk.recorded()
    check_lost(desk, run, tmp_path)


def test_the_agent_and_its_supervisor_are_killed_and_the_next_command_records_it(
    desk: Desk, tmp_path: Path, engine: docker.APIClient
):
    desk.write(BOTH, params={"seeded": True})
    command = desk.start("submit")
    folder = desk.live()
    command.kill()
    command.communicate()
    engine.kill(f"orchestrator-{folder.name}", signal="KILL")
    engine.wait(f"orchestrator-{folder.name}")
    done = desk.cli("ls", "--json")
    assert [row["status"] for row in json.loads(done.stdout)["data"]["runs"]] == ["lost"]
    told = f"run {folder.name} was left behind by a command that ended early: recording how it ended"
    assert told in done.stderr.decode()
    (run,) = desk.recorded()
    check_lost(desk, run, tmp_path)
    wait_for(lambda: not desk.containers())
