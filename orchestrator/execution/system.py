"""Samples of what a container used, summed up. The job could have written them itself."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import IO, Any

from orchestrator.model import Frozen

MAX_BYTES = 32 << 20
"""Of a file that has some thousand lines."""
_MAX_LINE = 1 << 16
_MAX_GPUS = 64
_MOST = 2**62


class GpuUsage(Frozen):
    """One GPU."""

    index: int
    name: str = ""
    utilisation_mean: float | None = None
    """Percent of the time in which it did something."""
    utilisation_peak: float | None = None
    memory_peak: float | None = None
    """Bytes."""
    memory_total: float | None = None
    power_peak: float | None = None
    """Watts."""


class Usage(Frozen):
    """A whole run. Means are over time; what was never told is None."""

    samples: int
    seconds: float
    """From the first sample to the last."""
    cpu_mean: float | None = None
    """CPUs in use."""
    cpu_peak: float | None = None
    memory_mean: float | None = None
    """Bytes, without the cache of files."""
    memory_peak: float | None = None
    disk_read: float | None = None
    """Bytes."""
    disk_written: float | None = None
    outputs_free: float | None = None
    """The fewest bytes that were free for outputs."""
    gpus: tuple[GpuUsage, ...] = ()


_Told = list[tuple[float, dict[str, Any]]]
"""For each sample the seconds since the one before, and what it tells."""


def summarise(stream: IO[bytes]) -> Usage | None:
    """The samples in a stream; None where there is none that can be read."""
    samples = list(_samples(_documents(stream)))
    if not samples:
        return None
    return Usage(
        samples=len(samples),
        seconds=round(sum(seconds for seconds, _ in samples), 3),
        cpu_mean=_mean(samples, "cpu"),
        cpu_peak=_peak(samples, "cpu"),
        memory_mean=_mean(samples, "memory"),
        memory_peak=max(_numbers(samples, "memory") + _numbers(samples, "memory_largest"), default=None),
        disk_read=_peak(samples, "disk_read"),
        disk_written=_peak(samples, "disk_written"),
        outputs_free=_least(samples, "outputs_free"),
        gpus=tuple(_gpus(samples)),
    )


def _documents(stream: IO[bytes]) -> Iterator[dict[str, Any]]:
    left = MAX_BYTES
    while left > 0 and (line := stream.readline(_MAX_LINE)):
        left -= len(line)
        try:
            document = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(document, dict):
            yield document


def _samples(documents: Iterable[dict[str, Any]]) -> Iterator[tuple[float, dict[str, Any]]]:
    """Those that stand in the order of their times."""
    before: float | None = None
    for document in documents:
        time_ns = _number(document, "time")
        if time_ns is not None and (before is None or time_ns >= before):
            yield (time_ns - (time_ns if before is None else before)) / 1e9, document
            before = time_ns


def _gpus(samples: _Told) -> Iterator[GpuUsage]:
    by_index: dict[int, _Told] = {}
    for seconds, sample in samples:
        listed = sample.get("gpus")
        for gpu in listed[:_MAX_GPUS] if isinstance(listed, list) else ():
            index = _number(gpu, "index") if isinstance(gpu, dict) else None
            if index is not None and index < _MAX_GPUS:
                by_index.setdefault(int(index), []).append((seconds, gpu))
    for index, values in sorted(by_index.items()):
        yield GpuUsage(
            index=index,
            name=str(values[0][1].get("name", ""))[:100].encode("utf-8", "backslashreplace").decode(),
            utilisation_mean=_mean(values, "utilisation"),
            utilisation_peak=_peak(values, "utilisation"),
            memory_peak=_peak(values, "memory_used"),
            memory_total=_peak(values, "memory_total"),
            power_peak=_peak(values, "power"),
        )


def _mean(told: _Told, name: str) -> float | None:
    """Over time: samples of a long run lie further apart towards its end."""
    numbers = [(seconds, number) for seconds, sample in told if (number := _number(sample, name)) is not None]
    length = sum(seconds for seconds, _ in numbers)
    if not length:
        return _peak(told, name)
    return round(sum(seconds * number for seconds, number in numbers) / length, 3)


def _peak(told: _Told, name: str) -> float | None:
    return max(_numbers(told, name), default=None)


def _least(told: _Told, name: str) -> float | None:
    return min(_numbers(told, name), default=None)


def _numbers(told: _Told, name: str) -> list[float]:
    return [number for _, sample in told if (number := _number(sample, name)) is not None]


def _number(sample: dict[str, Any], name: str) -> float | None:
    number = sample.get(name)
    if not isinstance(number, int | float) or isinstance(number, bool):
        return None
    return number if 0 <= number <= _MOST else None
