"""The line that a stream has not ended yet, in a small file: for whoever looks on, the record does not need it."""

from __future__ import annotations

import os

from . import wire
from .untrusted import open_to_write


class Tail:
    """A file that reads ``OFFSET LENGTH``, a line feed, and so many bytes.

    They follow the first ``OFFSET`` bytes of the stream's record; where that has grown since, they are stale. The
    file is written in place, with one call: what stands behind those bytes is left from before.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._file: int | None = None
        self._content = b""

    def write(self, offset: int, text: bytes) -> None:
        """Show the end of ``text``. Where that cannot be done, nobody sees it."""
        shown = text[-wire.MAX_TAIL :]
        content = b"%d %d\n%s" % (offset, len(shown), shown)
        if content == self._content or (self._file is None and not shown):
            return
        try:
            if self._file is None:
                self._file = open_to_write(self._path)
            os.pwrite(self._file, content, 0)
            self._content = content
        except OSError:
            pass
