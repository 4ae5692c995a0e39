"""Series -> one chart as SVG, which every browser and mail program draws by itself."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from orchestrator.metrics import Series
from orchestrator.report.downsampling import Drawn, drawn

WIDTH, HEIGHT = 640, 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 12, 10, 28
_POINTS = 1200
_TICKS = 5


@dataclass(frozen=True)
class Line:
    """One series, drawn."""

    name: str
    colour: int
    """Which of the page's colours it has."""
    path: str
    """SVG's commands; empty where no value is a finite number."""
    dots: tuple[tuple[float, float], ...]
    """Where a value stands alone between gaps."""
    last: str
    lowest: str
    highest: str
    points: int


@dataclass(frozen=True)
class Tick:
    """A mark on an axis."""

    at: float
    text: str


@dataclass(frozen=True)
class Chart:
    """One metric, of one run or several."""

    title: str
    lines: tuple[Line, ...]
    horizontal: tuple[Tick, ...]
    vertical: tuple[Tick, ...]

    @property
    def summary(self) -> str:
        """The chart in words."""
        return "; ".join(f"{line.name}: last {line.last}, from {line.lowest} to {line.highest}" for line in self.lines)


def chart(title: str, series: Mapping[str, Series]) -> Chart:
    """One chart of some series that have points, each by the name of its line."""
    samples = {name: drawn(one, None, None, _POINTS) for name, one in series.items() if len(one)}
    steps = [step for found in samples.values() for step in (found.steps[0], found.steps[-1])]
    values = [value for found in samples.values() for value in found.values if value is not None]
    across, up = _Axis.of(steps, WIDTH - _RIGHT, _LEFT), _Axis.of(values, _TOP, HEIGHT - _BOTTOM)
    lines = tuple(_line(name, number, found, across, up) for number, (name, found) in enumerate(samples.items()))
    return Chart(title, lines, tuple(across.ticks(least=1)), tuple(up.ticks()))


@dataclass(frozen=True)
class _Axis:
    """Numbers -> places in the picture."""

    low: float
    high: float
    start: float
    end: float

    @classmethod
    def of(cls, numbers: list[int] | list[float], end: float, start: float) -> _Axis:
        low, high = (float(min(numbers)), float(max(numbers))) if numbers else (0.0, 1.0)
        if low == high:
            low, high = low - (abs(low) / 2 or 0.5), high + (abs(high) / 2 or 0.5)
        return cls(low, high, start, end)

    def at(self, number: float) -> float:
        span = self.high / 2 - self.low / 2  # halves: their difference may be more than a float can hold
        part = (number / 2 - self.low / 2) / span if span else 0.5
        return round(self.start + (self.end - self.start) * part, 2)

    def ticks(self, least: float = 0) -> Iterator[Tick]:
        """``least``: how far they are apart at least, where only whole numbers have a meaning."""
        step = max(_round_step(self.high / _TICKS - self.low / _TICKS), least)
        if not (step > 0 and math.isfinite(self.low / step) and math.isfinite(self.high / step)):
            return
        first, last = math.ceil(self.low / step), math.floor(self.high / step)
        for number in range(first, min(last, first + 3 * _TICKS) + 1):
            yield Tick(self.at(number * step), f"{number * step:.6g}")


def _round_step(rough: float) -> float:
    """1, 2 or 5 times a power of ten."""
    if not (rough > 0 and math.isfinite(rough)):
        return 0.0
    power = 10.0 ** math.floor(math.log10(rough))
    return next((factor * power for factor in (1, 2, 5) if factor * power >= rough), 10 * power)


def _line(name: str, number: int, found: Drawn, across: _Axis, up: _Axis) -> Line:
    finite = [value for value in found.values if value is not None]
    pieces = list(_pieces(found, across, up))
    path = "".join(f"M{' L'.join(f'{x} {y}' for x, y in piece)}" for piece in pieces if len(piece) > 1)
    dots = tuple(piece[0] for piece in pieces if len(piece) == 1)
    last = found.values[-1]
    low, high = (f"{min(finite):.6g}", f"{max(finite):.6g}") if finite else ("none", "none")
    return Line(name, number % 8, path, dots, "no number" if last is None else f"{last:.6g}", low, high, found.total)


def _pieces(found: Drawn, across: _Axis, up: _Axis) -> Iterator[list[tuple[float, float]]]:
    """The stretches between gaps."""
    piece: list[tuple[float, float]] = []
    for step, value in zip(found.steps, found.values, strict=True):
        if value is not None:
            piece.append((across.at(step), up.at(value)))
        elif piece:
            yield piece
            piece = []
    if piece:
        yield piece
