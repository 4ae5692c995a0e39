"""Jobs that spoil what they log: garbage, links and pipes in their record folder. The run is recorded, and says so."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from desk import Desk

from orchestrator import operations
from orchestrator.digest import Digest

pytestmark = pytest.mark.engine

BEGIN = """
import os, shutil, orchestrator
from say_to_mlflow import Client
record = "/run/orchestrator/"
client = Client()
run = client.run("main")
fold = client.run("fold", parent=run)
orchestrator.log_metric("own", 1.0)
client.log(run, "loss", 0.5)
client.log(fold, "loss", 0.25)
client.put(run, "model.bin", b"weights")
"""
"""A run, a run within it, a point in each and one of the job's own, a file."""
PUT_ELSEWHERE = "left out {} of the record: something else was put in its place"


def logged(desk: Desk) -> dict[str, dict[str, list[float]]]:
    """Of the one run and those within it, by name: the values of each metric."""
    runs = [run for run in desk.recorded() if run.origin.kind == "submit"]
    return {
        run.name: {name: [value for _, value in series] for name, series in desk.show(run).metrics.items()}
        for run in runs
    }


def test_garbage_among_its_events(desk: Desk):
    script = f"""{BEGIN}
with open(record + "events.jsonl", "ab") as events:
    events.write(b"\\xff\\0garbage\\n[[[\\n" + b"[" * 50_000 + b'\\n["m",1,"x",0]\\n["m",1,"\\\\ud800",0,1.0]\\n')
    events.write(b"no newline in five megabytes" * 190_000)
for step in range(1000):
    orchestrator.log_metric("own", step, step + 1)
    client.log(run, "loss", step, step + 1)
"""
    run = desk.submit(script)
    assert run.status == "finished"
    found = logged(desk)
    assert found["test"] == {"own": [1.0, *range(1000)], "loss": [0.5, *range(1000)]}
    assert found["fold"] == {"loss": [0.25]}
    (note,) = run.facts.notes
    assert note.endswith(" damaged events were skipped")
    assert operations.replay(desk.workspace, run.id).verdict.answer == "identical"


@pytest.mark.parametrize("garbage", [b"\xff\0 [[[ \n" * 1000, b'["run","1",{"run_id":5}]\n', b"x" * (5 << 20)])
def test_garbage_in_the_place_of_its_notes(desk: Desk, garbage):
    """What was logged into its runs is there; which of them the run itself is, nobody can say any more."""
    script = f"""{BEGIN}
with open(record + "mlflow/notes.jsonl", "wb") as notes:
    notes.write({garbage!r})
client.log(run, "loss", 0.75, 1)
"""
    run = desk.submit(script)
    assert run.status == "finished"
    assert logged(desk) == {"test": {"own": [1.0]}, "main": {"loss": [0.5, 0.75]}, "fold": {"loss": [0.25]}}
    assert [child.status for child in desk.show(run).children] == ["lost", "lost"]
    (note,) = run.facts.notes
    assert note.endswith(" damaged notes of MLflow runs and models were skipped")
    files = desk.artifacts(run)
    assert list(files.values()) == [b"weights"]


@pytest.mark.parametrize(
    "make", ["os.symlink('/etc/passwd', {0})", "os.symlink('/no/such', {0})", "os.mkfifo({0})", "os.mkdir({0})"]
)
@pytest.mark.parametrize("name", ["events.jsonl", "mlflow/notes.jsonl", "stdout", "system.jsonl"])
def test_a_link_a_pipe_or_a_folder_in_a_files_place(desk: Desk, name, make):
    path = f"/run/orchestrator/{name}"
    run = desk.submit(f"{BEGIN}\nos.unlink({path!r})\n{make.format(repr(path))}\n")
    assert (run.status, run.facts.notes) == ("finished", (PUT_ELSEWHERE.format(name),))
    kept = [content for one in desk.recorded() for content in desk.artifacts(one).values()]
    assert kept == [b"weights"]  # without its events nothing tells which run was nested in which


def kept_of_host(desk: Desk, before: set[Digest]) -> list[str]:
    """The files in /etc of this host that have come into the store."""
    new = {*desk.workspace.blobs.list()} - before - {Digest.of(b"")}
    files = [file for file in Path("/etc").iterdir() if file.is_file()]
    assert len(files) > 10
    return [str(file) for file in files if Digest.of(file.read_bytes()) in new]


