"""What is kept of a stream: lines as they are; of one that is drawn over again and again, how it looked last.

The same bytes come to the same bytes, however the pipe cuts them: a line is judged when it is complete, or has grown
to ``limit`` bytes, and never by when it came.
"""

from __future__ import annotations

import io
import re

from .screen import Screen

LIMIT = 1 << 16
WARY = 1 << 16
_UP = re.compile(rb"\x1b\[[0-9]{0,3}[AF]")


class Lines:
    """Takes a stream piece by piece and hands on what is to be kept of it.

    A line is folded to what a terminal would show of it where the cursor goes back in it: to its beginning, by a
    carriage return anywhere but at the end, or up. Nothing else is touched: not a line that is no UTF-8 or holds a
    NUL, nor the ``wary`` bytes after such a one, for binary data holds short lines that look like text.
    """

    def __init__(self, limit: int = LIMIT, wary: int = WARY) -> None:
        self._limit = limit
        self._wary = wary
        self._held = bytearray()  # a line that is not complete yet
        self._passing = False  # the rest of this line goes on as it is
        self._seen = 0  # bytes that were judged
        self._fold_from = 0  # the first of them that may be folded
        self._screen = Screen()

    def feed(self, piece: bytes) -> bytes:
        """Take a piece; returns what is to be kept now."""
        if self._passing:
            return self._pass(piece)
        self._held += piece
        if b"\n" not in piece and len(self._held) < self._limit:
            return b""
        text = bytes(self._held)
        self._held.clear()
        if self._screen.is_empty and text.count(b"\r") == text.count(b"\r\n") and not _goes_up(text):
            return self._plain(text)
        return b"".join(map(self._line, io.BytesIO(text).readlines()))

    def finish(self) -> bytes:
        """The stream is over: the rest of what is to be kept."""
        line = bytes(self._held)
        self._held.clear()
        if self._screen.is_empty and b"\r" not in line and not _goes_up(line):
            return line
        if self._may_fold(line):
            return self._screen.show(line) + self._screen.settle()
        return self._screen.settle() + line

    def unfinished(self) -> bytes:
        """What a terminal would show of that which is not kept yet."""
        screen = self._screen.copy()
        screen.show(bytes(self._held))
        return screen.text()

    def _pass(self, piece: bytes) -> bytes:
        end = piece.find(b"\n") + 1
        self._passing = not end
        self._seen += end or len(piece)
        return piece[:end] + self.feed(piece[end:]) if end else piece

    def _plain(self, text: bytes) -> bytes:
        """There is nothing to fold: all lines at once, which is as fast as memory."""
        end = text.rfind(b"\n") + 1
        if len(text) - end >= self._limit:
            self._passing = True
            end = len(text)
        self._held += text[end:]
        self._seen += end
        return text[:end]

    def _line(self, line: bytes) -> bytes:
        """A line, or the beginning of one."""
        kept = b""
        complete = line.endswith(b"\n")
        while not self._passing and len(line) - complete >= self._limit:
            more, line = self._shorten(line)
            kept += more
        if self._passing:
            self._passing = not complete
            self._seen += len(line)
            return kept + line
        if not complete:
            self._held += line
            return kept
        return kept + self._fold(line)

    def _shorten(self, line: bytes) -> tuple[bytes, bytes]:
        """Of a line beyond the limit: what is kept of it now, and what is still to be judged."""
        drawn = line[: line.rfind(b"\r", 0, self._limit - 1) + 1]
        if drawn and self._may_fold(drawn):
            return self._screen.show(drawn), line[len(drawn) :]
        self._passing = True
        return self._screen.settle() + drawn, line[len(drawn) :]

    def _fold(self, line: bytes) -> bytes:
        if self._screen.is_empty and b"\r" not in line[:-2] and not _goes_up(line):
            self._seen += len(line)
            return line
        return self._screen.show(line) if self._may_fold(line) else self._screen.settle() + line

    def _may_fold(self, text: bytes) -> bool:
        self._seen += len(text)
        if not _is_text(text):
            self._fold_from = self._seen + self._wary
        return self._seen >= self._fold_from


def _goes_up(text: bytes) -> bool:
    return b"\x1b[" in text and _UP.search(text) is not None


def _is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return b"\0" not in data
