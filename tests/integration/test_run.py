"""How runs end: exit codes, signals, limits."""

from __future__ import annotations

import os

import pytest
from desk import Desk

pytestmark = pytest.mark.engine


@pytest.mark.parametrize(
    ("script", "status", "code"),
    [
        ("pass", "finished", 0),
        ("raise SystemExit(3)", "failed", 3),
        ("raise ValueError('no')", "failed", 1),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "failed", 139),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "failed", 137),
    ],
)
def test_how_it_ends(desk: Desk, script, status, code):
    done = desk.submit(script)
    outcome = desk.show(done).outcome
    assert outcome is not None
    assert (done.status, outcome.exit_code) == (status, code)
    assert list(desk.workspace.live.iterdir()) == []


@pytest.mark.parametrize(
    ("command", "code", "complaint"),
    [
        (["no-such-program"], 127, b"orchestrator: cannot run 'no-such-program': No such file or directory"),
        (["/workspace/job.py"], 126, b"orchestrator: cannot run '/workspace/job.py': Permission denied"),
        (["/workspace"], 126, b"Permission denied"),
    ],
)
def test_what_cannot_be_run(desk: Desk, command, code, complaint):
    done, streams = desk.seen("pass", run={"command": command})
    outcome = desk.show(done).outcome
    assert outcome is not None
    assert (done.status, outcome.exit_code) == ("failed", code)
    assert complaint in streams["stderr"]


def test_a_timeout_stops_it_and_what_it_started(desk: Desk):
    script = """
import os, signal, sys, time
if os.fork() == 0:
    time.sleep(600)
def end(*_):
    print("told to stop", flush=True)
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
print("begun", flush=True)
time.sleep(600)
"""
    done, streams = desk.seen(script, resources={"timeout": 1})
    assert done.status == "killed"
    assert done.facts.notes == ("stopped: resources.timeout was reached",)
    assert streams["stdout"] == b"begun\ntold to stop\n"
    assert done.outcome is not None


def test_what_is_left_running_ends_with_the_job(desk: Desk):
    script = """
import os, subprocess, sys, time
late = "import time; print('late', flush=True); time.sleep(600)"
subprocess.Popen([sys.executable, "-c", late], start_new_session=True)
while os.fork() == 0:  # an orphan in a session of its own, its output still open
    os.setsid()
    time.sleep(600)
print("done")
"""
    done, streams = desk.seen(script)
    assert done.status == "finished"
    assert b"done\n" in streams["stdout"]


def test_the_memory_limit_is_hit_and_noted(desk: Desk):
    done = desk.submit("held = bytearray(400 << 20)", resources={"memory": "64m"})
    outcome = desk.show(done).outcome
    assert outcome is not None
    assert (done.status, outcome.exit_code) == ("failed", 137)
    assert "resources.memory was reached: the kernel killed 1 of the job's processes" in done.facts.notes


def test_a_fork_bomb_meets_the_limit(desk: Desk):
    script = """
import os, sys, time
count = 0
while True:
    try:
        if os.fork() == 0:
            time.sleep(600)
            os._exit(0)
    except BlockingIOError:
        sys.exit(f"no more after {count}")
    count += 1
"""
    done, streams = desk.seen(script)
    assert done.status == "failed"
    number = int(streams["stderr"].split()[-1])
    assert 4000 < number < 4096


def test_a_strict_umask_changes_nothing(desk: Desk):
    mask = os.umask(0o077)
    try:
        done = desk.submit("open('/outputs/x', 'w').write('x')")
    finally:
        os.umask(mask)
    assert done.status == "finished"
    assert desk.artifacts(done) == {"outputs/x": b"x"}
