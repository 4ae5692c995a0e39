"""What the container uses, as the kernel counts it: control groups of either version, /proc where there are none.

Each quantity has several sources; the first that tells is asked from then on. A source that does not tell raises one of
:data:`SILENT`.
"""

from __future__ import annotations

import os
from functools import partial

TYPE_CHECKING = False  # importing typing takes longer than all the rest
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

SILENT = (OSError, ValueError, KeyError, IndexError)
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


class Container:
    """The whole container: this process and all others in it.

    Args:
        cgroups: where control groups are mounted.
        proc: where processes are.
    """

    def __init__(self, cgroups: str = "/sys/fs/cgroup", proc: str = "/proc") -> None:
        self.cpu_seconds = _first(partial(_cpu_2, cgroups), partial(_cpu_1, cgroups), partial(_cpu_of_processes, proc))
        self.memory = _first(
            partial(_memory_2, cgroups), partial(_memory_1, cgroups), partial(_memory_of_processes, proc)
        )
        self.disk = _first(partial(_disk_2, cgroups), partial(_disk_1, cgroups))


def _first(*sources: Callable[[], Any]) -> Callable[[], Any]:
    for read in sources:
        try:
            read()
        except SILENT:
            continue
        return read
    return _untold


def _untold() -> Any:
    raise ValueError("no source tells this")


def _cpu_2(root: str) -> float:
    return _fields(root + "/cpu.stat")[b"usage_usec"] / 1e6


def _cpu_1(root: str) -> float:
    return int(_read(root + "/cpuacct/cpuacct.usage")) / 1e9


def _memory_2(root: str) -> int:
    told = _fields(root + "/memory.stat")
    return _without_cache(int(_read(root + "/memory.current")), told[b"file"], told[b"shmem"])


def _memory_1(root: str) -> int:
    told = _fields(root + "/memory/memory.stat")
    used = int(_read(root + "/memory/memory.usage_in_bytes"))
    return _without_cache(used, told[b"total_cache"], told.get(b"total_shmem", 0))


def _without_cache(used: int, files: int, shared: int) -> int:
    """The kernel counts what lies in tmpfs and shared memory with the files; it cannot give these back, though."""
    return max(0, used - max(0, files - shared))


def _disk_2(root: str) -> tuple[int, int]:
    """Bytes read and written since the container began; a line ``8:0 rbytes=1 wbytes=2 …`` a device."""
    words = [word.partition(b"=") for word in _read(root + "/io.stat").split()]
    read, written = (sum(int(count) for name, _, count in words if name == key) for key in (b"rbytes", b"wbytes"))
    return read, written


def _disk_1(root: str) -> tuple[int, int]:
    """The same, from lines ``8:0 Read 1``."""
    lines = [line.split() for line in _read(root + "/blkio/blkio.throttle.io_service_bytes").splitlines()]
    read, written = (sum(int(line[2]) for line in lines if line[1] == key) for key in (b"Read", b"Write"))
    return read, written


def _cpu_of_processes(proc: str) -> float:
    """With what their ended children took."""
    ticks = 0
    for stat in _of_processes(proc, "stat"):
        ticks += sum(map(int, stat.rpartition(b")")[2].split()[11:15]))
    return ticks / _TICKS


def _memory_of_processes(proc: str) -> int:
    """Resident pages; those that processes share are counted for each."""
    return sum(int(statm.split()[1]) for statm in _of_processes(proc, "statm")) * _PAGE


def _of_processes(proc: str, name: str) -> list[bytes]:
    found = []
    for process in filter(str.isdigit, os.listdir(proc)):
        try:
            found.append(_read(os.path.join(proc, process, name)))
        except OSError:
            pass  # it has just ended
    return found


def _fields(path: str) -> dict[bytes, int]:
    return {line.split()[0]: int(line.split()[1]) for line in _read(path).splitlines()}


def _read(path: str) -> bytes:
    with open(path, "rb", buffering=0) as stream:
        return stream.read()
