"""The disk is full, broken, or there are no descriptors left: a clear error, a truthful state, and a retry succeeds.

Errors come from the kernel's side (strace injects them into the system calls of the whole process tree, the container's
excepted) and from our own failpoints, which name the place.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from desk import Desk

from crash.lab import JOB, Lab
from crash.points import SUBMITTING

pytestmark = pytest.mark.engine

CLEAR = (1, 2, 3, 6)
"""Exit codes that say what happened. 70 would be a bug."""

PLACES = ["durable.write", "durable.fsync", "durable.fsync.folder", "durable.rename", "blob.rename", "record.link"]
INJECTED = [("fsync", "EIO", 4), ("rename", "ENOSPC", 3), ("write,pwrite64", "ENOSPC", 12), ("openat", "EMFILE", 900)]
"""The system call, its error, and which call of a process fails; `make soak` takes each."""
STEPS = {"fsync": 1, "rename": 1, "write,pwrite64": 1, "openat": 150}
MOST = {"fsync": 30, "rename": 30, "write,pwrite64": 40, "openat": 2400}


def check(lab: Lab, done: subprocess.CompletedProcess[bytes] | None, said: str) -> None:
    """No traceback; what was recorded is whole; the same again succeeds."""
    assert "Traceback" not in said, said
    if done is not None and done.returncode != 0:
        assert done.returncode in CLEAR, said
        assert "error: " in said and "next: " in said, said
    lab.command("ls", "--json")
    lab.retried()
    lab.check_runs()
    lab.intact()


@pytest.mark.parametrize(
    ("place", "error"),
    [
        pytest.param(place, error, marks=[] if number % 3 == column else pytest.mark.soak)
        for number, place in enumerate(PLACES)
        for column, error in enumerate(("ENOSPC", "EIO", "EMFILE"))
    ],
)
def test_an_error_at_a_named_place(desk: Desk, place: str, error: str):
    lab = Lab(desk)
    ended = lab.kill(place, SUBMITTING, action=error)
    assert not ended.killed
    check(lab, None, ended.said)


@pytest.mark.parametrize(("call", "error", "when"), INJECTED)
def test_an_error_of_the_kernel(desk: Desk, tmp_path: Path, call: str, error: str, when: int):
    assert injected(Lab(desk), tmp_path / "trace", call, error, when), "the command came to its end before that"


@pytest.mark.soak
@pytest.mark.parametrize(("call", "error"), [(call, error) for call, error, _ in INJECTED])
def test_an_error_of_the_kernel_each_time(desk: Desk, tmp_path: Path, call: str, error: str):
    lab = Lab(desk)
    whens = range(1, MOST[call], STEPS[call])
    assert sum(injected(lab, tmp_path / "trace", call, error, when) for when in whens) >= 3


def injected(lab: Lab, trace: Path, call: str, error: str, when: int) -> bool:
    """Submit while the Nth such call of each process fails; whether one came so far."""
    lab.desk.write(JOB)
    strace = ["strace", "-f", "-qq", "-o", str(trace)]
    strace += ["-e", f"trace={call}", "-e", f"inject={call}:error={error}:when={when}"]
    done = subprocess.run(
        [*strace, sys.executable, "-m", "orchestrator.cli.main", "submit", "--json"],
        cwd=lab.desk.folder,
        env=lab.desk.environment(),
        capture_output=True,
        stdin=subprocess.DEVNULL,
        timeout=300,
    )
    check(lab, done, done.stderr.decode())
    return "(INJECTED)" in trace.read_text(errors="replace")
