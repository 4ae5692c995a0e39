"""What the MLflow server noted, read back: the last note counts, and what a job wrote there itself harms nothing."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.agent import wire
from orchestrator.execution import notes
from orchestrator.execution.events import Events, Logged
from orchestrator.execution.notes import Notes
from orchestrator.metrics import Series

RUN = {"run_id": "r", "run_name": "a", "status": "RUNNING", "start_time": 5, "artifact_uri": "u"}
MODEL = {"model_id": "m-1", "name": "net", "source_run_id": "r", "artifact_uri": "u"}
VERSION = {"name": "best", "version": "1", "location": "u"}


def line(kind: object, name: object, value: object) -> bytes:
    return json.dumps([kind, name, value]).encode() + b"\n"


@pytest.fixture
def read(tmp_path: Path):
    (tmp_path / wire.MLFLOW).mkdir()

    def read(*lines: bytes) -> Notes:
        (tmp_path / wire.MLFLOW_NOTES).write_bytes(b"".join(lines))
        return notes.read(tmp_path)

    return read


def test_the_last_note_of_each_name_counts_in_the_order_they_first_came(read):
    done = {**RUN, "status": "FINISHED", "end_time": 9, "of_a_later_agent": 1, "datasets": [{"dataset": {}}]}
    found = read(
        line("run", "2", RUN), line("run", "1", {**RUN, "run_id": "s"}), line("run", "2", done),
        line("model", "m-1", MODEL), line("version", "best/1", VERSION), line("model", "m-1", {**MODEL, "name": "x"}),
    )  # fmt: skip
    assert list(found.runs) == [2, 1]
    assert (found.runs[2].status, found.runs[2].end_time, found.numbers()) == ("FINISHED", 9, {"r": 2, "s": 1})
    assert ([one.name for one in found.models], [one.name for one in found.versions]) == (["x"], ["best"])
    assert found.about() == []


def test_notes_of_a_kind_that_is_not_read_are_no_damage(read):
    assert read(line("experiment", "1", {"name": "wine"}), line("of-a-later-agent", "x", 1)).about() == []


@pytest.mark.parametrize(
    "bad",
    [
        b"\xff\x00\n", b"null\n", b"[]\n", b"5\n", b"{\n", b"[" * 100_000 + b"\n", b"x" * 100_000 + b"\n",
        line("run", 1, RUN), line(["run"], "1", RUN), line("run", "x", RUN), line("run", "0", RUN),
        line("run", "01", RUN), line("run", "\u00b2", RUN), line("run", "9" * 5000, RUN), line("run", "1", [RUN]),
        line("run", "1", {}), line("run", "1", {**RUN, "run_id": 5}), line("run", "1", {**RUN, "start_time": -1}),
        line("run", "1", {**RUN, "end_time": 2**62}), line("run", "1", {**RUN, "datasets": [1]}),
        line("run", "1", {**RUN, "run_name": "\ud800"}), line("run", "1", {**RUN, "datasets": [{"a": "\udfff"}]}),
        b'["run","1",{"run_id":"r","status":"x","run_name":"\xed\xa0\x80"}]\n',
        line("model", "m", {**MODEL, "name": None}), line("version", "v", {**VERSION, "version": 1}),
    ],
)  # fmt: skip
def test_what_is_no_note_is_counted_and_costs_no_other(read, bad):
    found = read(line("run", "3", RUN), bad, line("model", "m-1", MODEL))
    assert (list(found.runs), len(found.models)) == ([3], 1)
    assert found.about() == ["1 damaged notes of MLflow runs and models were skipped"]


def test_no_file_is_no_note(tmp_path):
    assert notes.read(tmp_path) == Notes()


def test_no_link_is_followed_on_the_way_and_no_pipe_waited_for(tmp_path):
    host = tmp_path / "host"
    host.mkdir()
    (host / "notes.jsonl").write_bytes(line("run", "1", RUN))
    for number, make in enumerate(
        (
            lambda mlflow: mlflow.symlink_to(host),
            lambda mlflow: (mlflow.mkdir(), (mlflow / "notes.jsonl").symlink_to(host / "notes.jsonl")),
            lambda mlflow: (mlflow.mkdir(), os.mkfifo(mlflow / "notes.jsonl")),
            lambda mlflow: mlflow.write_text("a file"),
        )
    ):
        record = tmp_path / str(number)
        record.mkdir()
        make(record / wire.MLFLOW)
        assert notes.read(record) == Notes()


def test_runs_that_are_too_many_are_counted(read):
    found = read(*(line("run", str(number), RUN) for number in range(1, notes.MAX_RUNS + 4)))
    assert len(found.runs) == notes.MAX_RUNS
    assert found.about() == ["3 MLflow runs beyond 10000 were left out"]
    more = Events({notes.MAX_RUNS + 1: Logged({"x": Series.of([(0, 1.0)])}), 20_000: Logged(params={"a": 1})}, 0)
    assert notes.complete(found, more).about() == ["4 MLflow runs beyond 10000 were left out"]


def test_a_run_whose_note_is_lost_is_there_by_what_was_logged_into_it():
    noted = Notes(runs={1: notes.NotedRun.model_validate(RUN)})
    points = {"x": Series.of([(0, 1.0)])}
    logged = {0: Logged(points), 1: Logged(points), 2: Logged(points, tags={"mlflow.runName": "b"}), 3: Logged()}
    events = Events({**logged, 4: Logged(tags={"a": "b"}), 5: Logged(params={"lr": 0.1})}, 0)
    found = notes.complete(noted, events)
    assert [(number, run.run_name) for number, run in found.runs.items()] == [(1, "a"), (2, "b"), (5, "run-5")]
    assert list(noted.runs) == [1]


@given(st.binary(max_size=300))
def test_any_bytes_are_read(tmp_path_factory, data):
    record = tmp_path_factory.mktemp("notes")
    (record / wire.MLFLOW).mkdir()
    (record / wire.MLFLOW_NOTES).write_bytes(data)
    assert notes.read(record).damaged <= data.count(b"\n") + 1
