"""Whether a container's first process has ended, seen from this machine: the engine takes a while to notice.

When the first process of a PID name space is dead or a zombie, the kernel has ended and reaped every other one in it.
"""

from __future__ import annotations

from pathlib import Path


class FirstProcess:
    """A process on this machine, told from a later one of the same number by when it started."""

    def __init__(self, stat: Path, started: str) -> None:
        self._stat = stat
        self._started = started

    @classmethod
    def found(cls, pid: int | None) -> FirstProcess | None:
        """The process with this id, if it can be seen here and is first in a name space of its own."""
        folder = Path("/proc") / str(pid)
        try:
            numbers = next(line for line in (folder / "status").read_text().splitlines() if line.startswith("NSpid:"))
            ids = numbers.split()[1:]
            return cls(folder / "stat", _fields(folder / "stat")[1]) if len(ids) > 1 and ids[-1] == "1" else None
        except (OSError, StopIteration, IndexError):
            return None

    def has_ended(self) -> bool:
        """Whether it is dead, or a zombie."""
        try:
            state, started = _fields(self._stat)
        except OSError:
            return True
        return state in ("Z", "X") or started != self._started


def _fields(stat: Path) -> tuple[str, str]:
    """State and start time; the command before them may hold anything."""
    after_command = stat.read_text().rpartition(")")[2].split()
    return after_command[0], after_command[19]
