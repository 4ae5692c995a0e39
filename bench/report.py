"""What was measured, as a table for people and as JSON."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from bench.measure import Figure

_HEAD = ("figure", "side", "median", "min", "max", "n", "value", "target", "")


def table(figures: Sequence[Figure]) -> str:
    """One line for each side, the figure's value and verdict on the first; notes below."""
    lines = [_HEAD, *(line for figure in figures for line in _lines(figure))]
    widths = [max(len(line[column]) for line in lines) for column in range(len(_HEAD))]
    text = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    notes = [f"{figure.name}: {note}" for figure in figures for note in (*figure.wrong, *figure.notes)]
    return "\n".join([*text, *(["", *notes] if notes else [])])


def headline(figure: Figure) -> str:
    return f"{_value(figure)}, target {figure.target.text}: {_verdict(figure)}"


def as_json(figures: Sequence[Figure]) -> str:
    machine = {
        "cpus": os.cpu_count(),
        "load": os.getloadavg(),
        "kernel": platform.release(),
        "python": platform.python_version(),
    }
    document = {
        "measured": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine,
        "figures": [_data(figure) for figure in figures],
    }
    return json.dumps(document, indent=1) + "\n"


def _lines(figure: Figure) -> list[tuple[str, ...]]:
    lines: list[tuple[str, ...]] = []
    for number, (side, taken) in enumerate(figure.samples.items()):
        judged = (_value(figure), figure.target.text, _verdict(figure)) if number == 0 else ("", "", "")
        shown = (_seconds(figure.medians[side]), _seconds(min(taken)), _seconds(max(taken)), str(len(taken)))
        lines.append(("" if number else figure.name, side, *shown, *judged))
    return lines


def _data(figure: Figure) -> dict[str, Any]:
    return {
        "name": figure.name,
        "target": figure.target.text,
        "value": figure.value,
        "met": figure.met,
        "medians": figure.medians,
        "samples": figure.samples,
        "wrong": figure.wrong,
        "notes": figure.notes,
    }


def _value(figure: Figure) -> str:
    return _seconds(figure.value) if figure.target.unit == "s" else f"{_number(figure.value)} {figure.target.unit}"


def _verdict(figure: Figure) -> str:
    return "met" if figure.met else "MISSED"


def _seconds(value: float) -> str:
    size = abs(value)
    if size >= 0.1:
        return f"{_number(value)} s"
    return f"{_number(value * 1e3)} ms" if size >= 1e-3 else f"{_number(value * 1e6)} µs"


def _number(value: float) -> str:
    return f"{value:.3f}" if value < 1 else f"{value:.2f}"
