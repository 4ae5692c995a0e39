"""Talk is plain lines where nobody looks, and moves only on a terminal."""

from __future__ import annotations

import io

import pytest

from orchestrator.cli import talk
from orchestrator.execution.follow import Piece


class Terminal(io.TextIOWrapper):
    def isatty(self):
        return True

    def text(self):
        self.flush()
        return self.buffer.getvalue().decode()


def open_terminal(monkeypatch):
    """To be called within a test: pytest puts its own streams back between a fixture and its test."""
    screen = Terminal(io.BytesIO(), encoding="utf-8")
    monkeypatch.setattr("sys.stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    return screen


def test_a_pipe_gets_lines(capsysbinary):
    chosen = talk.talk(quiet=False)
    assert type(chosen) is talk.Lines
    chosen.say("building")
    chosen.console(Piece("stdout", b"\xff raw"))
    chosen.tails([Piece("stdout", b"begun")])
    assert capsysbinary.readouterr() == (b"", b"building\n\xff raw")


def test_quiet_says_nothing(capsysbinary):
    chosen = talk.talk(quiet=True)
    chosen.say("building")
    chosen.console(Piece("stdout", b"raw"))
    chosen.tails([Piece("stdout", b"begun")])
    assert capsysbinary.readouterr() == (b"", b"")


def test_a_terminal_gets_a_line_that_moves(monkeypatch):
    terminal = open_terminal(monkeypatch)
    chosen = talk.talk(quiet=False)
    assert type(chosen) is talk.Moving
    chosen.say("building")
    chosen.say("running")
    chosen.progress({"loss\x1b[31m": (3, 0.5)})
    chosen.end()
    assert "building (0." in terminal.text()
    assert "0.5 at 3" in terminal.text()
    assert "loss\x1b" not in terminal.text()


def test_a_note_stays(monkeypatch, capsysbinary):
    for quiet, said in ((True, b""), (False, b"hint: look\n")):
        talk.talk(quiet=quiet).note("hint: look")
        assert capsysbinary.readouterr() == (b"", said)
    terminal = open_terminal(monkeypatch)
    chosen = talk.talk(quiet=False)
    chosen.say("recording")
    chosen.end()
    chosen.note("hint: look")
    chosen.end()
    assert terminal.text().endswith("hint: look\n")


def test_begun_lines_stand_below_what_is_being_done(monkeypatch):
    terminal = open_terminal(monkeypatch)
    chosen = talk.talk(quiet=False)
    chosen.say("running")
    chosen.console(Piece("stdout", b"epoch 1\n"))
    chosen.tails([Piece("stderr", b"\x1b[31m 50%\x1b[2J|##  |")])
    chosen.say("recording")
    chosen.end()
    shown = terminal.text()
    assert "epoch 1\n" in shown
    assert shown.index("epoch 1\n") < shown.index("running\n 50%|##  |")
    assert "recording" in shown
    assert "50%" not in shown[shown.index("recording") :]
    assert "\x1b[2J" not in shown


def test_a_line_that_was_left_open_is_not_drawn_over(monkeypatch):
    terminal = open_terminal(monkeypatch)
    chosen = talk.talk(quiet=False)
    chosen.say("running")
    chosen.console(Piece("stdout", b"no end"))
    before = terminal.text()
    chosen.progress({"loss": (1, 0.5)})
    chosen.tails([Piece("stderr", b" 50%")])
    assert terminal.text() == before
    chosen.end()
    assert terminal.text() == before + "\n"


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_a_terminal_may_ask_for_plain_lines(monkeypatch, name, value):
    open_terminal(monkeypatch)
    monkeypatch.setenv(name, value)
    assert type(talk.talk(quiet=False)) is talk.Lines
