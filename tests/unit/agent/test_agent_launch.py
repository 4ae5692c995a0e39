"""The parts of the container's first process that can run elsewhere: start, watch, exit codes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from orchestrator.agent import launch, wire

DRIVER = """
import json, os, sys
from orchestrator import launch
from orchestrator.console import Console
from orchestrator.redact import Secrets
folder, timeout, grace, command = json.loads(sys.argv[1])
launch.GRACE_SECONDS = grace
wake = launch._catch_signals()
console = Console(folder, Secrets({}))
child = launch.start(command, console, dict(os.environ))
console.close_writing_ends()
watch = launch.Watch(child, console, wake, timeout)
for number in [int(word) for word in sys.argv[2:]]:
    os.kill(os.getpid(), number)
status = watch.until_end()
console.drain()
print(json.dumps([launch._code(status), watch.timed_out, watch.stopped_by]))
"""
"""What main() does, but for using up process ids and ending everything else."""


class Ran:
    def __init__(self, said: str, folder: Path) -> None:
        self.code, self.timed_out, self.stopped_by = json.loads(said)
        self.stdout = (folder / wire.STDOUT).read_bytes()
        self.stderr = (folder / wire.STDERR).read_bytes()


@pytest.fixture
def run(tmp_path: Path, library: Path) -> Callable[..., Ran]:
    folder = tmp_path / "record"
    folder.mkdir()

    def do(command: list[str], *signals: int, timeout: float | None = None, grace: float = 60) -> Ran:
        given = json.dumps([str(folder), timeout, grace, command])
        argv = [sys.executable, "-c", DRIVER, given, *map(str, signals)]
        env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(library)}
        done = subprocess.run(argv, env=env, cwd=library, capture_output=True, text=True, timeout=120)
        assert (done.returncode, done.stderr) == (0, "")
        return Ran(done.stdout, folder)

    return do


def python(script: str) -> list[str]:
    return [sys.executable, "-c", script]


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (python("pass"), 0),
        (python("raise SystemExit(3)"), 3),
        (python("import os; os.kill(os.getpid(), 9)"), 137),
        (python("import os; os.abort()"), 134),
        (["no-such-program"], 127),
        (["/"], 126),
        (["/etc/passwd"], 126),
        (["a\0b"], 126),
    ],
)
def test_exit_codes_are_as_a_shell_has_them(run, command, code):
    assert run(command).code == code


def test_what_cannot_be_run_is_said(run):
    assert run(["no-such-program"]).stderr == b"orchestrator: cannot run 'no-such-program': No such file or directory\n"


def test_a_timeout_asks_first(run):
    script = "import signal, sys, time; signal.signal(15, lambda *_: sys.exit(5)); print('ready'); time.sleep(600)"
    ran = run(python(script), timeout=0.5)
    assert ran.timed_out
    assert ran.code in (5, 143)  # 143: it was told before it listened


def test_a_timeout_kills_what_does_not_listen(run):
    script = "import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(600)"
    ran = run(python(script), timeout=0.3, grace=0.3)
    assert (ran.timed_out, ran.stopped_by) == (True, [])
    assert ran.code in (137, 143)


@pytest.mark.parametrize("number", [2, 15])
def test_a_stop_in_the_first_moment_is_not_lost(run, number):
    ran = run(["sleep", "600"], number)
    assert (ran.code, ran.stopped_by, ran.timed_out) == (128 + number, [number], False)


def test_other_signals_reach_the_job_and_are_no_stop(run):
    script = "import signal; signal.sigwait([signal.SIGUSR1]); print('told')"
    blocked = f"import os, signal; signal.pthread_sigmask(0, [signal.SIGUSR1]); os.execv({sys.executable!r}, "
    ran = run(python(blocked + f"[{sys.executable!r}, '-c', {script!r}])"), 10)
    assert ran.stopped_by == []
    assert (ran.code, ran.stdout) in ((0, b"told\n"), (138, b""))  # 138: it was told before it listened


def test_a_job_has_only_its_three_descriptors(run):
    ran = run(python("import os; print(sorted(map(int, os.listdir('/proc/self/fd')))[:-1], os.read(0, 1))"))
    assert ran.stdout == b"[0, 1, 2] b''\n"


def test_a_job_blocks_no_signal_and_ignores_none(run):
    ran = run(["sh", "-c", "grep -E 'SigBlk|SigIgn' /proc/self/status"])
    _, blocked, _, ignored = ran.stdout.split()
    standard = (1 << 31) - 1  # whoever runs the tests may ignore real-time signals, and that is handed down
    assert (int(blocked, 16) & standard, int(ignored, 16) & standard) == (0, 0)


def test_a_grandchild_that_holds_the_console_does_not_hold_the_end_up(run):
    ran = run(python("import subprocess; subprocess.Popen(['sleep', '5']); print('done')"))
    assert (ran.code, ran.stdout) == (0, b"done\n")


def test_nothing_is_ended_outside_a_container():
    """Kept apart from the kernel's answer: the call itself would end every process of this machine."""
    assert os.getpid() != 1
    sent: list[Any] = []
    names = {**launch.end_everything.__globals__, "os": Recorder(sent)}
    type(launch.end_everything)(launch.end_everything.__code__, names)()
    assert sent == ["getpid"]


class Recorder:
    """Stands in for os, and does nothing."""

    def __init__(self, calls: list[Any]) -> None:
        self._calls = calls

    def __getattr__(self, name: str) -> Any:
        def call(*_: Any) -> int:
            self._calls.append(name)
            if name == "waitpid":
                raise OSError
            return os.getpid()

        return call
