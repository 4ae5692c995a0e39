"""Appending lines to a file that several processes write to: one ``write`` each, so that no two of them mix."""

from __future__ import annotations

import os

from .untrusted import open_to_write


class Appender:
    """A file that only grows. Nothing is buffered that a ``kill -9`` would lose.

    Raises:
        OSError: it cannot be opened: the disk is full, or something else stands there.
    """

    def __init__(self, path: str) -> None:
        self._file = open_to_write(path, os.O_APPEND)
        self._torn = False  # whether the last append was cut short: the next one begins on a new line

    def append(self, lines: bytes) -> None:
        """Append whole lines.

        Raises:
            OSError: they are not all there: the disk is full.
        """
        if self._torn:
            lines = b"\n" + lines
        written = 0
        try:
            written = os.write(self._file, lines)
        finally:
            self._torn = 0 < written < len(lines) or (self._torn and written == 0)
        if written < len(lines):
            raise OSError("the record is full: a line was cut short")
