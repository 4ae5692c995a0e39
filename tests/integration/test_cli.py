"""The command line as a shell sees it: exit codes, one JSON envelope, results on stdout and all else on stderr."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from desk import Desk

pytestmark = pytest.mark.engine

FAILING = "import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)"
NO_ENGINE = {"DOCKER_HOST": "unix:///nonexistent/docker.sock"}
VERBS = (
    "init", "lock", "plan", "build", "submit", "replay", "verify", "logs", "ls", "show", "diff", "doctor", "schema",
    "completion",
)  # fmt: skip


class Shop:
    """A desk on which two runs lie: one that finished, one that failed."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.failed = desk.submit(FAILING, name="bad")
        self.good = desk.submit("print('hello')", name="good")


@pytest.fixture(scope="module")
def shop(new_desk: Callable[[], Desk]) -> Shop:
    return Shop(new_desk())


def envelope(done: subprocess.CompletedProcess[bytes], command: str) -> dict[str, Any]:
    """The one document on stdout."""
    document = json.loads(done.stdout)
    assert (document["orchestrator"], document["command"]) == (1, command)
    assert ("data" in document) != ("error" in document)
    return document


def test_the_installed_program_is_the_module(desk: Desk):
    program = Path(sys.executable).with_name("orchestrator")
    argv = [program, "--version"]
    installed = subprocess.run(argv, capture_output=True, env=desk.environment(), check=True)
    assert installed.stdout == desk.cli("--version").stdout
    assert b"0.1.0" in installed.stdout


@pytest.mark.parametrize("verb", VERBS)
def test_each_verb_explains_itself(desk: Desk, verb):
    done = desk.cli(verb, "--help")
    assert done.returncode == 0
    assert done.stdout.startswith(f"Usage: orchestrator {verb}".encode())
    assert done.stderr == b""


def test_the_help_lists_every_verb(desk: Desk):
    done = desk.cli("--help")
    assert done.returncode == 0
    words = done.stdout.decode().split("Commands:")[1].split()
    assert [verb for verb in VERBS if verb not in words] == []
    assert "supervise" not in words


@pytest.mark.parametrize(
    ("argv", "code", "said"),
    [
        (["sumbit"], 2, b"did you mean 'submit'?"),
        (["submit", "--nonsense"], 2, b"--nonsense"),
        (["verify", "last", "--times", "0"], 2, b"--times"),
        (["submit", "no-such-file.yaml"], 2, b"no-such-file.yaml"),
        (["submit", "--set", "params.nothing"], 2, b"params.nothing"),
        (["show", "20200101-000000-000000"], 5, b"no run"),
        (["replay", "nothing"], 5, b"no run"),
        (["logs", "nothing"], 5, b"no run"),
        (["diff", "last", "nothing"], 5, b"no run"),
        (["show", "2"], 2, b"begins several runs"),
    ],
)
def test_what_cannot_be_is_said_on_stderr(shop: Shop, argv, code, said):
    done = shop.desk.cli(*argv)
    assert (done.returncode, done.stdout) == (code, b"")
    assert said in done.stderr
    assert b"next: " in done.stderr
    assert b"Traceback" not in done.stderr
    told = shop.desk.cli(*argv, "--json")
    assert told.returncode == code
    error = envelope(told, argv[0])["error"]
    assert error["exit_code"] == code
    assert said.decode() in error["message"]
    assert error["hint"]


def test_a_bad_spec_is_said_by_line_and_column(desk: Desk):
    (desk.folder / "runspec.yaml").write_text(
        "version: 1\nname: bad\nrun: {command: python {params.x}}\nsead: 3\nresources: {cpus: many}\n"
    )
    done = desk.cli("submit")
    assert (done.returncode, done.stdout) == (2, b"")
    (desk.folder / "runspec.yaml").write_text("version: 1\nname: bad\nrun: {command: python}\nsead: 3\n")
    done = desk.cli("submit")
    assert done.returncode == 2
    assert b"runspec.yaml:4:1: " in done.stderr
    assert b"seed" in done.stderr


def test_a_stale_lock_is_said(desk: Desk):
    desk.write("pass")
    assert desk.cli("lock").returncode == 0
    desk.write("pass", image={"requirements": ["numpy"]})
    done = desk.cli("submit")
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"orchestrator lock" in done.stderr


