"""Talk is plain lines where nobody looks, and moves only on a terminal."""

from __future__ import annotations

import pytest

from orchestrator.cli import talk
from orchestrator.execution.follow import Piece


@pytest.fixture
def terminal(monkeypatch, capsys):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)


def test_a_pipe_gets_lines(capsysbinary):
    chosen = talk.talk(quiet=False)
    assert type(chosen) is talk.Lines
    chosen.say("building")
    chosen.console(Piece("stdout", b"\xff raw"))
    assert capsysbinary.readouterr() == (b"", b"building\n\xff raw")


def test_quiet_says_nothing(capsysbinary):
    chosen = talk.talk(quiet=True)
    chosen.say("building")
    chosen.console(Piece("stdout", b"raw"))
    assert capsysbinary.readouterr() == (b"", b"")


def test_a_terminal_gets_a_line_that_moves(terminal, capsys):
    chosen = talk.talk(quiet=False)
    assert type(chosen) is talk.Moving
    chosen.say("building")
    chosen.say("running")
    chosen.progress({"loss\x1b[31m": (3, 0.5)})
    chosen.end()
    out, err = capsys.readouterr()
    assert out == ""
    assert "building (0." in err
    assert "\x1b[31m" not in err


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_a_terminal_may_ask_for_plain_lines(terminal, monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    assert type(talk.talk(quiet=False)) is talk.Lines
