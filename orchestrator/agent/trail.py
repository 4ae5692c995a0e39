"""The file that a job's processes leave their accesses in: appended to by all of them, and in nobody's way."""

from __future__ import annotations

import fcntl
import os

FIRST_DESCRIPTOR = 100
"""The job's own descriptors keep the numbers that they would have without us."""
MAX_BYTES = 16 << 20
"""No more is appended to a file of this size."""


class Trail:
    """One ``write`` a line. The file is opened at the first one, and again where the job has closed it."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._file = -1
        self._which = (0, 0)  # device and inode

    def append(self, line: str) -> bool:
        """Append a line of ASCII; False where the file is long enough.

        Raises:
            OSError: it cannot be written.
        """
        if self._size() > MAX_BYTES:
            return False
        os.write(self._file, line.encode("ascii"))
        return True

    def _size(self) -> int:
        """How long the file is; afterwards it is open."""
        try:
            state = os.fstat(self._file)
        except OSError:
            return self._open()
        if (state.st_dev, state.st_ino) != self._which:  # the number is another file's by now
            return self._open()
        return state.st_size

    def _open(self) -> int:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
        low = os.open(self._path, flags, 0o644)
        try:
            self._file = fcntl.fcntl(low, fcntl.F_DUPFD_CLOEXEC, FIRST_DESCRIPTOR)
        finally:
            os.close(low)
        state = os.fstat(self._file)
        self._which = (state.st_dev, state.st_ino)
        return state.st_size


def quote(text: str) -> str:
    """A text as JSON in ASCII; what is no character becomes half a surrogate pair. (Importing json takes 10 ms.)"""
    if text.isascii() and text.isprintable() and '"' not in text and "\\" not in text:
        return '"%s"' % text
    units = text.encode("utf-16-be", "surrogatepass").hex()
    return '"%s"' % "".join("\\u" + units[at : at + 4] for at in range(0, len(units), 4))
