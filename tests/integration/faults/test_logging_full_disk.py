"""The disk under /outputs, and so under the record, is full: it is said at once, and nothing acknowledged is lost."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from desk import Desk

from orchestrator import operations
from orchestrator.errors import ExitCode

pytestmark = pytest.mark.engine

SIZE = "24m"

FILL = """
import os
def fill(name):
    with open(name, "wb", buffering=0) as ballast:
        try:
            while True:
                ballast.write(b"x" * 65536)
        except OSError:
            pass
"""
"""``fill`` leaves no page of the disk: what still fits goes into the last page of a file that is there."""


@contextlib.contextmanager
def mounted(place: Path, kind: str, options: str) -> Iterator[None]:
    """A file system of the test's own. To mount one takes root, as CI has it."""
    subprocess.run(["mount", "-t", kind, "-o", options, kind, str(place)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


@pytest.fixture
def small(desk: Desk) -> Iterator[Desk]:
    """A desk whose live runs lie on a small disk of their own."""
    with mounted(desk.workspace.live, "tmpfs", f"size={SIZE}"):
        yield desk


@pytest.fixture
def all_small(desk: Desk, tmp_path: Path) -> Iterator[Desk]:
    """A desk whose whole home lies on a small disk, beside what was there before."""
    with mounted(tmp_path, "tmpfs", f"size={SIZE}"):
        for name in ("new", "work", "home"):
            (tmp_path / name).mkdir()
        layers = f"lowerdir={desk.home},upperdir={tmp_path}/new,workdir={tmp_path}/work"
        with mounted(tmp_path / "home", "overlay", layers):
            yield Desk(tmp_path / "home", desk.folder)


def test_a_script_is_told_and_may_go_on(small: Desk):
    script = f"""{FILL}
import json, orchestrator
kept = []
def log(value):
    try:
        orchestrator.log_metric("loss", value, value)
        kept.append(value)
    except OSError as error:
        return type(error).__name__
for value in range(1000):
    log(value)
fill("/outputs/ballast")
refused = [log(value) for value in range(1000, 3000)]
assert refused[0] is None and refused[-1] == "OSError", refused  # what is left of a page, then nothing
os.unlink("/outputs/ballast")
for value in range(3000, 3010):
    assert log(value) is None
print(json.dumps(kept))
"""
    run, streams = small.seen(script)
    assert run.status == "finished", streams["stderr"].decode()
    kept = [int(word) for word in streams["stdout"].strip(b"[]\n").split(b",")]
    assert (kept[:1000], kept[-10:]) == (list(range(1000)), list(range(3000, 3010)))
    assert list(small.show(run).metrics["loss"]) == [(value, float(value)) for value in kept]
    assert run.facts.notes == ("1 damaged events were skipped",)


def test_what_other_processes_append_to_a_line_that_was_cut_short_is_there(small: Desk):
    """They know nothing of it, and do not begin a new line."""
    script = f"""{FILL}
import orchestrator, subprocess
orchestrator.log_metric("loss", 0, 0)
fill("/outputs/ballast")
step = 1
while True:
    try:
        orchestrator.log_metric("loss", step, step)
    except OSError:
        break
    step += 1
os.unlink("/outputs/ballast")
subprocess.run(["orchestrator-log", "metric", "other", "0.5"], check=True)
print(step)
"""
    run, streams = small.seen(script)
    metrics = small.show(run).metrics
    assert (len(metrics["loss"]), list(metrics["other"])) == (int(streams["stdout"]), [(0, 0.5)])
    assert run.facts.notes == ("1 damaged events were skipped",)


def test_the_record_of_a_run_on_a_disk_that_stays_full(small: Desk):
    """The agent has room for its exit record from the beginning."""
    script = f"""{FILL}
import orchestrator, sys
for step in range(1000):
    orchestrator.log_metric("loss", step, step)
print("before", flush=True)
fill("/outputs/ballast")
for number in range(20000):
    print("line", number)
orchestrator.log_artifact("job.py", "not/kept.py")
"""
    run = small.submit(script)
    shown = small.show(run)
    assert (run.status, shown.outcome.exit_code) == ("failed", 1)
    assert len(shown.metrics["loss"]) == 1000
    assert small.blob(run.facts.stdout).startswith(b"before\n")
    (note,) = run.facts.notes
    assert note.endswith(" bytes of console output could not be written")
    assert set(shown.artifacts.files) == {"outputs/ballast"}
    assert run.facts.started is not None


MLFLOW = f"""{FILL}
from say_to_mlflow import Client
client = Client()
"""


def test_an_mlflow_script_is_refused_at_once(small: Desk):
    script = f"""{MLFLOW}
run = client.run("main")
for step in range(1000):
    client.log(run, "loss", step, step)
client.put(run, "model.bin", b"weights")
fill("/outputs/ballast")
step = 1000
while True:
    status, answer = client.call("runs/log-metric", run_id=run, key="loss", value=step, step=step, timestamp=1)
    if status != 200:
        break
    step += 1
assert (status, answer["error_code"]) == (400, "INTERNAL_ERROR"), answer
assert "this was not recorded" in answer["message"], answer
for call in ({{"params": [{{"key": "lr", "value": "x" * 5000}}]}}, {{"tags": [{{"key": "t", "value": "x" * 5000}}]}}):
    status, answer = client.call("runs/log-batch", run_id=run, **call)
    assert status == 400 and "No space left on device" in answer["message"], answer
for path in ("big.bin", "deep/er/small.bin"):
    status, answer = client.put(run, path, b"x" * 100_000)
    assert status == 400 and b"No space left on device" in answer, answer
os.unlink("/outputs/ballast")
print(step, flush=True)
os._exit(3)
"""
    run, streams = small.seen(script)
    shown = small.show(run)
    assert (run.status, shown.outcome.exit_code) == ("failed", 3), streams["stderr"].decode()
    count = int(streams["stdout"])
    assert count >= 1000
    assert list(shown.metrics["loss"]) == [(step, float(step)) for step in range(count)]
    assert small.artifacts(run)["mlflow/model.bin"] == b"weights"
    assert run.facts.notes == ("1 damaged events were skipped",)


def test_a_disk_that_is_full_before_the_first_call(small: Desk):
    script = f"""{MLFLOW}
fill("/outputs/ballast")
statuses = [client.call("runs/create", experiment_id="0", run_name="main")[0] for _ in range(3)]
assert statuses == [400] * 3, statuses
os.unlink("/outputs/ballast")
run = client.run("main")
client.log(run, "loss", 0.5)
client.end(run)
"""
    run, streams = small.seen(script)
    assert run.status == "finished", streams["stderr"].decode()
    assert list(small.show(run).metrics["loss"]) == [(0, 0.5)]
    assert small.show(run).children == ()
    assert [row.id for row in operations.ls(small.workspace)] == [run.id]


def test_where_nothing_can_be_recorded_the_next_command_does_that_once_there_is_room(all_small: Desk):
    """The job's files are not copied for it: there is room for the rest of the record alone."""
    script = f"""{FILL}
import orchestrator
for step in range(1000):
    orchestrator.log_metric("loss", step, step)
fill("/outputs/ballast")
"""
    all_small.write(script)
    assert all_small.cli("ls").returncode == 0  # the index is there, as it is in any home but a new one
    something = all_small.home / "something"
    something.write_bytes(b"x" * (2 << 20))
    done = all_small.cli("submit")
    assert done.returncode == ExitCode.ENGINE
    assert b"No space left on device\nnext: make room: the next command records what has run" in done.stderr
    done = all_small.cli("ls")
    assert (done.returncode, b"running" in done.stdout) == (0, True), done.stderr.decode()
    assert b"cannot be taken up yet: [Errno 28] No space left on device" in done.stderr
    something.unlink()
    (row,) = operations.ls(all_small.workspace)
    (run,) = all_small.recorded()
    assert (row.id, run.status, run.facts.notes) == (run.id, "finished", ())
    shown = all_small.show(run)
    assert len(shown.metrics["loss"]) == 1000
    assert shown.artifacts.files["outputs/ballast"].size > 10 << 20
