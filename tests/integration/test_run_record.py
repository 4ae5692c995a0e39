"""What is recorded of a run: console, artifacts, what it logged; and that secrets are not."""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path

import pytest
from desk import Desk

from orchestrator import operations
from orchestrator.errors import UsageError

pytestmark = pytest.mark.engine


def test_a_lot_of_console_comes_through_whole(desk: Desk):
    script = """
import sys
line = b"%07d" + b"x" * 92 + b"\\n"
for number in range(50_000):
    (sys.stdout if number % 5 else sys.stderr).buffer.write(line % number)
"""
    done, streams = desk.seen(script)
    lines = [b"%07d" % number + b"x" * 92 + b"\n" for number in range(50_000)]
    expected = {
        "stdout": b"".join(line for number, line in enumerate(lines) if number % 5),
        "stderr": b"".join(line for number, line in enumerate(lines) if not number % 5),
    }
    assert streams == expected
    assert desk.blob(done.facts.stdout) == expected["stdout"]
    assert desk.blob(done.facts.stderr) == expected["stderr"]


def test_console_bytes_stay_as_they_are(desk: Desk):
    everything = bytes(range(256))
    script = "import os\nfor _ in range(3):\n    os.write(1, bytes(range(256))); os.write(2, b'\\xff\\n')"
    done, streams = desk.seen(script)
    assert streams == {"stdout": everything * 3, "stderr": b"\xff\n" * 3}
    again = list(operations.logs(desk.workspace, done.id))
    assert b"".join(piece.data for piece in again if piece.stream == "stdout") == everything * 3
    assert b"".join(piece.data for piece in again if piece.stream == "stderr") == b"\xff\n" * 3


def test_the_console_keeps_its_order(desk: Desk):
    script = """
import os, time
for number in range(20):
    os.write(1 + number % 2, b"%d\\n" % number)
    while open("/run/orchestrator/console").read().count("\\n") <= number:
        time.sleep(0.001)  # until the agent has it
"""
    done, _ = desk.seen(script)
    pieces = b"".join(piece.data for piece in operations.logs(desk.workspace, done.id))
    assert pieces.split() == [b"%d" % number for number in range(20)]


ARTIFACTS = """
import os, pathlib
os.makedirs("/outputs/deep/er")
pathlib.Path("/outputs/deep/er/model.bin").write_bytes(b"weights")
pathlib.Path("/outputs/empty").mkdir()
pathlib.Path("/outputs/tool.sh").write_text("#!/bin/sh")
os.chmod("/outputs/tool.sh", 0o755)
os.symlink("/etc/passwd", "/outputs/link")
os.mkfifo("/outputs/pipe")
pathlib.Path(b"/outputs/bad-\\xff".decode("utf-8", "surrogateescape")).write_text("x")
pathlib.Path("/outputs/scratch.tmp").write_text("left out")
pathlib.Path("new.txt").write_text("new")
pathlib.Path("changed.txt").write_text("after")
pathlib.Path("same.txt").write_text("same")
pathlib.Path("gone.txt").unlink()
os.makedirs("__pycache__", exist_ok=True)
pathlib.Path("__pycache__/x.pyc").write_text("cache")
os.chmod("/outputs", 0o000)
"""


def test_what_counts_as_an_artifact(desk: Desk):
    for name in ("changed.txt", "same.txt", "gone.txt"):
        (desk.folder / name).write_text("same" if name == "same.txt" else "before")
    done = desk.submit(ARTIFACTS, artifacts={"exclude": ["*.tmp"]})
    entries = {entry.path: entry.kind for entry in desk.show(done).artifacts.entries}
    assert entries == {
        "outputs/deep/er/model.bin": "file",
        "outputs/empty": "folder",
        "outputs/link": "link",
        "outputs/tool.sh": "file",
        "workspace/changed.txt": "file",
        "workspace/new.txt": "file",
    }
    assert desk.artifacts(done)["outputs/deep/er/model.bin"] == b"weights"
    assert desk.artifacts(done)["workspace/changed.txt"] == b"after"
    assert [path for path, file in desk.show(done).artifacts.files.items() if file.executable] == ["outputs/tool.sh"]
    assert sorted(done.facts.notes) == [
        "left out outputs/'bad-\\udcff': its name is not UTF-8",
        "left out outputs/'pipe': neither file, folder nor symbolic link",
    ]
    assert (desk.folder / "changed.txt").read_text() == "before"


