"""The server where the record cannot be written: it says so at once, with an answer that no client retries."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tracking import API, ARTIFACTS, Tracking, serving

from orchestrator.agent import wire
from orchestrator.agent.append import Appender
from orchestrator.execution import events, notes


@contextlib.contextmanager
def no_file_beyond(size: int) -> Iterator[None]:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def refusal(answer: tuple[int, bytes]) -> str:
    status, body = answer
    said = json.loads(body)
    assert (status, said["error_code"]) == (400, "INTERNAL_ERROR")
    return said["message"]


@pytest.fixture
def blocked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tracking]:
    """A server whose folder cannot be made: a file stands there."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", wire.TRACKING_URI)
    (tmp_path / "record").mkdir()
    (tmp_path / "record" / wire.MLFLOW).touch()
    with serving(tmp_path / "record") as server:
        yield server


def test_a_server_that_cannot_be_made_refuses_and_is_made_once_it_can(blocked):
    for _ in range(2):
        assert "nothing can be recorded: File exists" in refusal(blocked.request("POST", API + "runs/create", b"{}"))
    assert refusal(blocked.request("PUT", f"{ARTIFACTS}/0/big", b"x" * (3 << 20)))  # read to its end, and forgotten
    (blocked.record / wire.MLFLOW).unlink()
    run = blocked.new_run()
    blocked.post("runs/log-metric", run_id=run, key="loss", value=1, timestamp=1)
    assert list(events.read(blocked.record).of(1).metrics["loss"]) == [(0, 1.0)]


@pytest.mark.parametrize("name", [wire.EVENTS, wire.MLFLOW_NOTES])
def test_a_pipe_in_a_files_place_holds_nobody_up(tmp_path, monkeypatch, name):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", wire.TRACKING_URI)
    (tmp_path / wire.MLFLOW).mkdir()
    os.mkfifo(tmp_path / name)
    with serving(tmp_path) as server:
        assert refusal(server.request("POST", API + "runs/create", b"{}"))
        (tmp_path / name).unlink()
        assert server.new_run()


def test_an_appender_follows_no_link(tmp_path):
    (tmp_path / "host").write_text("kept")
    (tmp_path / "link").symlink_to(tmp_path / "host")
    with pytest.raises(OSError):
        Appender(str(tmp_path / "link"))
    assert (tmp_path / "host").read_text() == "kept"


def test_an_upload_that_cannot_begin_or_end_is_refused(tracking):
    tracking.post("experiments/search")
    folder = tracking.record / wire.MLFLOW
    shutil.rmtree(folder / "uploads")
    assert "not kept: No such file" in refusal(tracking.request("PUT", f"{ARTIFACTS}/0/a", b"x"))
    (folder / "uploads").mkdir()
    assert tracking.request("PUT", f"{ARTIFACTS}/0/a", b"x") == (200, b"{}")
    assert "not kept: " in refusal(tracking.request("PUT", f"{ARTIFACTS}/0/a/b", b"x"))
    assert list((folder / "uploads").iterdir()) == []


def test_a_refused_upload_is_not_held_in_memory(tracking):
    tracking.post("experiments/search")
    body = (b"x" * (1 << 20) for _ in range(100))  # more than a document may have
    status, answer = tracking.request("PUT", f"{ARTIFACTS}/0/../a", body)
    assert (status, json.loads(answer)["message"]) == (400, "Invalid path")


def test_a_run_that_could_not_be_recorded_is_none(tracking):
    """Else the run that the script creates next would be one of two, and neither of them the run itself."""
    tracking.post("experiments/search")
    size = (tracking.record / wire.EVENTS).stat().st_size
    for room in (size, size + 200):  # no room for its tags, then none for its note
        with no_file_beyond(room):
            assert "was not recorded" in refusal(tracking.request("POST", API + "runs/create", b'{"run_name": "a"}'))
    tracking.new_run(run_name="a")
    told = tracking.post("runs/search", experiment_ids=["0"])["runs"]
    assert [run["info"]["run_name"] for run in told] == ["a"]
    found = notes.read(tracking.record)
    assert ([run.run_name for run in found.runs.values()], found.damaged) == (["a"], 1)
