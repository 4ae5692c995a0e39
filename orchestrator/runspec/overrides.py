"""``--set PATH=VALUE``: one value of a spec, given on the command line."""

from __future__ import annotations

from typing import Any

from orchestrator.runspec import yaml
from orchestrator.runspec.findings import Findings
from orchestrator.runspec.position import Path, quote
from orchestrator.runspec.scalars import ScalarProblem, checked, resolve
from orchestrator.runspec.wording import describe, dotted, nearest, some

_OPEN = frozenset({"params", "data", "env", "secrets"})
"""Sections whose names the author chooses: an override must name one that is there, so that a typo shows."""

_FLAT = frozenset({("params",), ("env",), ("secrets",)})
"""Sections that hold single values: all that follows is one name, dots included."""


_BRIEF = {"determinism": "level"}
"""Sections that may be given as one value, and which of theirs that is: to set another one opens the section."""


class _Refused(ValueError):
    """Why an override cannot be applied."""


def apply(value: dict[str, Any], overrides: tuple[str, ...], findings: Findings) -> dict[str, Any]:
    """The value with each override applied in turn (the last one wins); what cannot be applied is a finding.

    Where an override set something, ``findings.overrides`` has its name from then on.
    """
    for override in overrides:
        name, equals, text = override.partition("=")
        try:
            if not equals or not name or name.endswith("."):
                raise _Refused("an override reads PATH=VALUE, such as params.lr=0.1")
            value = _opened(value, name)
            path = locate(value, name)
            value = _replaced(value, path, _scalar(text))
        except (_Refused, ScalarProblem) as problem:
            findings.add_override(name, str(problem))
        else:
            findings.overrides[path] = name
    return value


def _opened(value: dict[str, Any], name: str) -> dict[str, Any]:
    """The value, with the section that a name reaches into written in full."""
    section, inside, _ = name.partition(".")
    given = value.get(section)
    if inside and section in _BRIEF and isinstance(given, str):
        return {**value, section: {_BRIEF[section]: given}}
    return value


def locate(value: dict[str, Any], name: str) -> Path:
    """The path that a dotted name means. Names may have dots themselves: the longest that is there wins."""
    path: Path = ()
    inside: Any = value
    rest = name
    while rest:
        if not isinstance(inside, dict):
            raise _Refused(f"{quote(dotted(path))} is {_what(inside)}: nothing inside it can be set")
        if not path and name in (value.get("params") or {}) and name not in value:
            raise _Refused(f"no {quote(name)} in the spec; did you mean {quote('params.' + name)}?")
        part = _key(inside, rest, whole=path[:1] in _FLAT)
        if len(path) == 1 and path[0] in _OPEN and part not in inside:
            raise _Refused(_no_such(dotted(path), rest, inside))
        path, rest = (*path, part), rest[len(part) + 1 :]
        inside = inside.get(part, {})
    if isinstance(inside, dict | list) and inside:
        raise _Refused(f"{quote(name)} is {_what(inside)}: only single values can be set")
    return path


def _key(inside: dict[str, Any], rest: str, whole: bool) -> str:
    there = [key for key in inside if rest == key or rest.startswith(key + ".")]
    return max(there, key=len, default=rest if whole else rest.partition(".")[0])


def _no_such(section: str, name: str, known: dict[str, Any]) -> str:
    meant = nearest(name, known)
    names = some(known) or "nothing"
    advice = f"did you mean {quote(section + '.' + meant)}?" if meant else f"{section} has {names}"
    return f"no {quote(section + '.' + name)} in the spec; {advice}"


def _what(value: Any) -> str:
    return "a section" if isinstance(value, dict) else describe(value)


def _scalar(text: str) -> Any:
    """A YAML 1.2 scalar. Only quotes are special, so that ``*.txt`` or ``#3`` can be given as they are."""
    if text[:1] in ("[", "{"):
        raise _Refused("only single values can be set; if it is text, give it in quotes")
    if text[:1] not in ('"', "'"):
        return resolve(checked(text))
    reading = yaml.read(text.encode("utf-8", "replace"))
    if reading.problems or not isinstance(reading.value, str):
        raise _Refused(f"{quote(text)} is not a quoted text")
    return reading.value


def _replaced(value: dict[str, Any], path: Path, leaf: Any) -> dict[str, Any]:
    """A copy with one value replaced; sections on the way are made where they are missing."""
    head, *rest = path
    inner = _replaced(value.get(str(head), {}), tuple(rest), leaf) if rest else leaf
    return {**value, str(head): inner}
