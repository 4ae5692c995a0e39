"""What a run left becomes an outcome and facts: which files count, and what is said of the rest."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator.agent import wire
from orchestrator.digest import Digest
from orchestrator.execution.live import secrets_folder
from orchestrator.metrics import decode
from orchestrator.store.tree import FileEntry, FolderEntry, LinkEntry

CODE = {
    "same.txt": b"same",
    "changed.txt": b"before",
    "gone.txt": b"gone",
    "mode.sh": b"#!/bin/sh",
    "swapped": b"a file",
    "link": LinkEntry(path="link", target="same.txt"),
    "relinked": LinkEntry(path="relinked", target="same.txt"),
    "empty": FolderEntry(path="empty"),
    "emptied/file": b"x",
}


def test_what_is_new_or_different_is_an_artifact(ran, bench):
    def work(run):
        (run.workspace / "changed.txt").write_bytes(b"after")
        (run.workspace / "gone.txt").unlink()
        (run.workspace / "new.txt").write_bytes(b"new")
        (run.workspace / "mode.sh").chmod(0o755)
        (run.workspace / "swapped").unlink()
        (run.workspace / "swapped").symlink_to("/etc/passwd")
        (run.workspace / "relinked").unlink()
        (run.workspace / "relinked").symlink_to("changed.txt")
        (run.workspace / "emptied" / "file").unlink()
        (run.workspace / "same.txt").touch()
        (run.outputs / "deep" / "er").mkdir(parents=True)
        (run.outputs / "deep" / "er" / "model").write_bytes(b"weights")
        (run.outputs / "none").mkdir()

    plan, run = ran(work, code=CODE)
    found = bench.artifacts(bench.collect(plan, run))
    assert found == {
        "outputs/deep/er/model": FileEntry(
            path="outputs/deep/er/model", digest=Digest.of(b"weights"), size=7, executable=False
        ),
        "outputs/none": FolderEntry(path="outputs/none"),
        "workspace/changed.txt": FileEntry(path="workspace/changed.txt", digest=Digest.of(b"after"), size=5),
        "workspace/emptied": FolderEntry(path="workspace/emptied"),
        "workspace/mode.sh": FileEntry(
            path="workspace/mode.sh", digest=Digest.of(b"#!/bin/sh"), size=9, executable=True
        ),
        "workspace/new.txt": FileEntry(path="workspace/new.txt", digest=Digest.of(b"new"), size=3),
        "workspace/relinked": LinkEntry(path="workspace/relinked", target="changed.txt"),
        "workspace/swapped": LinkEntry(path="workspace/swapped", target="/etc/passwd"),
    }
    assert bench.blobs.get(Digest.of(b"weights")).read() == b"weights"


def test_nothing_done_is_no_artifact(ran, bench):
    plan, run = ran(lambda run: None, code=CODE)
    assert bench.artifacts(bench.collect(plan, run)) == {}


def test_what_cannot_be_kept_is_left_out_and_named(ran, bench):
    def work(run):
        os.mkfifo(run.outputs / "pipe")
        (run.outputs / os.fsdecode(b"bad-\xff")).write_bytes(b"x")
        (run.outputs / "to-nowhere").symlink_to(os.fsdecode(b"\xfe"))
        (run.outputs / os.fsdecode(b"folder-\xff")).mkdir()
        (run.outputs / os.fsdecode(b"folder-\xff") / "inside").write_bytes(b"x")
        (run.outputs / "kept").write_bytes(b"kept")

    plan, run = ran(work)
    done = bench.collect(plan, run)
    assert set(bench.artifacts(done)) == {"outputs/kept"}
    assert sorted(done.facts.notes) == [
        "left out outputs/'bad-\\udcff': its name is not UTF-8",
        "left out outputs/'folder-\\udcff': its name is not UTF-8",
        "left out outputs/'pipe': neither file, folder nor symbolic link",
        "left out outputs/'to-nowhere': its name is not UTF-8",
    ]
    assert done.status == "finished"


def test_there_are_only_so_many_notes(ran, bench):
    def work(run):
        for number in range(60):
            os.mkfifo(run.outputs / f"pipe{number}")

    plan, run = ran(work)
    notes = bench.collect(plan, run).facts.notes
    assert (len(notes), notes[-1]) == (51, "and 10 more")


def test_excluded_files_and_caches_do_not_count(ran, bench):
    def work(run):
        for name in ("a.tmp", "keep.tmp", "x.pyc", "model.bin"):
            (run.outputs / name).write_bytes(b"x")
        for folder in ("__pycache__", ".ipynb_checkpoints", "logs"):
            (run.workspace / folder).mkdir()
            (run.workspace / folder / "x").write_bytes(b"x")

    plan, run = ran(work, exclude=("*.tmp", "!keep.tmp", "logs/"))
    done = bench.collect(plan, run)
    assert set(bench.artifacts(done)) == {"outputs/keep.tmp", "outputs/model.bin"}
    assert done.facts.notes == ()


@pytest.fixture
def bench_of_anyone(new_bench) -> Iterator:
    """Where every user gets to: pytest's own folders are closed."""
    with tempfile.TemporaryDirectory() as name:
        yield new_bench(Path(name))


