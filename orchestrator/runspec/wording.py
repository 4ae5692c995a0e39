"""Pydantic's errors in plain words."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from itertools import islice
from typing import Any

from orchestrator.runspec import fields
from orchestrator.runspec.position import Path, escape, quote

_EXPECTED = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "string_type": "text",
    "bool_type": "true or false",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "dict_type": "a mapping",
    "tuple_type": "a list",
    "list_type": "a list",
}
_BOUNDS = {
    "greater_than": ("more than", "gt"),
    "greater_than_equal": ("at least", "ge"),
    "less_than": ("less than", "lt"),
    "less_than_equal": ("at most", "le"),
}
_PATTERNS = {
    fields.NAME_PATTERN: "must be letters, digits, `_`, `.`, `-` (128 at most), first a letter or `_`",
    fields.ENVIRONMENT_PATTERN: "must be letters, digits, `_` (128 at most), first a letter or `_`",
    fields.PYTHON_PATTERN: 'must read like "3.11"',
    fields.SHA256_PATTERN: "must be 64 hexadecimal digits, lower case",
    fields.SECRET_PATTERN: "must read env:NAME or file:PATH",
}
_LONGEST_NAME, _MOST_NAMES, _SHOWN = 128, 500, 20
"""Guessing what was meant stays cheap, whatever the file holds."""


def dotted(path: Path) -> str:
    """A path as a person writes it: ``code.include[0]``."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that this one was probably meant to be."""
    names = list(known)
    if len(name) > _LONGEST_NAME or len(names) > _MOST_NAMES:
        return None
    return next(iter(difflib.get_close_matches(name, names, n=1)), None)


def some(names: Iterable[str]) -> str:
    """The first of some names, for a message."""
    shown = [escape(name) for name in islice(names, _SHOWN + 1)]
    return ", ".join(shown[:_SHOWN]) + (", …" if len(shown) > _SHOWN else "")


def describe(value: Any) -> str:
    """What a value is, after "not": ``text``, ``a list``, ``empty``."""
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return str(value).lower()
    names = {int: "a whole number", float: "a number with decimals", str: "text", dict: "a mapping"}
    return names.get(type(value), "a list")


def explain(error: Any, path: Path, source: str | None) -> str:
    """One of pydantic's error details as a sentence. ``source`` is how an unquoted scalar is written."""
    kind, value, context = error["type"], error["input"], error.get("ctx", {})
    name = quote(dotted(path)) if path else "a runspec"
    if kind in _EXPECTED:
        hint = f'; write "{escape(source)}"' if kind == "string_type" and source else ""
        return f"{name} must be {_EXPECTED[kind]}, not {describe(value)}{hint}"
    if kind == "shape":
        return f"{name} must be {error['msg']}, not {describe(value)}"
    if kind in _BOUNDS:
        words, key = _BOUNDS[kind]
        return f"{name} must be {words} {context[key]}"
    if kind == "literal_error":
        return f"{name} must be {context['expected'].replace(chr(39), '`')}, not {_shown(value)}"
    if kind == "string_pattern_mismatch":
        return f"{name} {_PATTERNS.get(context['pattern'], 'does not match ' + context['pattern'])}"
    if kind == "value_error":
        return f"{name}: {context['error']}"
    return f"{name}: {error['msg'][0].lower()}{error['msg'][1:]}"


def _shown(value: Any) -> str:
    return quote(str(value)) if isinstance(value, str | int | float) else describe(value)
