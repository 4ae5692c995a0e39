"""Very much at once: a million points, many names, many processes, many runs, and a port that is shouted at."""

from __future__ import annotations

import itertools
import json

import pytest
from desk import Desk

from orchestrator import operations

pytestmark = pytest.mark.engine


def test_a_million_points(desk: Desk):
    script = "import orchestrator\nfor step in range(10**6):\n    orchestrator.log_metric('loss', step / 7, step)\n"
    run = desk.submit(script)
    (loss,) = desk.show(run).metrics.values()
    assert (run.status, run.facts.notes, len(loss)) == ("finished", (), 10**6)
    assert all(point == (step, step / 7) for step, point in zip(itertools.count(), loss))
    (row,) = operations.ls(desk.workspace)
    assert row.metrics == {"loss": repr((10**6 - 1) / 7)}


def test_a_million_points_of_four_processes_at_once(desk: Desk):
    """One of them through the agent, in batches as MLflow's client sends them."""
    script = """
import os, orchestrator
from say_to_mlflow import Client
main = Client().run("main")

def own(number):
    for step in range(300_000):
        orchestrator.log_metric(f"process {number}", step * number, step)

def batches(number):
    client = Client()
    for start in range(0, 100_000, 1000):
        points = [{"key": f"process {number}", "value": step * number, "step": step, "timestamp": 1}
                  for step in range(start, start + 1000)]
        client.post("runs/log-batch", run_id=main, metrics=points)

children = []
for number, work in enumerate((own, own, own, batches), 1):
    child = os.fork()
    if not child:
        work(number)
        os._exit(0)
    children.append(child)
assert [os.waitpid(child, 0)[1] for child in children] == [0] * 4
"""
    run = desk.submit(script)
    assert (run.status, run.facts.notes) == ("finished", ())
    found = dict(desk.show(run).metrics)
    assert {name: len(series) for name, series in found.items()} == {
        "process 1": 300_000, "process 2": 300_000, "process 3": 300_000, "process 4": 100_000,
    }  # fmt: skip
    for number, series in enumerate((found[f"process {number}"] for number in range(1, 5)), 1):
        assert all(point == (step, step * number) for step, point in enumerate(series))
    for mark in (b'"process 1"', b'"process 4"'):  # as they were logged, not only once they have been put in order
        lines = [line for line in desk.blob(run.facts.events).splitlines() if mark in line]
        steps = [json.loads(line)[3] for line in lines]
        assert steps == sorted(steps)


def test_ten_thousand_names(desk: Desk):
    script = """
import orchestrator
from say_to_mlflow import Client
for number in range(10_000):
    orchestrator.log_metric(f"native/{number}", number / 7)
client = Client()
run = client.run("main")
for start in range(0, 10_000, 500):
    points = [{"key": f"mlflow/{number}", "value": number / 3, "timestamp": 1} for number in range(start, start + 500)]
    client.post("runs/log-batch", run_id=run, metrics=points)
"""
    run = desk.submit(script)
    found = {name: list(series) for name, series in desk.show(run).metrics.items()}
    assert found == {
        **{f"native/{number}": [(0, number / 7)] for number in range(10_000)},
        **{f"mlflow/{number}": [(0, number / 3)] for number in range(10_000)},
    }
    for verb in (("show", run.id), ("ls",)):
        done = desk.cli(*verb)
        assert (done.returncode, len(done.stdout) < 10_000) == (0, True)


GARBAGE = [
    b"", b"\r\n\r\n", b"\0" * 1000, b"\xff" * 70_000, b"GET\r\n\r\n", b"GET / HTTP/9\r\n\r\n", b"\x16\x03\x01\x02\x00",
    b"POST /api/2.0/mlflow/runs/create HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
    b"POST /api/2.0/mlflow/runs/create HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n{",
    b"POST /api/2.0/mlflow/runs/create HTTP/1.1\r\nContent-Length: 5\r\n\r\n[[[[[",
    b"POST /api/2.0/mlflow/runs/log-metric HTTP/1.1\r\nContent-Length: 200000\r\n\r\n" + b"[" * 200_000,
    b"POST /api/2.0/mlflow/runs/create HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"PUT /api/2.0/mlflow-artifacts/artifacts/../../../etc/passwd HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc",
    b"PUT /api/2.0/mlflow-artifacts/artifacts/0/half HTTP/1.1\r\nContent-Length: 1000000\r\n\r\nabc",
    b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n\r\n", b"A" * 300_000,
    b"POST /api/2.0/mlflow/runs/search HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\nnull",
    b"GET /health HTTP/1.1\r\n\r\n" * 3000,
]  # fmt: skip


