"""Lists of runs on the command line: columns by name, and slips that would pass for answers."""

from __future__ import annotations

import json

import pytest
from documents import make_base

from orchestrator.cli import main
from orchestrator.digest import Digest
from orchestrator.errors import ExitCode
from orchestrator.index.filter import names
from orchestrator.index.port import Row
from orchestrator.lock.model import Lock, WheelPin
from orchestrator.store.streams import put_bytes
from orchestrator.workspace import Workspace


@pytest.fixture(autouse=True)
def runs(home, monkeypatch):
    """Three runs, the later the better; the first is of another lock."""
    monkeypatch.setattr("signal.signal", lambda *_: None)
    workspace = Workspace(home)
    rows = []
    for at, version in enumerate(("2.12.0", "2.13.0+cpu", "2.13.0+cpu")):
        wheel = WheelPin(name="torch", version=version, file="torch.whl", sha256=Digest.of(b"t"))
        lock = Lock(builder="1", python="3.11", requirements=(), base=make_base(), wheels=(wheel,), layers=())
        row = Row(
            f"2026112{at}-101010-00000{at}", "cnn", "finished", "submit", None, "sha256:0", None, f"2026-11-2{at}"
        )
        more = {"lock": str(put_bytes(workspace.blobs, lock.to_bytes())), "packages": {"torch": version}}
        metrics = {"loss": str(1.0 - at / 10), "val/acc, top-1": str(at / 4), "broken": "nan"}
        rows.append(Row(**{**vars(row), **more, "metrics": metrics, "tags": {names.NOTE: "so", "team": "x"}}))
    workspace.index.fill(rows)
    return [row.id for row in rows]


@pytest.fixture
def said(capsys):
    def say(*argv: str) -> tuple[list[list[str]], str]:
        assert main.run(list(argv)) == ExitCode.OK
        out, err = capsys.readouterr()
        return [line.split() for line in out.splitlines()], err

    return say


def test_packages_are_columns(said):
    lines, err = said("ls", "--where", "packages.torch >= 2.13", "--columns", "id,packages.Torch")
    assert [line[1] for line in lines] == ["packages.torch", "2.13.0+cpu", "2.13.0+cpu"]
    assert err == ""


def test_names_with_odd_characters_stand_in_quotes(said, runs):
    for name in ("metrics.`val/acc, top-1`", 'metrics."val/acc, top-1"'):
        lines, err = said("ls", "--columns", f"{name},id", "--sort", name)
        assert [line[-1] for line in lines[1:]] == runs
        assert [line[0] for line in lines[1:]] == ["0", "0.25", "0.5"]
        assert err == ""


def test_a_column_is_headed_as_it_is_asked_for(said):
    (head, *lines), _ = said("ls", "--columns", "note,tags.team")
    assert head == ["note", "tags.team"]
    assert lines == [["so", "x"]] * 3


def test_chosen_columns_for_a_program(capsys, runs):
    assert main.run(["ls", "--json", "--columns", "metrics.loss,packages.torch,note", "--limit", "1"]) == 0
    (row,) = json.loads(capsys.readouterr().out)["data"]["runs"]
    assert row == {"id": runs[2], "metrics.loss": "0.8", "packages.torch": "2.13.0+cpu", "note": "so"}


@pytest.mark.parametrize(
    ("argv", "line"),
    [
        (("--where", "metrics.los < 1"), "no run has `metrics.los`; did you mean `metrics.loss`?"),
        (("--sort", "-metrics.los"), "no run has `metrics.los`; did you mean `metrics.loss`?"),
        (("--columns", "id,tags.taem"), "no run has `tags.taem`; did you mean `tags.team`?"),
        (("--columns", "id,packages.jax"), "no run has `packages.jax`"),
        (("--where", "not metrics.nobody is null or params.x = 3"), "no run has `params.x`"),
    ],
)
def test_a_name_that_no_run_has_is_told(said, argv, line):
    _, err = said("ls", *argv)
    assert line in err.splitlines()


@pytest.mark.parametrize(
    "argv",
    [
        ("--where", "metrics.loss < 0"),
        ("--where", "metrics.los is null"),  # that no run has it is the answer
        ("--sort", "metrics.broken", "--columns", "id,metrics.broken,of"),
    ],
)
def test_of_names_that_runs_have_nothing_is_said(said, argv):
    _, err = said("ls", *argv)
    assert "no run has" not in err


def test_the_best_says_which_way(said, capsys, runs):
    lines, err = said("best", "--metric", "loss")
    assert lines[1][0] == runs[0]
    assert "by the greatest loss; --min: by the least" in err
    lines, err = said("best", "--metric", "loss", "--min")
    assert lines[1][0] == runs[2]
    assert err == ""
    assert main.run(["best", "--metric", "loss", "--min", "--max"]) == ExitCode.USAGE
    assert "next: see `orchestrator best --help`" in capsys.readouterr().err
    assert main.run(["best", "--metric", "los"]) == ExitCode.NOT_FOUND
    assert "did you mean 'loss'?" in capsys.readouterr().err


def test_a_sweep_is_no_run(capsys):
    assert main.run(["show", "s-last"]) == ExitCode.NOT_FOUND
    assert "`orchestrator sweeps s-last`" in capsys.readouterr().err
