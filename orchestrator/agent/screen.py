"""What a terminal would show of lines that are drawn over again and again: one progress bar, or several."""

from __future__ import annotations

import re

MAX_ROWS = 32
"""A cursor that goes up further stays in the top row, as it does on a terminal."""

_STEERING = rb"\x1b\[([0-9]{0,3})([ABEFK])"
_WORD = re.compile(rb"\r|\n|" + _STEERING + rb"|(?:[^\r\n\x1b]+|\x1b(?!\[[0-9]{0,3}[ABEFK]))+")


class Screen:
    """Rows that may still change, and a cursor. They scroll out at the top, one by one, and are final then.

    There are as many rows as the cursor has gone up: one, as long as it never has, and that one is final as soon as
    its line ends. Columns are not kept: after a carriage return, text takes the place of all that stood in its row.
    """

    def __init__(self) -> None:
        self._clear()

    def _clear(self) -> None:
        self._rows: list[bytes | None] = [b""]  # None: scrolled out before the cursor came back, and not drawn again
        self._at = 0
        self._returned = True  # the cursor stands at the beginning of its row
        self._written = self._redrawn = False  # since the last line ended: there was text, the cursor was moved

    @property
    def is_empty(self) -> bool:
        """Whether nothing stands here that may still change."""
        return self._rows == [b""]

    def copy(self) -> Screen:
        """Another one that looks the same."""
        other = Screen()
        other.__dict__.update(self.__dict__, _rows=list(self._rows))
        return other

    def show(self, text: bytes) -> bytes:
        """Write to the screen. Returns the rows that became final by it, as lines."""
        final = []
        for word in _WORD.finditer(text):
            if word[0] == b"\n":
                final.append(self._end_line())
            elif word[0] == b"\r":
                self._returned = self._redrawn = True
            elif word[2]:
                self._steer(word[2], word[1])
            else:
                self._write(word[0])
        return b"".join(final)

    def text(self) -> bytes:
        """The rows as they are."""
        rows = self._rows[:]
        while len(rows) - 1 > self._at and not (rows[-1] or b"").strip():
            rows.pop()
        return b"\n".join(_wiped(row) for row in rows if row is not None)

    def settle(self) -> bytes:
        """Make all rows final: lines, where there are several. The screen is empty afterwards."""
        text, several = self.text(), len(self._rows) > 1
        self._clear()
        return text + b"\n" if several and text and not text.endswith(b"\n") else text

    def _write(self, text: bytes) -> None:
        row = self._rows[self._at]
        self._rows[self._at] = text if self._returned or row is None else row + text
        self._returned, self._written = False, True

    def _steer(self, letter: bytes, number: bytes) -> None:
        """``A`` up, ``B`` down, ``F`` and ``E`` the same to the beginning of the row; ``K`` erases."""
        self._redrawn = True
        if letter == b"K":
            if number == b"2" or (self._returned and number != b"1"):
                self._rows[self._at] = b""
            return
        rows = max(1, int(number or 1))
        self._at += rows if letter in b"BE" else -rows
        while self._at < 0 and len(self._rows) < MAX_ROWS:
            self._rows.insert(0, None)
            self._at += 1
        self._at = min(max(0, self._at), len(self._rows) - 1)
        self._returned = self._returned or letter in b"EF"

    def _end_line(self) -> bytes:
        plain = self._written and not self._redrawn
        self._returned, self._written, self._redrawn = True, False, False
        if self._at < len(self._rows) - 1:
            self._at += 1
            return b""
        if plain:  # ordinary text below the bars: they are done
            text = self.text()
            self._clear()
            return text + b"\n"
        row = self._rows.pop(0)
        self._rows.append(b"")
        return b"" if row is None else _wiped(row) + b"\n"


def _wiped(row: bytes) -> bytes:
    """A bar that goes away writes blanks over itself."""
    return b"" if row.isspace() else row
