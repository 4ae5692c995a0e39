"""Talk on stderr: plain lines, or on a terminal a line that moves. Results never come here."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING, Protocol

import click

if TYPE_CHECKING:
    from rich.status import Status
    from rich.text import Text

    from orchestrator.execution.follow import Piece

_SHOWN = 4


class Talk(Protocol):
    """What a command says while it works."""

    def say(self, line: str) -> None:
        """One line of progress."""
        ...

    def note(self, line: str) -> None:
        """One line that stays: what to know or to do, now that the work is done."""
        ...

    def console(self, piece: Piece) -> None:
        """A piece of the job's console, as it is."""
        ...

    def tails(self, tails: list[Piece]) -> None:
        """The lines that the job has begun; they come as pieces once they are complete."""
        ...

    def progress(self, points: dict[str, tuple[int, float]]) -> None:
        """Each metric's latest (step, value)."""
        ...

    def end(self) -> None:
        """The work is over."""
        ...


def talk(*, quiet: bool) -> Talk:
    """The talk that fits where stderr goes."""
    if quiet:
        return Silence()
    if sys.stderr.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb":
        return Moving()
    return Lines()


class Silence:
    """Says nothing."""

    def say(self, line: str) -> None:
        """See :class:`Talk`."""

    def note(self, line: str) -> None:
        """See :class:`Talk`."""

    def console(self, piece: Piece) -> None:
        """See :class:`Talk`."""

    def tails(self, tails: list[Piece]) -> None:
        """See :class:`Talk`."""

    def progress(self, points: dict[str, tuple[int, float]]) -> None:
        """See :class:`Talk`."""

    def end(self) -> None:
        """See :class:`Talk`."""


class Lines(Silence):
    """A line for each thing; the console passes through, line by line."""

    def say(self, line: str) -> None:
        """See :class:`Talk`."""
        click.echo(line, err=True)

    def note(self, line: str) -> None:
        """See :class:`Talk`."""
        self.end()
        click.echo(line, err=True)

    def console(self, piece: Piece) -> None:
        """See :class:`Talk`."""
        sys.stderr.buffer.write(piece.data)
        sys.stderr.buffer.flush()


class Moving(Lines):
    """A spinner with what is being done, how long it takes, and the latest metrics; below it the job's begun lines."""

    def __init__(self) -> None:
        from rich.console import Console

        self._console = Console(stderr=True, highlight=False)
        self._status: Status | None = None
        self._began = time.monotonic()
        self._line = ""
        self._text = ""
        self._tails: list[Piece] = []
        self._mid_line = False  # the console's last piece did not end its line: nothing can stand below it

    def say(self, line: str) -> None:
        """See :class:`Talk`."""
        self.end()
        if self._line:
            click.secho(f"{self._line} ({time.monotonic() - self._began:.1f} s)", err=True, dim=True)
        self._line, self._began, self._tails = line, time.monotonic(), []
        self._show(line)

    def console(self, piece: Piece) -> None:
        """See :class:`Talk`."""
        self._pause()
        super().console(piece)
        self._mid_line = not piece.data.endswith(b"\n")
        self._tails = []  # one of them may be complete now
        self._show(self._line)

    def tails(self, tails: list[Piece]) -> None:
        """See :class:`Talk`."""
        if tails != self._tails:
            self._tails = tails
            self._show(self._text)

    def progress(self, points: dict[str, tuple[int, float]]) -> None:
        """See :class:`Talk`."""
        from orchestrator.compare.values import printable

        latest = [f"{printable(name)} {value:.5g} at {step}" for name, (step, value) in list(points.items())[:_SHOWN]]
        self._show(" · ".join([self._line, f"{time.monotonic() - self._began:.0f} s", *latest]))

    def end(self) -> None:
        """See :class:`Talk`."""
        self._pause()
        if self._mid_line:
            click.echo(err=True)
            self._mid_line = False

    def _show(self, text: str) -> None:
        self._text = text
        if self._mid_line:
            return
        if self._status is None:
            self._status = self._console.status("", spinner="dots")
            self._status.start()
        self._status.update(self._lines())

    def _lines(self) -> Text:
        """What is being done, beside the spinner, and what the job has begun; each no wider than the terminal."""
        from rich.text import Text

        from orchestrator.cli.streams import rows

        lines = [Text(self._text), *map(Text, rows(self._tails))]
        for line in lines:
            line.truncate(self._console.width - 2, overflow="ellipsis")
        return Text("\n").join(lines)

    def _pause(self) -> None:
        """Another one is begun afterwards: a status that goes on would take back rows that are not its own."""
        if self._status is not None:
            self._status.stop()
            self._status = None
