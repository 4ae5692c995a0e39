"""Parallel coordinates as data: axes of numbers or of texts, a line for each run."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

MOST_LINES = 2000
_ORDERS = 100


class Axis(NamedTuple):
    """What stands on one axis."""

    name: str
    values: Sequence[Any]
    """Of each line; None where it has none."""


class Line(NamedTuple):
    """One run."""

    label: str
    address: str


def parallel(axes: Sequence[Axis], lines: Sequence[Line]) -> dict[str, Any] | None:
    """For the page's script; None where there are not two axes to draw between."""
    kept = lines[:MOST_LINES]
    drawn = [one for axis in axes if (one := _axis(axis.name, axis.values[:MOST_LINES])) is not None]
    if len(drawn) < 2:
        return None
    return {
        "axes": drawn,
        "lines": [{"label": line.label, "address": line.address} for line in kept],
    }


def _axis(name: str, values: Sequence[Any]) -> dict[str, Any] | None:
    there = [value for value in values if value is not None]
    if not there:
        return None
    if all(type(value) in (int, float) and math.isfinite(value) for value in there):
        return {
            "name": name,
            "values": list(values),
            "low": min(there),
            "high": max(there),
            "log": _spans(there),
            "texts": None,
        }
    texts = sorted({_text(value) for value in there})
    places = [None if value is None else texts.index(_text(value)) for value in values]
    return {"name": name, "values": places, "low": 0, "high": max(1, len(texts) - 1), "log": False, "texts": texts[:50]}


def _spans(values: Sequence[float]) -> bool:
    """Whether these are drawn by their orders of magnitude: on a plain axis most of them would lie in one place."""
    return min(values) > 0 and max(values) / min(values) >= _ORDERS


def _text(value: Any) -> str:
    return str(value)[:80]