@pytest.mark.skipif(os.geteuid() != 0, reason="others run every test as such a user")
def test_what_a_job_made_unreadable_is_left_out_and_named(bench_of_anyone):
    """As a host user who is not root: a job may have taken its own rights away."""
    bench = bench_of_anyone
    plan = bench.plan(code={"job.py": b"pass"})
    for folder, _, files in os.walk(bench.folder):
        for path in (folder, *(os.path.join(folder, name) for name in files)):
            os.chown(path, 65534, 65534)
    os.seteuid(65534)
    try:
        run = bench.begin(plan)
        (run.outputs / "kept").write_bytes(b"kept")
        (run.outputs / "file").write_bytes(b"x")
        (run.outputs / "file").chmod(0)
        (run.outputs / "folder").mkdir()
        (run.outputs / "folder" / "inside").write_bytes(b"x")
        (run.outputs / "folder").chmod(0)
        bench.end(run)
        done = bench.collect(plan, run)
        run.remove()
    finally:
        os.seteuid(0)
    assert set(bench.artifacts(done)) == {"outputs/kept"}
    assert sorted(done.facts.notes) == [
        "left out outputs/'file': not readable",
        "left out outputs/'folder/': not readable",
    ]
    assert not run.folder.exists()


def test_events_become_metrics_and_params(ran, bench):
    def work(run):
        (run.record / wire.EVENTS).write_bytes(
            b'["m",1,"loss",1,0.5]\n["p",2,"lr",0.2]\n["m",3,"loss",0,"nan"]\n["m",4,"loss",1,0.25]\n'
            b'["m",5,"lo\n["p",6,"name","x"]\n\n["q",7,"x",1]\n["m",8,"\\ud800",0,1]\n["m",9,"cut",0'
        )

    plan, run = ran(work)
    done = bench.collect(plan, run)
    outcome = bench.outcome(done)
    assert outcome.params == {"lr": 0.2, "name": "x"}
    table = decode(bench.blobs.get(outcome.metrics).read())
    assert [(step, repr(value)) for step, value in table["loss"]] == [(0, "nan"), (1, "0.5"), (1, "0.25")]
    assert list(table) == ["loss"]
    assert done.facts.notes == ("4 damaged events were skipped",)


