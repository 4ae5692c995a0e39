"""Takes the values of secrets out of what a job writes. The agent does it as it writes, the host once more at the end.

Standard library only: this runs inside the container, and the host imports it from here.
"""

from __future__ import annotations

import bisect
import os
import re

from .needles import SHORTEST, needles
from .places import SECRETS

TYPE_CHECKING = False  # importing typing takes longer than all the rest
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import IO

HIDDEN = b"***"
ACROSS_LINES = 3
"""Bytes: a line that ends with fewer of a value than that is not held back to see what the next one brings."""
_CHUNK = 1 << 22
_BREAKS = b"\r\n"
_BREAK = re.compile(rb"[\r\n]")
_NO_BREAK = re.compile(rb"[^\r\n]")


def read_values(folder: str = SECRETS) -> dict[str, bytes]:
    """The values in a folder of secrets, by name; none where there is no such folder."""
    values = {}
    try:
        for name in sorted(os.listdir(folder)):
            with open(os.path.join(folder, name), "rb") as stream:
                values[name] = stream.read()
    except OSError:
        pass
    return values


class Secrets:
    """What is looked for. Line breaks do not count: a value that is written over several lines is found too."""

    def __init__(self, values: Mapping[str, bytes]) -> None:
        names: dict[bytes, str] = {}
        for name, value in sorted(values.items()):
            for needle in needles(value):
                names.setdefault(needle, name)
        self._names = names
        self._needles = sorted(names, key=lambda one: (-len(one), one))
        self.longest = len(self._needles[0]) if names else 0
        self._by_head: dict[bytes, list[bytes]] = {}
        for needle in self._needles:
            self._by_head.setdefault(needle[:ACROSS_LINES], []).append(needle)

    def __bool__(self) -> bool:
        return bool(self._needles)

    def first_in(self, data: bytes) -> str | None:
        """The name of a secret whose value stands in this data, or None."""
        bare = data.translate(None, _BREAKS)
        return next((self._names[needle] for needle in self._needles if needle in bare), None)

    def first_in_stream(self, stream: IO[bytes]) -> str | None:
        """The same of a stream, read to its end and kept nowhere."""
        kept = b""
        while True:
            chunk = stream.read(_CHUNK)
            if not chunk:
                return None
            kept += chunk.translate(None, _BREAKS)
            found = self.first_in(kept)
            if found is not None:
                return found
            kept = kept[max(0, len(kept) - self.longest + 1) :]

    def hide(self, data: bytes) -> bytes:
        """The data with ``***`` in the place of every value. Line breaks stay."""
        return replaced(data, self.spans(data))

    def blacken(self, data: bytes) -> bytes:
        """The same in as many bytes as before: for what is found again by its position."""
        black = bytearray(data)
        for start, end in self.spans(data):
            black[start:end] = _NO_BREAK.sub(b"*", data[start:end])
        return bytes(black)

    def text(self, text: str) -> str:
        """:meth:`hide` for text."""
        data = text.encode("utf-8", "surrogatepass")
        hidden = self.hide(data)
        return text if hidden == data else hidden.decode("utf-8", "replace")

    def spans(self, data: bytes) -> list[tuple[int, int]]:
        """Where values stand: first byte and the one after the last, in order, none sharing a byte with another."""
        bare = data.translate(None, _BREAKS)
        found = list(self._found(bare))
        if not found:
            return []
        layout = _Layout(data)
        merged: list[tuple[int, int]] = []
        for start, end in sorted((layout.held_from(start, end), end) for start, end in found):
            if merged and start < merged[-1][1]:
                merged[-1] = merged[-1][0], max(end, merged[-1][1])
            else:
                merged.append((start, end))
        return [(layout.place(start), layout.place(end - 1) + 1) for start, end in merged]

    def open_end(self, data: bytes) -> int:
        """Where the end of the data may be the beginning of a value, which more of it would complete; else its size."""
        tail = _last(data, self.longest - 1)
        bare = tail.translate(None, _BREAKS)
        start = min(self._beginnings(bare), default=None)
        if start is None and data[-1:] not in (b"\n", b"\r"):
            few = [bare[-size:] for size in range(ACROSS_LINES - 1, 0, -1)]
            begun = (one for one in few if any(head.startswith(one) for head in self._by_head))
            start = next((len(bare) - len(one) for one in begun), None)
        if start is None:
            return len(data)
        layout = _Layout(tail)
        return len(data) - len(tail) + layout.place(layout.held_from(start, len(bare)))

    def has_begun(self, rest: bytes) -> bool:
        """Whether this is a good part of a value's beginning: half of it, and not too little."""
        bare = rest.translate(None, _BREAKS)
        sizes = [len(needle) for needle in self._longer(bare) if needle.startswith(bare)]
        return bool(sizes) and len(bare) >= max(SHORTEST, min(sizes) // 2)

    def _beginnings(self, bare: bytes) -> Iterator[int]:
        """For each way in which a value may begin, where the end of the data could be the first such beginning."""
        for head, alike in self._by_head.items():
            start = bare.find(head)
            while start >= 0:
                rest = bare[start:]
                if any(len(needle) > len(rest) and needle.startswith(rest) for needle in alike):
                    yield start
                    break
                start = bare.find(head, start + 1)

    def _longer(self, than: bytes) -> Iterator[bytes]:
        return (needle for needle in self._needles if len(needle) > len(than))

    def _found(self, bare: bytes) -> Iterator[tuple[int, int]]:
        for needle in self._needles:
            start = bare.find(needle)
            while start >= 0:
                yield start, start + len(needle)
                start = bare.find(needle, start + 1)


NO_SECRETS = Secrets({})


class Stream:
    """Hides values in a stream that comes in pieces. The same bytes come to the same bytes, however they are cut.

    What could be the beginning of a value is held back, in memory, until it is clear what it is.
    """

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets
        self._passed = b""  # the last bytes that went on, without line breaks
        self._held = b""

    def feed(self, piece: bytes) -> bytes:
        """Take a piece; returns what can be shown by now."""
        if not self._secrets:
            return piece
        data, spans, cut = self._look(piece)
        shown = replaced(data[:cut], [span for span in spans if span[1] <= cut], len(self._passed))
        bare = data[:cut].translate(None, _BREAKS)
        self._passed, self._held = bare[max(0, len(bare) - self._secrets.longest + 1) :], data[cut:]
        return shown

    def preview(self, piece: bytes) -> bytes:
        """What :meth:`feed` would return, and nothing is taken."""
        passed, held = self._passed, self._held
        shown = self.feed(piece)
        self._passed, self._held = passed, held
        return shown

    def finish(self) -> bytes:
        """The stream is over: the rest of it. What is a good part of a value is hidden too."""
        if not self._secrets:
            return b""
        data = self._passed + self._held
        spans = [span for span in self._secrets.spans(data) if span[1] > len(self._passed)]
        begun = max(self._secrets.open_end(data), len(self._passed))
        if begun < len(data) and self._secrets.has_begun(data[self._secrets.open_end(data) :]):
            inside = [start for start, end in spans if end > begun]
            spans = [span for span in spans if span[1] <= begun] + [(min([begun, *inside]), len(data))]
        shown = replaced(data, spans, len(self._passed))
        self._passed = self._held = b""
        return shown

    def _look(self, piece: bytes) -> tuple[bytes, list[tuple[int, int]], int]:
        """All that is at hand, the values in it, and up to where nothing that comes can change it."""
        data = self._passed + self._held + piece
        spans = [span for span in self._secrets.spans(data) if span[1] > len(self._passed)]
        cut = max(self._secrets.open_end(data), len(self._passed))
        across = [start for start, end in spans if end > cut]
        return data, spans, max(min([cut, *across]), len(self._passed))


def replaced(data: bytes, spans: list[tuple[int, int]], begin: int = 0) -> bytes:
    """The data from ``begin`` on with ``***`` in the place of each span; line breaks within one follow it."""
    pieces = []
    for start, end in spans:
        start = max(start, begin)
        pieces += [data[begin:start], HIDDEN, b"".join(_BREAK.findall(data[start:end]))]
        begin = end
    return b"".join([*pieces, data[begin:]])


class _Layout:
    """Where the bytes of some data stand that are no line breaks."""

    def __init__(self, data: bytes) -> None:
        self._breaks = [found.start() - number for number, found in enumerate(_BREAK.finditer(data))]

    def place(self, bare: int) -> int:
        """The position of a byte, from its position among those that are no line breaks."""
        return bare + bisect.bisect_right(self._breaks, bare)

    def held_from(self, start: int, end: int) -> int:
        """What of a value was held back: of its first lines not those with too little of it to be known."""
        held = start
        for line in self._breaks[bisect.bisect_right(self._breaks, start) : bisect.bisect_left(self._breaks, end)]:
            if line - start >= ACROSS_LINES:
                break
            held = line
        return held


def _last(data: bytes, size: int) -> bytes:
    """The end of the data with so many bytes that are no line breaks, or a few more."""
    reach = size
    while reach < len(data) and len(data[-reach:].translate(None, _BREAKS) if reach else b"") < size:
        reach = 2 * reach
    return data[max(0, len(data) - reach) :]
