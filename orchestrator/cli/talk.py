"""Talk on stderr: plain lines, or on a terminal a line that moves. Results never come here."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING, Protocol

import click

if TYPE_CHECKING:
    from orchestrator.execution.follow import Piece

_SHOWN = 4


class Talk(Protocol):
    """What a command says while it works."""

    def say(self, line: str) -> None:
        """One line of progress."""
        ...

    def console(self, piece: Piece) -> None:
        """A piece of the job's console, as it is."""
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

    def console(self, piece: Piece) -> None:
        """See :class:`Talk`."""

    def progress(self, points: dict[str, tuple[int, float]]) -> None:
        """See :class:`Talk`."""

    def end(self) -> None:
        """See :class:`Talk`."""


class Lines(Silence):
    """A line for each thing; the console passes through."""

    def say(self, line: str) -> None:
        """See :class:`Talk`."""
        click.echo(line, err=True)

    def console(self, piece: Piece) -> None:
        """See :class:`Talk`."""
        sys.stderr.buffer.write(piece.data)
        sys.stderr.buffer.flush()


class Moving(Lines):
    """A spinner with what is being done, how long it takes, and the latest metrics."""

    def __init__(self) -> None:
        from rich.console import Console

        self._status = Console(stderr=True, highlight=False).status("", spinner="dots")
        self._began = time.monotonic()
        self._line = ""

    def say(self, line: str) -> None:
        """See :class:`Talk`."""
        self._pause()
        if self._line:
            click.secho(f"{self._line} ({time.monotonic() - self._began:.1f} s)", err=True, dim=True)
        self._line, self._began = line, time.monotonic()
        self._show(line)

    def console(self, piece: Piece) -> None:
        """See :class:`Talk`."""
        self._pause()
        super().console(piece)
        if piece.data.endswith(b"\n"):
            self._show(self._line)

    def progress(self, points: dict[str, tuple[int, float]]) -> None:
        """See :class:`Talk`."""
        from orchestrator.compare.values import printable

        latest = [f"{printable(name)} {value:.5g} at {step}" for name, (step, value) in list(points.items())[:_SHOWN]]
        self._show(" · ".join([self._line, f"{time.monotonic() - self._began:.0f} s", *latest]))

    def end(self) -> None:
        """See :class:`Talk`."""
        self._pause()

    def _show(self, text: str) -> None:
        from rich.text import Text

        self._status.update(Text(text))
        self._status.start()

    def _pause(self) -> None:
        self._status.stop()
