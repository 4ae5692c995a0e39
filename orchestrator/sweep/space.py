"""The values that a parameter may take: counted off for a grid, or one for a number between 0 and 1."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal

from orchestrator.runspec.fields import Scalar
from orchestrator.runspec.sweep import Range

DIGITS = 6
"""What a number drawn at random is rounded to: nobody chooses a learning rate to the 17th digit, and logarithms differ
between machines only there."""

Values = Range | Sequence[Scalar]


def size(values: Values) -> int | None:
    """How many values there are; None where there is no end of them."""
    if not isinstance(values, Range):
        return len(values)
    step = values.step or (1 if values.whole else None)
    if step is None:
        return None
    return int((_exact(values.high) - _exact(values.low)) / _exact(step)) + 1


def nth(values: Values, number: int) -> Scalar:
    """A value of a finite dimension, counted from 0."""
    if not isinstance(values, Range):
        return values[number]
    exact = _exact(values.low) + number * _exact(values.step or 1)
    return int(exact) if _is_whole(values) else float(exact)


def at(values: Values, share: float) -> Scalar:
    """The value at a share of the way, 0 <= share < 1."""
    if not isinstance(values, Range):
        return values[int(share * len(values))]
    if values.log:
        return _on_log_scale(values, share)
    if (count := size(values)) is not None:
        return nth(values, int(share * count))
    return _rounded(values, values.low + share * (values.high - values.low))


def as_asked(values: Values, recorded: Scalar) -> Scalar:
    """A recorded value as it was suggested: in a record 1.0 has become 1."""
    if isinstance(values, Range):
        return recorded if values.whole else float(recorded)
    return next((value for value in values if value == recorded), recorded)


def _on_log_scale(values: Range, share: float) -> Scalar:
    """Whole numbers take up the half before and after them."""
    room = 0.5 if values.whole else 0.0
    low, high = math.log(values.low - room), math.log(values.high + room)
    found = math.exp(low + share * (high - low))
    if values.whole:
        return max(int(values.low), min(int(values.high), round(found)))
    return _rounded(values, found)


def _rounded(values: Range, value: float) -> float:
    return max(float(values.low), min(float(values.high), float(f"{value:.{DIGITS}g}")))


def _is_whole(values: Range) -> bool:
    return values.whole and (values.step is None or isinstance(values.step, int))


def _exact(value: float) -> Decimal:
    """A number as it is written: 0.1 and two steps of 0.1 make 0.3."""
    return Decimal(repr(value))
