"""The job's stdout and stderr: each kept byte for byte, and beside them when which came."""

from __future__ import annotations

import os
import time

from . import wire

_CHUNK = 1 << 16


class Console:
    """Copies two pipes into two files; ``console`` gets a line ``TIME_NS STREAM LENGTH`` for each piece.

    ``STREAM`` is ``o`` or ``e``. Where the record cannot be written the pipes are still drained, so that the job
    never blocks; ``lost`` counts the bytes that are in no file.
    """

    def __init__(self, folder: str) -> None:
        self.lost = 0
        self._index = _append_to(folder, wire.CONSOLE)
        self._files = {}  # reading end of a pipe -> (stream letter, file)
        self.writing_ends = []
        for letter in ("o", "e"):
            reading, writing = os.pipe()
            os.set_blocking(reading, False)
            self._files[reading] = (letter, _append_to(folder, wire.STREAM_OF[letter]))
            self.writing_ends.append(writing)

    def close_writing_ends(self) -> None:
        """To be called in the parent, once the job holds them."""
        for writing in self.writing_ends:
            os.close(writing)

    def pipes(self) -> list[int]:
        """The pipes that are still open, to wait for."""
        return list(self._files)

    def copy(self, pipe: int) -> bool:
        """Copy one piece. False where there is nothing (more) to read now."""
        if pipe not in self._files:
            return False
        letter, file = self._files[pipe]
        try:
            piece = os.read(pipe, _CHUNK)
        except BlockingIOError:
            return False
        if not piece:
            os.close(pipe)
            del self._files[pipe]
            return False
        self.lost += len(piece) - self._write(letter, file, piece)
        return True

    def _write(self, letter: str, file: int, piece: bytes) -> int:
        """How much was kept: nothing of what has no line in the index, or all that follows would shift."""
        before = [(handle, os.fstat(handle).st_size) for handle in (file, self._index)]
        try:
            written = os.write(file, piece)
            line = b"%d %s %d\n" % (time.time_ns(), letter.encode(), written)
            if os.write(self._index, line) == len(line):
                return written
        except OSError:
            pass
        for handle, size in before:
            os.ftruncate(handle, size)
        return 0

    def drain(self) -> None:
        """Copy all that the job left in its pipes."""
        for pipe in self.pipes():
            while self.copy(pipe):
                pass


def _append_to(folder: str, name: str) -> int:
    return os.open(os.path.join(folder, name), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
