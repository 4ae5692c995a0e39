"""Jobs that mean harm: what they do to the folders they share with the agent harms neither host nor other runs."""

from __future__ import annotations

import os
import stat
import time

import pytest

from orchestrator import operations
from orchestrator.errors import Corruption

pytestmark = pytest.mark.engine

FORGE = """
import json, os, time
os.symlink({victim!r}, "/outputs/link")
os.mkdir("/outputs/folder")
open("/outputs/folder/secret", "w").write("mine")
record = {{"code": 0, "signal": None, "timed_out": False, "stopped_by": [], "console_bytes_lost": 0,
          "started": 1, "ended": 2, "cpu_seconds": 0.0, "oom_kills": 0}}
with open("/run/orchestrator/exit.json", "w") as file:
    json.dump(record, file)
until = time.time() + 60
while time.time() < until:  # while it is collected, it would swap a folder for a link to the host
    os.rename("/outputs/folder", "/outputs/other")
    os.rename("/outputs/link", "/outputs/folder")
    os.rename("/outputs/folder", "/outputs/link")
    os.rename("/outputs/other", "/outputs/folder")
"""


def test_a_forged_exit_record_is_believed_only_once_nothing_runs(desk, tmp_path):
    victim = tmp_path / "victim"
    victim.mkdir()
    (victim / "secret").write_text("the host's")
    (victim / "secret").chmod(0o600)
    before = os.stat(victim / "secret")
    began = time.monotonic()
    run = desk.submit(FORGE.format(victim=str(victim)))
    assert time.monotonic() - began < 50  # it was ended: it would have gone on for a minute
    after = os.stat(victim / "secret")
    assert (after.st_mode, after.st_mtime_ns, after.st_uid) == (before.st_mode, before.st_mtime_ns, before.st_uid)
    assert stat.S_IMODE(after.st_mode) == 0o600
    assert b"the host's" not in desk.artifacts(run).values()


@pytest.mark.parametrize("depth", [1500])
def test_folders_deeper_than_python_follows(desk, depth):
    run = desk.submit(f"import os\nos.chdir('/outputs')\nfor _ in range({depth}): os.mkdir('d'); os.chdir('d')\n")
    assert run.status == "finished"
    assert list((desk.home / "live").iterdir()) == []
    assert [row.id for row in operations.ls(desk.workspace)] == [run.id]


def test_paths_longer_than_the_system_takes(desk):
    run = desk.submit("import os\nos.chdir('/outputs')\nfor _ in range(30): os.mkdir('n' * 200); os.chdir('n' * 200)\n")
    assert run.status == "finished"
    assert any("nested too deeply" in note for note in run.facts.notes)
    assert list((desk.home / "live").iterdir()) == []


@pytest.mark.parametrize(
    "harm",
    [
        "os.mkfifo('/run/orchestrator/events.jsonl')",
        "os.mkdir('/run/orchestrator/events.jsonl')",
        "open('/run/orchestrator/events.jsonl', 'w').write('[' * 16000 + '\\n')",
        "os.truncate('/run/orchestrator/console', 4 << 30)",
        "open('/run/orchestrator/console', 'a').write('1 o -1\\n')",
    ],
    ids=["a pipe", "a folder", "nested", "a sparse index", "a negative length"],
)
def test_a_record_folder_full_of_traps(desk, harm):
    seen = []
    watcher = operations_watcher(seen)
    spec = desk.write(f"import os, time\n{harm}\ntime.sleep(2.5)\n")
    done = operations.submit(desk.workspace, spec, watcher=watcher).run
    assert done is not None
    assert done.status == "finished"


def operations_watcher(seen):
    from orchestrator.operations.execute import Watcher

    return Watcher(console=seen.append, progress=seen.append)


def test_a_fork_bomb_that_eats_all_memory_leaves_a_reason(desk):
    script = "import os\nblock = []\nwhile True:\n    block.append(bytearray(8 << 20))\n"
    run = desk.submit(script, resources={"cpus": 1, "memory": "256m"})
    assert run.status == "failed"
    assert any("resources.memory was reached" in note for note in run.facts.notes)


def test_a_damaged_blob_is_healed_by_whoever_has_the_right_bytes(desk):
    script = "open('/outputs/model.bin', 'wb').write(b'weights' * 1000)\n"
    run = desk.submit(script)
    entry = desk.show(run).artifacts.files["outputs/model.bin"]
    for digest in (entry.digest, run.plan, run.outcome):
        desk.damage(digest)
    with pytest.raises(Corruption):
        operations.show(desk.workspace, run.id)
    again = desk.submit(script)
    assert desk.artifacts(again)["outputs/model.bin"] == b"weights" * 1000
    assert operations.replay(desk.workspace, run.id).verdict.answer == "identical"


def test_an_index_that_was_removed_comes_back_whole(desk):
    runs = [desk.submit("pass").id for _ in range(2)]
    (desk.home / "index.sqlite").unlink()
    runs.append(desk.submit("pass").id)
    assert [row.id for row in operations.ls(desk.workspace)] == runs[::-1]


def test_a_record_under_another_runs_name_is_refused(desk):
    one, other = desk.submit("pass"), desk.submit("print(1)")
    records = desk.home / "records" / "runs"
    (records / one.id).write_bytes((records / other.id).read_bytes())
    with pytest.raises(Corruption, match="is that of"):
        operations.show(desk.workspace, one.id)


def test_what_a_job_says_of_its_machine_does_not_write_to_the_terminal(desk):
    evil = '{"time": 1, "pid": 32, "environment": {"cpu": {"model": "E\\u001b]0;pwn\\u0007"}, "packages": 5}}'
    desk.write(f"import time\ntime.sleep(0.3)\nopen('/run/orchestrator/started.json', 'w').write({evil!r})\n")
    assert desk.cli("submit").returncode == 0
    shown = desk.cli("show", "last")
    assert shown.returncode == 0
    assert b"\x1b" not in shown.stdout
    assert b"\\x1b]0;pwn" in shown.stdout


def test_a_lock_replaces_nothing_but_a_lock(desk):
    (desk.folder / "notes.txt").write_text("precious")
    desk.write("pass", image={"requirements": [], "lock": "notes.txt"})
    done = desk.cli("lock")
    assert done.returncode == 2
    assert (desk.folder / "notes.txt").read_text() == "precious"
