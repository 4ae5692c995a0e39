"""Plain scalars by the YAML 1.2 core schema: ``1e-3`` is a number; ``no`` and ``12:30:45`` are text."""

from __future__ import annotations

import math
import re

MAX_DIGITS = 100
"""More digits than any number here needs; Python refuses to convert a few thousand."""

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INTEGER = re.compile(r"(?P<decimal>[-+]?[0-9]+)|0o(?P<octal>[0-7]+)|0x(?P<hexadecimal>[0-9a-fA-F]+)")
_BASES = {"decimal": 10, "octal": 8, "hexadecimal": 16}
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_INFINITY = re.compile(r"([-+]?)\.(?:inf|Inf|INF)")
_NAN = frozenset({".nan", ".NaN", ".NAN"})

Scalar = str | bool | int | float | None


class ScalarProblem(ValueError):
    """A scalar that reads as something this program cannot hold; the message says what and what to write."""


def resolve(text: str) -> Scalar:
    """The value of a plain (unquoted) scalar.

    Raises:
        ScalarProblem: a number too large to hold.
    """
    if text in _NULL:
        return None
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if match := _INTEGER.fullmatch(text):
        return _integer(match)
    if _FLOAT.fullmatch(text):
        return _float(text)
    if match := _INFINITY.fullmatch(text):
        return float(match[1] + "inf")
    return math.nan if text in _NAN else text


def checked(text: str) -> str:
    r"""Text that every consumer can hold; the pairs of ``\u`` escapes that JSON writes are joined.

    Raises:
        ScalarProblem: a NUL, or half of a surrogate pair.
    """
    if "\0" in text:
        raise ScalarProblem("text cannot contain a NUL character")
    try:
        return text.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError as error:
        raise ScalarProblem("text contains half of a surrogate pair (\\ud800 to \\udfff)") from error


def _integer(match: re.Match[str]) -> int:
    base = match.lastgroup or "decimal"
    digits = match[base]
    if len(digits.lstrip("+-")) > MAX_DIGITS:
        raise ScalarProblem(f"a whole number of more than {MAX_DIGITS} digits; if it is text, write it in quotes")
    return int(digits, _BASES[base])


def _float(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise ScalarProblem("a number beyond ±1.8e308; if it is text, write it in quotes")
    return value
