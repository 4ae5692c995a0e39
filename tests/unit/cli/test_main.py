"""The entry point: exit codes, the envelope, where what is said goes."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from orchestrator.cli import main
from orchestrator.errors import ExitCode


@pytest.fixture(autouse=True)
def no_engine(home, monkeypatch):
    monkeypatch.setenv("DOCKER_HOST", f"unix://{home}/nobody.sock")
    monkeypatch.setattr("signal.signal", lambda *_: None)


def spoken(capsys, *argv):
    code = main.run(list(argv))
    return code, *capsys.readouterr()


def test_an_unknown_command_suggests_the_nearest(capsys):
    code, out, err = spoken(capsys, "sumbit")
    assert (code, out) == (ExitCode.USAGE, "")
    assert "did you mean 'submit'?" in err


@pytest.mark.parametrize("argv", [("--json", "show", "last"), ("show", "--json", "last"), ("show", "last", "--json")])
def test_errors_come_as_json_wherever_the_option_stands(capsys, argv):
    code, out, err = spoken(capsys, *argv)
    assert code == ExitCode.NOT_FOUND
    assert json.loads(out) == {
        "orchestrator": 1,
        "command": "show",
        "error": {"message": "there are no runs yet", "hint": "`orchestrator ls` lists the runs", "exit_code": 5},
    }
    assert "error: there are no runs yet" in err


def test_every_finding_of_a_spec_is_told_with_its_place(capsys, tmp_path):
    spec = tmp_path / "runspec.yaml"
    spec.write_text("version: 1\nname: x\nsede: 3\nrun:\n  command: python t.py --lr {params.lr}\nseed: many\n")
    code, out, err = spoken(capsys, "submit", str(spec))
    assert (code, out) == (ExitCode.USAGE, "")
    assert f"{spec}:3:1: unknown field `sede`; did you mean `seed`?" in err
    assert f"{spec}:5:" in err
    assert f"{spec}:6:7:" in err


def test_no_engine_is_exit_code_3_with_a_next_step(capsys, tmp_path):
    code, out, _ = spoken(capsys, "doctor")
    assert code == ExitCode.ENGINE
    assert "problem  engine:" in out
    assert "next: start Docker" in out


def test_a_bug_is_no_failed_job(capsys, monkeypatch):
    monkeypatch.setattr("orchestrator.operations.listing.ls", lambda *_, **__: 1 / 0)
    code, out, err = spoken(capsys, "ls")
    assert (code, out) == (ExitCode.BUG, "")
    assert "ZeroDivisionError" in err


def test_a_full_disk_is_the_machines_problem(capsys, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device", "/home/x")

    monkeypatch.setattr("orchestrator.operations.listing.ls", full)
    code, _, err = spoken(capsys, "ls")
    assert code == ExitCode.ENGINE
    assert "/home/x: No space left on device" in err


def test_an_empty_list_prints_nothing_and_an_empty_json_list(capsys):
    assert spoken(capsys, "ls") == (0, "", "no runs\n")
    code, out, _ = spoken(capsys, "ls", "--json")
    assert (code, json.loads(out)["data"]) == (0, {"runs": []})


def test_init_writes_a_spec_that_parses_and_refuses_to_overwrite(capsys, tmp_path):
    code, out, _ = spoken(capsys, "init", str(tmp_path / "my job 1"))
    assert code == 0
    assert len(out.splitlines()) == 3
    from orchestrator.operations.spec import read_spec

    assert read_spec(tmp_path / "my job 1").spec.name == "my-job-1"
    assert spoken(capsys, "init", str(tmp_path / "my job 1"))[0] == ExitCode.USAGE


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_knows_both_names(capsys, shell):
    code, out, _ = spoken(capsys, "completion", shell)
    assert code == 0
    assert "_ORCHESTRATOR_COMPLETE" in out
    assert "_ORCH_COMPLETE" in out


def test_the_shell_is_answered(home):
    asked = {"COMP_WORDS": "orch su", "COMP_CWORD": "1", "_ORCH_COMPLETE": "bash_complete"}
    script = "import sys; sys.argv = ['/x/orch']; from orchestrator.cli.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", script], env={**os.environ, **asked}, capture_output=True, text=True, check=True
    )
    assert done.stdout == "plain,submit\n"


def test_without_a_command_the_help_is_no_error(capsys):
    code, out, err = spoken(capsys)
    assert (code, err) == (0, "")
    assert "submit" in out


def test_findings_are_a_list_in_json(capsys, tmp_path):
    (tmp_path / "runspec.yaml").write_text("version: 1\nnam: x\n")
    code, out, _ = spoken(capsys, "--json", "submit", str(tmp_path))
    assert code == ExitCode.USAGE
    assert len(json.loads(out)["error"]["findings"]) == 3


def test_a_shells_words_and_a_bare_parameter_get_advice(capsys, tmp_path):
    (tmp_path / "runspec.yaml").write_text("version: 1\nname: x\nrun: {command: a && b}\nparams: {lr: 1}\n")
    _, _, err = spoken(capsys, "submit", str(tmp_path), "--set", "lr=2")
    assert "there is no shell: && would be an argument" in err
    assert "did you mean `params.lr`?" in err


def test_nothing_can_be_stopped_that_does_not_run(capsys):
    assert spoken(capsys, "stop", "last")[0] == ExitCode.NOT_FOUND