def test_garbage_sent_to_the_agents_port_while_points_are_logged(desk: Desk):
    """Clients that send it and go, that wait for an answer, and that stay connected without a word."""
    script = f"""
import os, random, socket, orchestrator
from say_to_mlflow import Client
GARBAGE = {GARBAGE!r}

def shout(seed):
    chance = random.Random(seed)
    silent = [socket.create_connection(("127.0.0.1", 5000)) for _ in range(20)]
    for turn in range(400):
        client = socket.create_connection(("127.0.0.1", 5000), timeout=60)
        try:
            client.sendall(chance.choice(GARBAGE) if turn % 2 else chance.randbytes(chance.randrange(5000)))
            if turn % 3:
                client.shutdown(socket.SHUT_WR)
                while turn % 3 == 2 and client.recv(1 << 16):
                    pass
        except OSError:
            pass  # it had enough of us
        client.close()

shouting = []
for seed in range(3):
    child = os.fork()
    if not child:
        shout(seed)
        os._exit(0)
    shouting.append(child)
client = Client()
run = client.run("main")
for step in range(2000):
    client.log(run, "loss", step / 3, step)
    orchestrator.log_metric("own", step / 7, step)
client.put(run, "model.bin", b"weights" * 100_000)
assert [os.waitpid(child, 0)[1] for child in shouting] == [0] * 3
client.log(run, "loss", 1.0, 2000)
client.end(run)
"""
    run, streams = desk.seen(script)
    assert (run.status, run.facts.notes) == ("finished", ()), streams["stderr"].decode()
    metrics = desk.show(run).metrics
    assert list(metrics["loss"]) == [*((step, step / 3) for step in range(2000)), (2000, 1.0)]
    assert list(metrics["own"]) == [(step, step / 7) for step in range(2000)]
    assert desk.artifacts(run) == {"mlflow/model.bin": b"weights" * 100_000}


def test_a_thousand_runs_within_the_run(desk: Desk):
    script = """
from say_to_mlflow import Client
client = Client()
main = client.run("study")
for number in range(1000):
    trial = client.run("trial", parent=main)
    client.post("runs/log-batch", run_id=trial, params=[{"key": "number", "value": str(number)}],
                metrics=[{"key": "loss", "value": 1 / (number + 1), "timestamp": 1, "step": 0}])
    client.end(trial, "FAILED" if number % 10 == 9 else "FINISHED")
client.end(main)
"""
    run = desk.submit(script)
    shown = desk.show(run)
    assert (run.status, run.facts.notes, len(shown.children)) == ("finished", (), 1000)
    assert [child.id for child in shown.children] == [f"{run.id}.{number}" for number in range(1, 1001)]
    assert [child.name for child in shown.children[:3]] == ["trial", "trial~2", "trial~3"]
    assert [child.status for child in shown.children[8:11]] == ["finished", "failed", "finished"]
    last = desk.show(shown.children[-1])
    assert (last.outcome.params, list(last.metrics["loss"])) == ({"number": 999}, [(0, 0.001)])

    rows = operations.ls(desk.workspace, parent=run.id, limit=2000)
    assert {row.id: row.metrics for row in rows} == {
        f"{run.id}.{number + 1}": {"loss": repr(1 / (number + 1))} for number in range(1000)
    }
    assert [row.id for row in operations.ls(desk.workspace)] == [run.id]
    again = operations.replay(desk.workspace, run.id)
    assert (again.verdict.answer, len(desk.show(again.replay).children)) == ("identical", 1000)
    (desk.home / "index.sqlite").unlink()
    assert len(operations.ls(desk.workspace, parent=run.id, limit=2000)) == 1000