LOGGING = """
import math, orchestrator
orchestrator.log_params({"model": "mlp", "width": 3, "deep": False, "path": "\\udcff"})
orchestrator.log_param("lr", 0.5)
for step in range(3):
    orchestrator.log_metric("loss", 1 / (step + 3))
orchestrator.log_metric("loss", math.nan)
orchestrator.log_metric("odd \\u2028 name", math.inf, step=-4)
assert orchestrator.params() == {"lr": 0.1, "kept": "yes"}
open("report.txt", "w").write("text")
orchestrator.log_artifact("report.txt", "reports/first.txt")
"""


def test_what_it_logs_is_recorded(desk: Desk):
    done = desk.submit(LOGGING, params={"lr": 0.1, "kept": "yes"})
    shown = desk.show(done)
    assert shown.outcome is not None
    assert shown.outcome.params == {
        "lr": 0.5, "kept": "yes", "model": "mlp", "width": 3, "deep": False, "path": "\\udcff",
    }  # fmt: skip
    assert list(shown.metrics["loss"])[:3] == [(0, 1 / 3), (1, 1 / 4), (2, 1 / 5)]
    assert [repr(value) for _, value in shown.metrics["loss"]][3] == "nan"
    assert list(shown.metrics["odd \u2028 name"]) == [(-4, float("inf"))]
    assert desk.artifacts(done)["outputs/reports/first.txt"] == b"text"
    assert (done.status, done.facts.notes) == ("finished", ())


SPOIL = """
import os, shutil
record = "/run/orchestrator"
with open(record + "/events.jsonl", "wb") as events:
    events.write(b'["m",1,"\\\\ud800",0,1]\\n["p",1,"x","\\\\ud800"]\\n["p",1,"y",NaN]\\n[[[\\nhalf')
os.unlink(record + "/started.json")
os.mkfifo(record + "/started.json")
os.unlink(record + "/stderr")
os.symlink("/etc/passwd", record + "/stderr")
print("spoilt")
"""


def test_a_job_that_spoils_its_record_is_recorded_nevertheless(desk: Desk):
    done = desk.submit(SPOIL)
    shown = desk.show(done)
    assert shown.outcome is not None
    assert (done.status, shown.outcome.exit_code) == ("finished", 0)
    assert shown.outcome.params == {"x": "\\ud800", "y": "nan"}
    replaced = "left out stderr of the record: something else was put in its place"
    assert done.facts.notes == ("3 damaged events were skipped", replaced)
    assert (done.facts.stderr, done.facts.started) == (None, None)


@pytest.mark.parametrize("record", ["{}", "[]", "nothing", '{"code": 999}', "FIFO", "FOLDER"])
def test_an_exit_record_that_is_none_means_lost(desk: Desk, record):
    make = {"FIFO": "os.mkfifo(path)", "FOLDER": "os.mkdir(path)"}.get(record, f"open(path, 'w').write({record!r})")
    script = f"import os, time\npath = '/run/orchestrator/exit.json'\n{make}\ntime.sleep(600)"
    done = desk.submit(script)
    assert (done.status, done.outcome) == ("lost", None)
    assert list(desk.workspace.live.iterdir()) == []


def test_secrets_reach_the_job_and_nothing_else(desk: Desk, tmp_path: Path, monkeypatch):
    canaries = [b"canary-of-the-environment-7431", b"canary-of-the-file-9120\n\xff"]
    monkeypatch.setenv("CANARY", canaries[0].decode())
    (tmp_path / "token").write_bytes(canaries[1])
    script = """
import hashlib, os
for name in sorted(os.listdir("/run/secrets")):
    data = open("/run/secrets/" + name, "rb").read()
    print(name, hashlib.sha256(data).hexdigest(), oct(os.stat("/run/secrets/" + name).st_mode & 0o077))
assert not any("canary" in value for value in os.environ.values())
"""
    images = set(desk.home.rglob("*"))
    done, streams = desk.seen(script, secrets={"ONE": "env:CANARY", "TWO": f"file:{tmp_path / 'token'}"})

    assert streams["stdout"].decode().split() == [
        "ONE", sha256(canaries[0]).hexdigest(), "0o0", "TWO", sha256(canaries[1]).hexdigest(), "0o0",
    ]  # fmt: skip
    looked = [file for file in desk.home.rglob("*") if file.is_file() and file not in images]
    assert len(looked) > 10
    assert [file for file in looked if any(canary in file.read_bytes() for canary in canaries)] == []
    assert not any(done.id in name for name in os.listdir("/dev/shm"))


def test_a_secret_that_is_not_there_is_said_before_anything_runs(desk: Desk, monkeypatch):
    monkeypatch.delenv("CANARY", raising=False)
    with pytest.raises(UsageError, match="secret ONE: CANARY is not set here"):
        desk.submit("pass", secrets={"ONE": "env:CANARY"})
    assert list(desk.workspace.live.iterdir()) == []
    assert list(desk.workspace.records.list("runs/")) == []
