"""Samples of what the container uses, taken in the agent's loop. Facts: no part of an outcome.

Each is a line of :data:`wire.SYSTEM`, a JSON object: ``time`` (nanoseconds since the epoch), ``cpu`` (CPUs in use since
the last sample), ``memory`` (bytes, without the cache of files), ``memory_largest`` (bytes, the most that one of the
job's processes had, of those that have ended), ``disk_read`` and ``disk_written`` (bytes since the start),
``outputs_free`` (bytes where /outputs lies), ``gpus``. What cannot be told is left out.
"""

from __future__ import annotations

import json
import os
import resource
import time

from . import wire
from .cgroup import SILENT, Container

TYPE_CHECKING = False  # importing typing takes longer than all the rest
if TYPE_CHECKING:
    from .append import Appender
    from .nvml import Gpus

SHORTEST, LONGEST = 0.5, 30.0
"""Seconds between samples; in between it is a two-hundredth of the time that has passed."""

_DEVICES = ("/dev/nvidiactl", "/dev/dxg")


def interval(elapsed: float) -> float:
    """How long to wait for the next sample, ``elapsed`` seconds after the first."""
    return min(LONGEST, max(SHORTEST, elapsed / 200))


class Sampler:
    """Samples when it is time to. Nothing that goes wrong here is felt elsewhere."""

    def __init__(self, file: Appender, outputs: str = wire.OUTPUTS) -> None:
        self._file = file
        self._outputs = outputs
        self._container = Container()
        self._gpus = gpus()
        self._began = time.monotonic()
        self._last: tuple[float, float] | None = None  # when, and CPU seconds by then
        self.due = self._began
        """When the next sample is to be taken, on the monotonic clock."""

    def refresh(self) -> None:
        """Take a sample, if it is time."""
        if time.monotonic() >= self.due:
            self.sample()

    def sample(self) -> None:
        """Take a sample now."""
        now = time.monotonic()
        self.due = now + interval(now - self._began)
        found: dict[str, object] = {"time": time.time_ns()}
        for read in (self._cpu, self._memory, self._largest, self._disk, self._free, self._of_gpus):
            try:
                found.update(read())
            except SILENT:
                pass
        try:
            self._file.append(json.dumps(found).encode() + b"\n")
        except OSError:
            pass

    def close(self) -> None:
        """Take the last sample: the job has ended."""
        self.sample()
        if self._gpus is not None:
            self._gpus.close()

    def _cpu(self) -> dict[str, object]:
        before, self._last = self._last, (time.monotonic(), self._container.cpu_seconds())
        if before is None or self._last[0] <= before[0]:
            return {}
        return {"cpu": round((self._last[1] - before[1]) / (self._last[0] - before[0]), 3)}

    def _memory(self) -> dict[str, object]:
        return {"memory": self._container.memory()}

    def _largest(self) -> dict[str, object]:
        """A job may come and go between two samples: the kernel has seen it all the same."""
        return {"memory_largest": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss << 10}

    def _disk(self) -> dict[str, object]:
        read, written = self._container.disk()
        return {"disk_read": read, "disk_written": written}

    def _free(self) -> dict[str, object]:
        state = os.statvfs(self._outputs)
        return {"outputs_free": state.f_bavail * state.f_frsize}

    def _of_gpus(self) -> dict[str, object]:
        return {"gpus": self._gpus.read()} if self._gpus is not None else {}


def gpus() -> Gpus | None:
    """The GPUs of this container; None where there are none that can be asked."""
    if not any(map(os.path.exists, _DEVICES)):
        return None
    try:
        from .nvml import Gpus  # ctypes takes 10 ms to load

        return Gpus()
    except (OSError, ImportError):  # this Python may have no ctypes
        return None


def describe_gpus() -> dict[str, object]:
    """Driver, CUDA and devices, as :meth:`nvml.Gpus.describe` has them; empty where there are none."""
    found = gpus()
    if found is None:
        return {}
    try:
        return found.describe()
    finally:
        found.close()
