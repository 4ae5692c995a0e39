"""Running other programs."""

from __future__ import annotations

import fcntl
import os
import signal
import sys
import time

import pytest

from orchestrator import process
from orchestrator.errors import EnvironmentProblem, ExitCode
from orchestrator.process import ProgramFailed


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_stdout_comes_back_and_stdin_goes_in():
    assert process.run(["cat"], stdin=b"\0bytes") == b"\0bytes"
    assert process.run(["cat"]) == b""  # stdin is empty, never this process's own


def test_env_is_added_to_ours(monkeypatch):
    monkeypatch.setenv("ORCHESTRATOR_TEST_OURS", "ours")
    code = "import os; print(os.environ['ORCHESTRATOR_TEST_OURS'], os.environ['ADDED'])"
    assert process.run(python(code), env={"ADDED": "added"}) == b"ours added\n"


def test_it_runs_in_the_folder(tmp_path):
    assert process.run(["pwd", "-P"], cwd=tmp_path).decode().strip() == str(tmp_path.resolve())


def test_a_failure_carries_its_code_and_the_end_of_stderr():
    with pytest.raises(ProgramFailed) as caught:
        process.run(python("import sys; [print('line', n, file=sys.stderr) for n in range(50)]; sys.exit(7)"), hint="h")
    assert (caught.value.code, caught.value.hint, caught.value.exit_code) == (7, "h", ExitCode.ENGINE)
    assert "line 49" in caught.value.message and "line 30" in caught.value.message
    assert "line 29\n" not in caught.value.message
    assert caught.value.stderr.startswith("line 0\n")


def test_a_program_killed_by_a_signal_failed():
    with pytest.raises(ProgramFailed) as caught:
        process.run(python("import os, signal; os.kill(os.getpid(), signal.SIGKILL)"))
    assert caught.value.code == -signal.SIGKILL


def test_stderr_that_is_no_text():
    with pytest.raises(ProgramFailed, match="�"):
        process.run(python(r"import os; os.write(2, b'\xff'); os._exit(1)"))


def test_what_is_not_installed():
    with pytest.raises(EnvironmentProblem, match="`no-such-program` is not installed") as caught:
        process.run(["no-such-program"], hint="install it")
    assert caught.value.hint == "install it"
    with pytest.raises(EnvironmentProblem, match="`no-such-program` is not installed"):
        process.find("no-such-program")
    assert os.access(process.find("cat"), os.X_OK)


def test_a_missing_folder_is_not_a_missing_program(tmp_path):
    with pytest.raises(EnvironmentProblem, match="no such folder"):
        process.run(["cat"], cwd=tmp_path / "gone")


def test_what_may_not_be_run(tmp_path):
    (tmp_path / "text").write_text("no program")
    with pytest.raises(EnvironmentProblem, match="may not be run"):
        process.run([str(tmp_path / "text")])


def test_a_detached_program_lives_in_its_own_session_and_keeps_a_lock(tmp_path):
    lock = os.open(tmp_path / "lock", os.O_CREAT | os.O_RDWR)
    fcntl.flock(lock, fcntl.LOCK_EX)
    pid = process.detach(
        python("import os; print(os.environ['WORD'], flush=True); import time; time.sleep(60)"),
        log=tmp_path / "log",
        env={"WORD": "said"},
        keep=[lock],
    )
    try:
        os.close(lock)
        assert os.getsid(pid) == pid != os.getsid(0)
        with (tmp_path / "lock").open() as again, pytest.raises(BlockingIOError):
            fcntl.flock(again, fcntl.LOCK_EX | fcntl.LOCK_NB)
        deadline = time.monotonic() + 20
        while (tmp_path / "log").read_text() != "said\n" and time.monotonic() < deadline:
            time.sleep(0.01)
        assert (tmp_path / "log").read_text() == "said\n"
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    with (tmp_path / "lock").open() as again:
        fcntl.flock(again, fcntl.LOCK_EX | fcntl.LOCK_NB)
