"""Pieces go out as they are; what has begun stands below them on a terminal, and nowhere else."""

from __future__ import annotations

import io

import pytest

from orchestrator.cli.streams import Streams, rows
from orchestrator.execution.follow import Piece

BAR = Piece("stderr", b" 50%|##  |")


class Terminal(io.TextIOWrapper):
    def isatty(self):
        return True


class Screen:
    """Two streams that come out on the same terminal, or one of them elsewhere."""

    def __init__(self, monkeypatch, *, elsewhere: str = "") -> None:
        self.seen = io.BytesIO()
        self.file = io.BytesIO()
        for name in ("stdout", "stderr"):
            there = io.TextIOWrapper(self.file) if name == elsewhere else Terminal(self.seen)
            monkeypatch.setattr(f"sys.{name}", there)
        monkeypatch.setenv("TERM", "xterm")

    def text(self) -> str:
        """All that came since the last look."""
        text = self.seen.getvalue().decode()
        self.seen.seek(0)
        self.seen.truncate()
        return text


def test_a_bar_moves_and_goes_when_its_line_is_complete(monkeypatch):
    screen = Screen(monkeypatch)
    streams = Streams()
    streams.write(Piece("stdout", b"epoch 1\n"))
    streams.tails([BAR])
    assert screen.text() == "epoch 1\n\x1b[?7l 50%|##  |\x1b[?7h"
    streams.tails([BAR])
    assert screen.text() == ""
    streams.tails([Piece("stderr", b"100%|####|")])
    assert screen.text() == "\r\x1b[J\x1b[?7l100%|####|\x1b[?7h"
    streams.write(Piece("stderr", b"100%|####|\n"))
    assert screen.text() == "\r\x1b[J100%|####|\n"
    streams.end()
    assert screen.text() == ""


def test_several_lines_are_taken_back_together(monkeypatch):
    screen = Screen(monkeypatch)
    streams = Streams()
    streams.tails([Piece("stdout", b"name? "), Piece("stderr", b"a\nb")])
    assert screen.text() == "\x1b[?7lname? \na\nb\x1b[?7h"
    streams.tails([])
    assert screen.text() == "\r\x1b[A\x1b[A\x1b[J"


def test_what_is_shown_at_the_end_stays(monkeypatch):
    screen = Screen(monkeypatch)
    streams = Streams()
    streams.tails([BAR])
    streams.end()
    assert screen.text() == "\x1b[?7l 50%|##  |\x1b[?7h\n"


def test_nothing_is_shown_beside_an_open_line(monkeypatch):
    screen = Screen(monkeypatch)
    streams = Streams()
    streams.write(Piece("stdout", b"open"))
    streams.tails([BAR])
    assert screen.text() == "open"


def test_a_file_gets_the_pieces_alone(monkeypatch):
    screen = Screen(monkeypatch, elsewhere="stdout")
    streams = Streams()
    streams.tails([Piece("stdout", b"begun"), BAR])
    streams.write(Piece("stdout", b"begun and done\n"))
    assert screen.file.getvalue() == b"begun and done\n"
    assert screen.text() == "\x1b[?7l 50%|##  |\x1b[?7h\r\x1b[J"


def test_a_dumb_terminal_gets_the_pieces_alone(monkeypatch):
    screen = Screen(monkeypatch)
    monkeypatch.setenv("TERM", "dumb")
    Streams().tails([BAR])
    assert screen.text() == ""


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        (b"", []),
        (b"  \n \x1b[0m\n", []),
        (b"\x1b[31mred\x1b[0m \x1b[2J\x1b[1;1H\x1b]0;title\x07 \xff\t|", ["red 0;title  \ufffd |"]),
        (b"cut \x1b[3", ["cut"]),
        (b"\n".join(b"%d" % number for number in range(100)), [str(number) for number in range(90, 100)]),
    ],
)
def test_nothing_in_a_begun_line_steers_the_terminal(data, shown):
    assert rows([Piece("stdout", data)]) == shown
