"""The job's streams on our own, and on a terminal below them the lines that are not complete yet."""

from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from orchestrator.execution.follow import Piece

_ROWS = 10
_ESCAPE = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]?|.?)")
_NO_WRAP, _WRAP, _ERASE_BELOW = "\x1b[?7l", "\x1b[?7h", "\x1b[J"


def rows(tails: list[Piece]) -> list[str]:
    """Begun lines as a terminal can show them: the last few, and nothing in them that steers it."""
    text = _ESCAPE.sub("", "\n".join(tail.data.decode(errors="replace") for tail in tails)).rstrip()
    lines = text.split("\n") if text else []
    return ["".join(letter if letter.isprintable() else " " for letter in line) for line in lines[-_ROWS:]]


class Streams:
    """Writes pieces as they are, each to the stream of its name."""

    def __init__(self) -> None:
        self._streams = {"stdout": sys.stdout, "stderr": sys.stderr}
        self._shown: list[str] = []
        self._mid_line = False  # the last piece did not end its line: nothing can stand below it

    def write(self, piece: Piece) -> None:
        """Write a piece."""
        self._show([])
        stream = self._streams[piece.stream]
        stream.buffer.write(piece.data)
        stream.buffer.flush()
        self._mid_line = not piece.data.endswith(b"\n")

    def tails(self, tails: list[Piece]) -> None:
        """Show these lines in the place of those before."""
        self._show(rows([tail for tail in tails if _is_terminal(self._streams[tail.stream])]))

    def end(self) -> None:
        """Leave what is shown."""
        if self._shown:
            self._draw("\n")
            self._shown = []

    def _show(self, lines: list[str]) -> None:
        if lines == self._shown or self._mid_line:
            return
        erase = "\r" + "\x1b[A" * (len(self._shown) - 1) + _ERASE_BELOW if self._shown else ""
        self._draw(erase + (_NO_WRAP + "\n".join(lines) + _WRAP if lines else ""))
        self._shown = lines

    def _draw(self, text: str) -> None:
        terminal = next(stream for stream in self._streams.values() if _is_terminal(stream))
        terminal.write(text)
        terminal.flush()


def _is_terminal(stream: TextIO) -> bool:
    return stream.isatty() and os.environ.get("TERM") != "dumb"