def test_without_an_exit_record_there_is_no_outcome(bench):
    plan = bench.plan()
    run = bench.begin(plan)
    done = bench.collect(plan, run)
    assert (done.status, done.outcome) == ("lost", None)
    assert done.facts.notes == ("the container was never started",)
    assert done.facts.ended == "2026-11-23T00:00:01.000Z"
    bench.end(run)
    (run.record / wire.EXIT).unlink()
    done = bench.collect(plan, run)
    assert done.facts.notes == ("the container ended without an exit record",)
    assert done.facts.environment["python"] == "3.11"


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "{}", '{"code": "0"}', '{"code": 0}', "[" * 100_000, '{"code": 1e400}'],
)
def test_an_exit_record_that_is_none_is_none(bench, text):
    plan = bench.plan()
    run = bench.begin(plan)
    bench.end(run)
    (run.record / wire.EXIT).write_text(text)
    assert bench.collect(plan, run).status == "lost"


@pytest.mark.parametrize(
    "text", ['{"time": 1e300}', '{"time": -1}', '{"time": 1, "pid": 1, "environment": {"x": "\\ud800"}}', "null"]
)
def test_a_start_record_that_is_none_spoils_nothing(bench, text):
    plan = bench.plan()
    run = bench.begin(plan)
    bench.end(run)
    (run.record / wire.STARTED).write_text(text)
    done = bench.collect(plan, run)
    assert (done.status, done.facts.started) == ("finished", None)
    assert done.to_bytes()


@pytest.mark.parametrize(
    ("ended", "status", "note"),
    [
        ({"code": 0}, "finished", None),
        ({"code": 1}, "failed", None),
        ({"code": 137, "signal": 9, "oom_kills": 2}, "failed", "the kernel killed 2 of the job's processes"),
        ({"code": 143, "stopped_by": [15]}, "killed", "stopped from outside by signal 15"),
        ({"code": 0, "stopped_by": [2, 15]}, "killed", "stopped from outside by signal 2"),
        ({"code": 143, "timed_out": True}, "killed", "resources.timeout was reached"),
        ({"console_bytes_lost": 7}, "finished", "7 bytes of console output could not be written"),
        ({"of_a_later_agent": 1}, "finished", None),
    ],
)
def test_how_it_ended_is_said(bench, ended, status, note):
    plan = bench.plan()
    run = bench.begin(plan)
    bench.end(run, **ended)
    done = bench.collect(plan, run)
    assert done.status == status
    assert len(done.facts.notes) == (note is not None)
    assert note is None or note in done.facts.notes[0]
    assert bench.outcome(done).exit_code == ended.get("code", 0)


def test_streams_are_kept_as_they_are_and_links_are_not_followed(ran, bench, tmp_path: Path):
    (tmp_path / "private").write_bytes(b"of the host")

    def work(run):
        (run.record / wire.STDOUT).write_bytes(b"\xff\x00")
        (run.record / wire.STDERR).symlink_to(tmp_path / "private")
        os.mkfifo(run.record / wire.CONSOLE)
        (run.record / wire.EVENTS).symlink_to(tmp_path / "private")

    plan, run = ran(work)
    done = bench.collect(plan, run)
    assert done.facts.stdout is not None
    assert bench.blobs.get(done.facts.stdout).read() == b"\xff\x00"
    assert (done.facts.stderr, done.facts.console, done.facts.events) == (None, None, None)
    assert not bench.blobs.has(Digest.of(b"of the host"))


def test_without_the_values_of_its_secrets_nothing_of_a_run_is_kept(bench):
    """The machine was started anew: nobody can say what of it may be recorded, not even by another value."""
    plan = bench.plan(secrets={"TOKEN": "env:HOME"})
    run = bench.begin(plan, secrets={"TOKEN": b"canary-of-before"})
    (run.outputs / "leak.txt").write_bytes(b"canary-of-before")
    bench.end(run)
    shutil.rmtree(secrets_folder(run.request.id).parent)
    found = bench.collect(plan, run)
    assert (found.status, found.outcome, found.facts.partial, found.facts.stdout) == ("lost", None, None, None)
    assert "nothing that it wrote is kept" in found.facts.notes[0]
