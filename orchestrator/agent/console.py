"""The job's stdout and stderr: what is kept of each, and beside them when which came."""

from __future__ import annotations

import os
import time

from . import wire
from .lines import Lines
from .redact import Secrets, Stream
from .tail import Tail

_CHUNK = 1 << 16
TAIL_SECONDS = 0.1
"""A line that has begun is shown at most so often; a bar may move a thousand times a second."""


class Console:
    """Copies two pipes into two files; ``console`` gets a line ``TIME_NS STREAM LENGTH`` for each piece.

    ``STREAM`` is ``o`` or ``e``; a piece is whole lines, as :class:`Lines` keeps them, and one that has begun waits in
    memory for its end. Where the record cannot be written the pipes are still drained, so that the job never blocks.
    The values of ``secrets`` never reach a file.
    """

    def __init__(self, folder: str, secrets: Secrets) -> None:
        self.lost = 0
        """Bytes that should have been kept and are in no file."""
        self.due: float | None = None
        """When :meth:`refresh` has something to do, by the monotonic clock."""
        self._came = self._kept = 0
        self._refreshed = 0.0
        self._open: dict[int, _Stream] = {}  # by the reading end of its pipe
        self.writing_ends = []
        for letter in wire.STREAM_OF:
            reading, writing = os.pipe()
            os.set_blocking(reading, False)
            self._open[reading] = _Stream(folder, letter, secrets)
            self.writing_ends.append(writing)
        self._streams = list(self._open.values())
        self._index = _append_to(folder, wire.CONSOLE)

    @property
    def folded(self) -> int:
        """Bytes of progress that were left out of the record, once all is drained."""
        return self._came - self._kept

    def close_writing_ends(self) -> None:
        """To be called in the parent, once the job holds them."""
        for writing in self.writing_ends:
            os.close(writing)

    def pipes(self) -> list[int]:
        """The pipes that are still open, to wait for."""
        return list(self._open)

    def copy(self, pipe: int) -> bool:
        """Copy one piece. False where there is nothing (more) to read now."""
        stream = self._open.get(pipe)
        if stream is None:
            return False
        try:
            piece = os.read(pipe, _CHUNK)
        except BlockingIOError:
            return False
        if not piece:
            os.close(pipe)
            del self._open[pipe]
            self._end(stream)
            return False
        self._came += len(piece)
        self._keep(stream, stream.lines.feed(piece))
        self.due = self.due or self._refreshed + TAIL_SECONDS
        return True

    def refresh(self) -> None:
        """Show the lines that have begun, where it is time to."""
        if self.due is not None and time.monotonic() >= self.due:
            self._refreshed, self.due = time.monotonic(), None
            for stream in self._streams:
                stream.tail.write(stream.size, stream.hiding.preview(stream.lines.unfinished()))

    def drain(self) -> None:
        """Copy all that the job left in its pipes; nothing comes after it."""
        for pipe in self.pipes():
            while self.copy(pipe):
                pass
        for stream in self._streams:
            self._end(stream)

    def _end(self, stream: _Stream) -> None:
        self._keep(stream, stream.lines.finish())
        self._append(stream, stream.hiding.finish())

    def _keep(self, stream: _Stream, data: bytes) -> None:
        self._kept += len(data)
        self._append(stream, stream.hiding.feed(data))

    def _append(self, stream: _Stream, data: bytes) -> None:
        for start in range(0, len(data), wire.MAX_PIECE):
            piece = data[start : start + wire.MAX_PIECE]
            written = self._write(stream, piece)
            self.lost += len(piece) - written
            stream.size += written

    def _write(self, stream: _Stream, piece: bytes) -> int:
        """How much was kept: nothing of what has no line in the index, or all that follows would shift."""
        before = [(handle, os.fstat(handle).st_size) for handle in (stream.file, self._index)]
        try:
            written = os.write(stream.file, piece)
            line = b"%d %s %d\n" % (time.time_ns(), stream.letter, written)
            if os.write(self._index, line) == len(line):
                return written
        except OSError:
            pass
        for handle, size in before:
            os.ftruncate(handle, size)
        return 0


class _Stream:
    """One of the two: what of it is kept, where, and how much that is so far."""

    def __init__(self, folder: str, letter: str, secrets: Secrets) -> None:
        self.letter = letter.encode()
        self.file = _append_to(folder, wire.STREAM_OF[letter])
        self.lines = Lines()
        self.hiding = Stream(secrets)
        self.tail = Tail(os.path.join(folder, wire.TAIL_OF[letter]))
        self.size = 0


def _append_to(folder: str, name: str) -> int:
    return os.open(os.path.join(folder, name), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