@pytest.mark.parametrize(
    ("place", "target", "left_out"),
    [
        ("mlflow/artifacts", "/etc", "mlflow/artifacts"),
        ("mlflow/artifacts", "/", "mlflow/artifacts"),
        ("mlflow", "/", "mlflow"),
        ("mlflow", "/etc", "mlflow"),
        ("mlflow", "..", "mlflow"),
    ],
)
def test_a_link_in_the_place_of_its_folders_leads_nowhere(desk: Desk, place, target, left_out):
    before = {*desk.workspace.blobs.list()}
    script = f"""{BEGIN}
shutil.rmtree(record + {place!r})
os.symlink({target!r}, record + {place!r})
status, answer = client.put(run, "later.bin", b"weights")
assert status == 400, answer
client.log(run, "loss", 0.75, 1)
"""
    run = desk.submit(script)
    assert (run.status, run.facts.notes) == ("finished", (PUT_ELSEWHERE.format(left_out),))
    assert logged(desk)["fold"] == {"loss": [0.25]}
    assert desk.artifacts(run) == {}
    assert kept_of_host(desk, before) == []


def test_links_and_pipes_among_its_logged_files(desk: Desk):
    before = {*desk.workspace.blobs.list()}
    script = f"""{BEGIN}
folder = record + f"mlflow/artifacts/0/{{run}}/artifacts/"
os.symlink("/etc", folder + "etc")
os.symlink("/etc/passwd", folder + "passwd")
os.mkfifo(folder + "pipe")
"""
    run = desk.submit(script)
    assert run.status == "finished"
    (note,) = run.facts.notes
    assert note.endswith("/artifacts/pipe': neither file, folder nor symbolic link")
    kinds = {entry.path: entry.kind for entry in desk.show(run).artifacts.entries}
    assert kinds == {"mlflow/etc": "link", "mlflow/passwd": "link", "mlflow/model.bin": "file"}
    assert kept_of_host(desk, before) == []


def test_notes_of_the_host_are_not_taken_for_its_own(desk: Desk, tmp_path: Path):
    note = ["run", "1", {"run_id": "r", "run_name": "of the host", "status": "FINISHED"}]
    (tmp_path / "notes.jsonl").write_text(json.dumps(note) + "\n")
    (tmp_path / "artifacts").mkdir()
    (tmp_path / "artifacts" / "secret").write_bytes(b"of the host")
    script = f"{BEGIN}\nshutil.rmtree(record + 'mlflow')\nos.symlink({str(tmp_path)!r}, record + 'mlflow')\n"
    run = desk.submit(script)
    assert (run.status, run.facts.notes) == ("finished", (PUT_ELSEWHERE.format("mlflow"),))
    assert "of the host" not in logged(desk)
    assert not desk.workspace.blobs.has(Digest.of(b"of the host"))


def test_a_folder_that_is_replaced_before_the_first_call(desk: Desk):
    """The agent refuses, and lives."""
    script = """
import os, orchestrator
from say_to_mlflow import Client
os.symlink("/", "/run/orchestrator/mlflow")
orchestrator.log_metric("own", 1.0)
client = Client()
assert [client.call("runs/create", experiment_id="0")[0] for _ in range(3)] == [400] * 3
"""
    run = desk.submit(script)
    assert (run.status, run.facts.notes) == ("finished", (PUT_ELSEWHERE.format("mlflow"),))
    assert logged(desk) == {"test": {"own": [1.0]}}


def test_two_files_that_would_be_kept_in_one_place(desk: Desk):
    """A client can upload to whatever experiment it names."""
    script = f"""{BEGIN}
for path, content in (("7/%s/artifacts/model.bin", b"a"), ("8/%s/artifacts/model.bin/x", b"b"), ("stray", b"c")):
    path = "/api/2.0/mlflow-artifacts/artifacts/" + (path % run if "%" in path else path)
    assert client.request("PUT", path, content)[0] == 200
"""
    run = desk.submit(script)
    assert (run.status, run.facts.notes) == ("finished", ())
    files = desk.artifacts(run)
    assert files["mlflow/model.bin"] == b"weights"
    assert sorted(files.values()) == [b"a", b"b", b"c", b"weights"]
    assert all(path.startswith("mlflow-artifacts/") for path in files if path != "mlflow/model.bin")


@pytest.mark.parametrize("make", ["os.mkfifo", "lambda path: os.symlink('/etc/passwd', path)"])
def test_a_pipe_or_a_link_where_the_exit_record_is_written(desk: Desk, make):
    script = f"{BEGIN}\npath = record + 'exit.json.part'\nos.unlink(path)\n({make})(path)\n"
    run = desk.submit(script)
    assert (run.status, run.facts.notes) == ("finished", ())
    assert logged(desk)["test"] == {"own": [1.0], "loss": [0.5]}


def test_a_folder_where_the_exit_record_is_written_means_lost(desk: Desk):
    run = desk.submit(f"{BEGIN}\npath = record + 'exit.json.part'\nos.unlink(path)\nos.mkdir(path)\n")
    assert (run.status, run.facts.notes) == ("lost", ("the container ended without an exit record",))
    assert logged(desk)["test"] == {"own": [1.0], "loss": [0.5]}
    assert os.listdir(desk.workspace.live) == []
