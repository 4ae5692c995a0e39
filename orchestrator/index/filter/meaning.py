"""``field operator value`` -> a clause, as the type of the field has it. Raises ValueError with what is wrong."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta
from typing import get_args

from orchestrator.index.filter import names
from orchestrator.index.filter.words import Word
from orchestrator.index.query import AllOf, AnyOf, Clause, Condition, Field, Not, Operator
from orchestrator.index.values import ORDERS

_TIMES = frozenset({"created", "started", "ended"})
_DIGESTS = frozenset({"plan", "outcome", "image", "lock", "code"})
_BEGINNINGS = frozenset({"id", "of", "commit"})
"""As git does: what begins so is meant."""
_CHOICES = {
    "status": ("running", "finished", "failed", "killed", "lost"),
    "kind": ("submit", "replay"),
}
_LAST = re.compile(r"(s-)?last(~[0-9]+)?")
_ABOVE = "\U0010ffff"
_SPAN = re.compile(r"-?([0-9]{1,6})([smhdw])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_DAY = re.compile(r"[0-9]{4}(-[0-9]{2}){1,2}")
_PREFIX = "sha256:"
_WHOLE = len(_PREFIX) + 64


def clause(field: Field, operator: Operator, value: Word, now: datetime) -> Clause:
    """What is asked for."""
    if operator not in ORDERS and (field.group == "metrics" or field.name == "duration"):
        raise ValueError(f"`{operator}` compares texts, and {field.dotted} is a number")
    match field.group:
        case "metrics":
            return Condition(field, operator, _number(value, f"a metric is a number, not {value.shown}"))
        case "params":
            return _param(field, operator, value)
        case "data":
            return _digest(field, operator, value.text)
        case "tags" if field.name == names.SWEEP and operator in ORDERS:
            return _beginning(field, operator, value.text)
        case "tags" | "packages":
            return Condition(field, operator, value.text)
        case None:
            return _column(field, operator, value, now)


def _column(field: Field, operator: Operator, value: Word, now: datetime) -> Clause:
    name = field.name
    if name == "duration":
        return Condition(field, operator, _duration(value))
    if operator not in ORDERS:
        return Condition(field, operator, value.text)
    if name in _TIMES:
        return _time(field, operator, value, now)
    if name in _CHOICES:
        return Condition(field, operator, _choice(name, value.text.lower()))
    if name in _DIGESTS:
        return _digest(field, operator, value.text)
    if name in _BEGINNINGS:
        return _beginning(field, operator, value.text)
    return Condition(field, operator, value.text)


def _param(field: Field, operator: Operator, value: Word) -> Clause:
    """A parameter is a number or a text as it was given; MLflow knows texts alone, and quotes numbers."""
    texts = Condition(field, operator, value.text)
    try:
        number = float(value.text)
    except ValueError:
        return texts
    if operator not in ORDERS or not math.isfinite(number):
        return texts
    numbers = Condition(field, operator, number)
    return numbers if value.kind == "number" else AnyOf((numbers, texts))


def _digest(field: Field, operator: Operator, text: str) -> Clause:
    """A digest, or its beginning, with or without ``sha256:``."""
    if operator not in ORDERS or not re.fullmatch(r"(sha256:)?[0-9a-f]{1,64}", text):
        return Condition(field, operator, text)
    whole = _PREFIX + text.removeprefix(_PREFIX)
    return Condition(field, operator, whole) if len(whole) == _WHOLE else _beginning(field, operator, whole)


def _beginning(field: Field, operator: Operator, text: str) -> Clause:
    if not text:
        raise ValueError(f"an empty text is the beginning of every {field.name}")
    if _LAST.fullmatch(text):
        raise ValueError(f"{text!r} is a name on the command line; a filter takes ids, or their beginnings")
    begins = AllOf((Condition(field, ">=", text), Condition(field, "<", text + _ABOVE)))
    if operator == "=":
        return begins
    if operator == "!=":
        return AllOf((Condition(field, ">=", ""), Not(begins)))  # as all conditions: of runs that have one
    return Condition(field, operator, text)


def _time(field: Field, operator: Operator, value: Word, now: datetime) -> Clause:
    """``2026-11-24``, ``2026-11-24T10:30+01:00``; ``7d``: so long ago; MLflow's milliseconds since 1970."""
    text = value.text
    if _DAY.fullmatch(text):
        _moment(f"{text}-01"[:10], now)  # there is such a day
        if operator in ("<=", ">"):  # the whole of the day, or month
            return Condition(field, operator, text + _ABOVE)
        return _beginning(field, operator, text)
    return Condition(field, operator, _written(_moment(text, now)))


def _moment(text: str, now: datetime) -> datetime:
    if match := _SPAN.fullmatch(text):
        return now - timedelta(seconds=int(match[1]) * _SECONDS[match[2]])
    try:
        if re.fullmatch(r"[0-9]{9,16}", text):
            return datetime.fromtimestamp(int(text) / 1000, UTC)
        found = datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError) as error:
        raise ValueError(
            f"not a time: {text!r}; times read 2026-11-24, 2026-11-24T10:30, or 7d for so long ago"
        ) from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _written(time: datetime) -> str:
    """As records have it."""
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _duration(value: Word) -> float:
    if match := _SPAN.fullmatch(value.text.removeprefix("-")):
        return float(int(match[1]) * _SECONDS[match[2]])
    return _number(value, f"a duration is in seconds, or reads 5m, 2h; not {value.shown}")


def _number(value: Word, problem: str) -> float:
    try:
        number = float(value.text)
    except ValueError as error:
        raise ValueError(problem) from error
    if math.isnan(number):
        raise ValueError("no run is found by not-a-number; `is null` finds runs without a number there")
    return number


def _choice(name: str, text: str) -> str:
    if text not in _CHOICES[name]:
        raise ValueError(f"{name} is one of {', '.join(_CHOICES[name])}, not {text!r}")
    return text


OPERATORS: tuple[Operator, ...] = get_args(Operator)
