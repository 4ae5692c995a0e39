"""The notes of what a job's processes reached for, read back. The job could have written them itself."""

from __future__ import annotations

import json
import posixpath
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from orchestrator.execution.untrusted import open_regular

MAX_BYTES = 32 << 20
"""Of a file that ends at half of that unless somebody else writes to it."""
_MAX_LINE = 1 << 16
_MAX_PATH = 4096
_MAX_HOST = 255
_MOST = 2**48
"""No size and no count is larger."""


@dataclass
class Trail:
    """All notes together."""

    read: dict[str, int] = field(default_factory=dict)
    """Path -> size in bytes, as it was when the file was first read."""
    made: set[str] = field(default_factory=set)
    """Paths that were written before they were read."""
    tries: Counter[tuple[str, int]] = field(default_factory=Counter)
    """Host and port, 0 where none was named -> how often."""
    missed: int = 0
    """Notes that are damaged, and accesses that were not noted."""


def read(file: Path) -> Trail | None:
    """The notes in a file; None where there is no such file."""
    try:
        stream = open_regular(file)
    except OSError:
        return None
    trail = Trail()
    with stream:
        left = MAX_BYTES
        while left > 0 and (line := stream.readline(_MAX_LINE)):
            left -= len(line)
            try:
                _take(json.loads(line), trail)
            except (ValueError, TypeError, RecursionError):
                trail.missed += 1
    trail.missed = min(trail.missed + (left <= 0), _MOST)
    return trail


def _take(note: object, trail: Trail) -> None:
    """Add one note.

    Raises:
        ValueError, TypeError: it is none.
    """
    if not isinstance(note, list):
        raise TypeError("not a note")
    match note:
        case ["r", path, size]:
            trail.read.setdefault(_path(path), _count(size))
        case ["w", path]:
            if (made := _path(path)) not in trail.read:
                trail.made.add(made)
        case ["c", host, port]:
            trail.tries[_text(host, _MAX_HOST), min(_count(port), 65535)] += 1
        case ["more", count]:
            trail.missed += _count(count)
        case _:
            raise ValueError("not a note")


def _path(value: object) -> str:
    path = _text(value, _MAX_PATH)
    if not path.startswith("/") or posixpath.normpath(path) != path:
        raise ValueError("not a normal path")
    return path


def _text(value: object, most: int) -> str:
    """What is no character is written out: ``\\udcff``."""
    if not isinstance(value, str) or not 0 < len(value) <= most:
        raise ValueError("not a text of this kind")
    return value.encode("utf-8", "backslashreplace").decode()


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _MOST:
        raise ValueError("not a count")
    return value