def test_without_an_engine(shop: Shop):
    desk = shop.desk
    done = desk.cli("submit", **NO_ENGINE)
    assert (done.returncode, done.stdout) == (3, b"")
    assert b"dockerd" in done.stderr
    assert b"Traceback" not in done.stderr
    assert desk.cli("replay", shop.good.id, **NO_ENGINE).returncode == 3
    assert desk.cli("doctor", **NO_ENGINE).returncode == 3
    for argv in (["ls"], ["show", shop.good.id], ["logs", shop.good.id], ["diff", shop.good.id, shop.failed.id]):
        assert desk.cli(*argv, **NO_ENGINE).returncode == 0, argv


def test_a_damaged_record(desk: Desk):
    done = desk.submit("pass")
    assert done.outcome is not None
    desk.damage(done.outcome)
    said = desk.cli("show", done.id)
    assert (said.returncode, said.stdout) == (6, b"")
    assert b"damaged" in said.stderr


def test_a_job_that_fails_fails_the_command(shop: Shop):
    shop.desk.write(FAILING)
    done = shop.desk.cli("submit")
    assert done.returncode == 1
    assert b"failed" in done.stdout
    assert b"out\n" not in done.stdout
    assert b"out\n" in done.stderr
    assert b"err\n" in done.stderr
    quiet = shop.desk.cli("submit", "-q")
    assert (quiet.returncode, quiet.stderr) == (1, b"")


def test_every_result_has_its_envelope(shop: Shop, tmp_path: Path):
    desk, good, bad = shop.desk, shop.good.id, shop.failed.id
    desk.write("print('hello')", name="good")
    data = {
        argv[0]: envelope(desk.cli(*argv, "--json"), argv[0])["data"]
        for argv in (
            ["init", str(tmp_path / "new")], ["lock"], ["plan"], ["build"], ["submit"], ["replay", good], ["ls"],
            ["verify", good], ["logs", good], ["show", good], ["diff", good, bad], ["doctor"], ["schema"],
            ["completion", "bash"],
        )
    }  # fmt: skip
    assert set(data) == set(VERBS)
    assert data["plan"]["digest"] == data["submit"]["plan"]
    assert data["replay"]["verdict"]["answer"] == "identical"
    assert data["verify"]["passed"] is True
    assert [piece["text"] for piece in data["logs"]["pieces"]] == ["hello\n"]
    assert data["show"]["run"]["id"] == good
    assert good in {row["id"] for row in data["ls"]["runs"]}
    assert json.loads(desk.cli("--json", "ls", "--name", "bad").stdout)["data"]["runs"][-1]["id"] == bad


def test_logs_go_where_the_job_sent_them(shop: Shop):
    done = shop.desk.cli("logs", shop.failed.id)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"out\n", b"err\n")


def test_a_run_has_short_names(desk: Desk):
    first = desk.submit("print('first')")
    assert desk.cli("logs", "last").stdout == b"first\n"
    prefix = first.id[:-1]
    assert desk.cli("logs", prefix).stdout == b"first\n"
    desk.submit("print('second')")
    assert desk.cli("logs", "last").stdout == b"second\n"
    (desk.home / "index.sqlite").unlink()  # a cache
    assert desk.cli("logs", "last").stdout == b"second\n"
    assert desk.cli("logs", prefix).stdout == b"first\n"


@pytest.mark.parametrize("more", [{}, {"NO_COLOR": "1"}, {"NO_COLOR": "1", "FORCE_COLOR": "1"}])
def test_no_colour_where_nobody_looks(shop: Shop, more):
    for argv in (["ls"], ["show", shop.good.id], ["doctor"], ["nothing"], ["diff", shop.good.id, shop.failed.id]):
        done = shop.desk.cli(*argv, **more)
        assert b"\x1b[" not in done.stdout + done.stderr, argv


def test_what_a_job_says_cannot_steer_a_terminal(desk: Desk):
    done = desk.submit("import orchestrator; orchestrator.log_metric('\\x1b]0;title\\x07', 1)")
    for argv in (["show", done.id], ["ls"]):
        said = desk.cli(*argv)
        assert said.returncode == 0
        assert b"\x1b" not in said.stdout
        assert b"\x07" not in said.stdout


def test_a_new_project_runs_as_it_is(desk: Desk):
    assert desk.cli("init").returncode == 0
    done = desk.cli("verify", "runspec.yaml")
    assert done.returncode == 0, done.stderr.decode()
    again = desk.cli("init")
    assert again.returncode == 2
    assert b"already" in again.stderr


def test_a_reader_that_leaves_is_no_error(shop: Shop):
    argv = [sys.executable, "-m", "orchestrator.cli.main", "show", shop.good.id]
    with subprocess.Popen(argv, env=shop.desk.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as command:
        assert command.stdout is not None
        assert command.stderr is not None
        command.stdout.close()
        assert b"Traceback" not in command.stderr.read()
    assert command.returncode == 141
