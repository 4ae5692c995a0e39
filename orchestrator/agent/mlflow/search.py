"""MLflow's filter strings and orders: ``metrics.acc > 0.5 and params.lr = '0.1'``, ``metrics.acc DESC``."""

from __future__ import annotations

import re

from ..http import Refused

TYPE_CHECKING = False  # importing typing takes longer than all the rest
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Value = Callable[[str, str], object]
    """(kind, key) -> what the thing in question has there, or None."""

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<text>'(?:[^']|'')*')
      | (?P<quoted>"[^"]*"|`[^`]*`)
      | (?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w.]))
      | (?P<sign>!=|>=|<=|=|<|>|\(|\)|,|\.)
      | (?P<word>[\w/:-]+)
    )""",
    re.VERBOSE,
)
_KINDS = {
    **dict.fromkeys(("metric", "metrics"), "metrics"),
    **dict.fromkeys(("param", "params", "parameter", "parameters"), "params"),
    **dict.fromkeys(("tag", "tags"), "tags"),
    **dict.fromkeys(("attribute", "attributes", "attr", "run"), "attributes"),
    **dict.fromkeys(("dataset", "datasets"), "datasets"),
}
_SAME_ATTRIBUTE = {"created": "start_time", "Created": "start_time", "run name": "run_name", "Run name": "run_name"}
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda one, other: bool(one == other),
    "!=": lambda one, other: bool(one != other),
    ">": lambda one, other: bool(one > other),
    ">=": lambda one, other: bool(one >= other),
    "<": lambda one, other: bool(one < other),
    "<=": lambda one, other: bool(one <= other),
    "LIKE": lambda one, other: _like(one, other, 0),
    "ILIKE": lambda one, other: _like(one, other, re.IGNORECASE),
    "IN": lambda one, other: one in other,
    "NOT IN": lambda one, other: one not in other,
}
MAX_FILTER = 1 << 16


class Filter:
    """Comparisons joined by AND. ``plain``: the kind that a name without one has.

    Raises:
        Refused: it cannot be read.
    """

    def __init__(self, text: str, plain: str) -> None:
        self._tokens = _tokens(text)
        self._plain = plain
        self._clauses: list[tuple[str, str, str, Any]] = []
        while self._tokens:
            if self._clauses:
                self._expect("AND")
            self._clauses.append(self._clause())

    def fits(self, value: Value) -> bool:
        """Whether all comparisons hold; one with something that is not there does not."""
        return all(_holds(value(kind, key), operator, operand) for kind, key, operator, operand in self._clauses)

    def _clause(self) -> tuple[str, str, str, Any]:
        kind, key = _name(self._tokens, self._plain)
        operator = self._next("an operator").upper()
        if operator == "IS":
            negated = self._peek() == "NOT" and bool(self._next(""))
            self._expect("NULL")
            return kind, key, "IS NOT NULL" if negated else "IS NULL", None
        if operator == "NOT":
            operator += " " + self._next("IN").upper()
        if operator not in _COMPARE:
            raise Refused(400, "Invalid comparator '%s' in a filter string" % operator)
        return kind, key, operator, self._operands() if operator.endswith("IN") else self._operand()

    def _operands(self) -> list[Any]:
        self._expect("(")
        found = [self._operand()]
        while self._peek() == ",":
            self._next("")
            found.append(self._operand())
        self._expect(")")
        return found

    def _operand(self) -> Any:
        if not self._tokens:
            raise Refused(400, "A filter string ends where a value is expected")
        kind, text = self._tokens.pop(0)
        if kind == "number":
            return float(text)
        if kind == "text":
            return text[1:-1].replace("''", "'")
        if kind == "quoted":
            return text[1:-1]
        raise Refused(400, "'%s' in a filter string is no value: text needs quotes" % text)

    def _peek(self) -> str:
        return self._tokens[0][1].upper() if self._tokens else ""

    def _next(self, what: str) -> str:
        if not self._tokens:
            raise Refused(400, "A filter string ends where %s is expected" % what)
        return self._tokens.pop(0)[1]

    def _expect(self, word: str) -> None:
        if self._next(word).upper() != word:
            raise Refused(400, "%s is expected in a filter string" % word)


def ordered(found: list[Any], orders: object, plain: str) -> list[Any]:
    """Put in order by ``metrics.acc DESC`` and the like; what lacks a value comes last.

    Raises:
        Refused: an order cannot be read.
    """
    for text in reversed(_texts(orders)):
        tokens = _tokens(text)
        kind, key = _name(tokens, plain)
        direction = tokens.pop(0)[1].upper() if tokens else "ASC"
        if tokens or direction not in ("ASC", "DESC"):
            raise Refused(400, "Invalid order '%s'" % text)
        there = [one for one in found if one.value(kind, key) is not None]
        try:
            there.sort(key=lambda one: one.value(kind, key), reverse=direction == "DESC")
        except TypeError:
            raise Refused(400, "'%s' cannot be put in order" % text) from None
        found = [*there, *(one for one in found if one.value(kind, key) is None)]
    return found


def _texts(orders: object) -> list[str]:
    return [str(order) for order in (orders if isinstance(orders, list) else [orders]) if order]


def _tokens(text: str) -> list[tuple[str, str]]:
    if len(text) > MAX_FILTER:
        raise Refused(400, "A filter string of %d characters is too long" % len(text))
    found, at, text = [], 0, text.strip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            raise Refused(400, "A filter string cannot be read from '%s' on" % text[at : at + 40])
        found.append((match.lastgroup, match.group(match.lastgroup)))
        at = match.end()
    return found


def _name(tokens: list[tuple[str, str]], plain: str) -> tuple[str, str]:
    """``metrics.acc``, ``tags.`a b```, or a name alone."""
    parts: list[str] = []
    while tokens and tokens[0][0] in ("word", "quoted"):
        kind, text = tokens.pop(0)
        parts.append(text[1:-1] if kind == "quoted" else text)
        if not (tokens and tokens[0][1] == "."):
            break
        tokens.pop(0)
    if not parts:
        raise Refused(400, "A name is expected in a filter string")
    if len(parts) > 1 and parts[0] in _KINDS:
        key = ".".join(parts[1:])
        return _KINDS[parts[0]], _SAME_ATTRIBUTE.get(key, key)
    key = ".".join(parts)
    return plain, _SAME_ATTRIBUTE.get(key, key)


def _holds(value: object, operator: str, operand: Any) -> bool:
    if operator in ("IS NULL", "IS NOT NULL"):
        return (value is None) == (operator == "IS NULL")
    if isinstance(value, (list, tuple)):
        return any(_holds(one, operator, operand) for one in value)
    if value is None:
        return False
    try:
        return _COMPARE[operator](value, operand)
    except TypeError:
        raise Refused(400, "%r and %r cannot be compared in a filter string" % (value, operand)) from None


def _like(text: object, pattern: object, flags: int) -> bool:
    """``%`` stands for anything, ``_`` for one letter. Pieces are looked for from the left: nothing is tried twice."""
    if not (isinstance(text, str) and isinstance(pattern, str)):
        raise TypeError("LIKE compares text")
    first, *pieces = pattern.split("%")
    if not pieces:
        return _piece(first, flags).fullmatch(text) is not None
    found = _piece(first, flags).match(text)
    for piece in pieces[:-1]:
        found = found and _piece(piece, flags).search(text, found.end())
    last = len(text) - len(pieces[-1])
    return found is not None and last >= found.end() and _piece(pieces[-1], flags).fullmatch(text, last) is not None


def _piece(text: str, flags: int) -> re.Pattern[str]:
    return re.compile("".join("." if letter == "_" else re.escape(letter) for letter in text), flags | re.DOTALL)
