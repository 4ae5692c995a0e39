"""The grammar::

    filter     = anyof
    anyof      = allof {"or" allof}
    allof      = one {"and" one}
    one        = "not" one | "(" anyof ")" | comparison
    comparison = name ("=" | "!=" | "<" | "<=" | ">" | ">=" | ["not"] "like" | ["not"] "ilike") value
               | name ["not"] "in" "(" value {"," value} ")"
               | name "is" ["not"] "null"

Of MLflow's filter strings all of this is known too; it has no ``or``, ``not`` and brackets.
"""

from __future__ import annotations

from datetime import datetime
from typing import cast

from orchestrator.index.filter import meaning, names
from orchestrator.index.filter.words import FilterError, Word, words
from orchestrator.index.query import AllOf, AnyOf, Clause, Field, Has, Not, Operator
from orchestrator.index.values import ORDERS

_DEEPEST = 10
"""SQLite's parser has room for little more."""
_MOST = 200
"""Comparisons in one filter."""
_KEYWORDS = frozenset({"and", "or", "not", "in", "is", "null", "like", "ilike"})


def parse(text: str, now: datetime) -> Clause:
    """The clause that a filter means. ``now``: what ``created > 7d`` goes by. An empty filter holds for every run.

    Raises:
        FilterError: it cannot be right; the message shows where.
    """
    if not text.strip():
        return AllOf(())
    reader = _Reader(text, now)
    found = reader.any_of(0)
    if reader.ahead.kind != "end":
        reader.fail(f"`and` or `or` was expected, not {reader.ahead.shown}")
    return found


class _Reader:
    """Reads words from the left."""

    def __init__(self, text: str, now: datetime) -> None:
        self._source = text
        self._words = words(text)
        self._next = 0
        self._now = now
        self._comparisons = 0

    @property
    def ahead(self) -> Word:
        """The word that comes."""
        return self._words[self._next]

    def fail(self, message: str, word: Word | None = None, hint: str = "") -> None:
        """Say what is wrong with a word, or with the one that comes."""
        raise FilterError(self._source, (word or self.ahead).at, message, hint=hint)

    def any_of(self, depth: int) -> Clause:
        found = [self._all_of(depth)]
        while self._took("or"):
            found.append(self._all_of(depth))
        return found[0] if len(found) == 1 else AnyOf(tuple(found))

    def _all_of(self, depth: int) -> Clause:
        found = [self._one(depth)]
        while self._took("and"):
            found.append(self._one(depth))
        return found[0] if len(found) == 1 else AllOf(tuple(found))

    def _one(self, depth: int) -> Clause:
        if depth > _DEEPEST:
            self.fail("this is nested too deeply")
        if self._took("not"):
            inner = self._one(depth + 1)
            return inner.clause if isinstance(inner, Not) else Not(inner)
        if self._took("("):
            inner = self.any_of(depth + 1)
            self._expect(")")
            return inner
        self._count()
        return self._comparison()

    def _count(self) -> None:
        self._comparisons += 1
        if self._comparisons > _MOST:
            self.fail(f"a filter has {_MOST} comparisons at most")

    def _comparison(self) -> Clause:
        field = self.name()
        if self._took("is"):
            negated = self._took("not")
            self._expect("null")
            return Has(field) if negated else Not(Has(field))
        negated = self._took("not")
        if self._took("in"):
            return self._among(field, negated)
        operator = self._operator(negated)
        found = self._meant(field, operator, self._value())
        return AllOf((Has(field), Not(found))) if negated else found

    def _among(self, field: Field, negated: bool) -> Clause:
        self._expect("(")
        found = [self._meant(field, "=", self._value())]
        while self._took(","):
            self._count()
            found.append(self._meant(field, "=", self._value()))
        self._expect(")")
        among = AnyOf(tuple(found))
        return AllOf((Has(field), Not(among))) if negated else among

    def name(self) -> Field:
        """A field that runs have."""
        first = word = self._take()
        path: list[str] = []
        while True:
            if word.kind not in ("word", "name") or (word.kind == "word" and word.text.lower() in _KEYWORDS):
                self.fail(f"a name was expected, such as metrics.loss, not {word.shown}", word)
            path += word.text.split(".") if word.kind == "word" else [word.text]
            if not self._took("."):
                break
            word = self._take()
        found = names.field(path)
        if found is None:
            self.fail(f"runs have no `{'.'.join(path)}`", first, names.advice(path))
        return cast(Field, found)

    def _operator(self, negated: bool) -> Operator:
        word = self._take()
        operator = word.text.upper()
        allowed = [one for one in meaning.OPERATORS if not (negated and one in ORDERS)]
        if word.kind not in ("sign", "word") or operator not in allowed:
            kinds = "`in` or `like`" if negated else "a comparison (= != < <= > >= like in is)"
            self.fail(f"{kinds} was expected, not {word.shown}", word)
        return cast(Operator, operator)

    def _meant(self, field: Field, operator: Operator, value: Word) -> Clause:
        try:
            return meaning.clause(field, operator, value, self._now)
        except OverflowError as error:
            raise FilterError(self._source, value.at, f"beyond all times: {value.shown}") from error
        except ValueError as error:
            raise FilterError(self._source, value.at, str(error)) from error

    def _value(self) -> Word:
        word = self._take()
        plain = word.kind == "word" and word.text.lower() not in _KEYWORDS - {"null"}
        double = word.kind == "name" and word.source.startswith('"')
        if not (word.kind in ("text", "number") or plain or double):
            self.fail(f"a value was expected, a number or a text in quotes, not {word.shown}", word)
        return word

    def _take(self) -> Word:
        word = self.ahead
        self._next = min(self._next + 1, len(self._words) - 1)
        return word

    def _took(self, wanted: str) -> bool:
        """Whether this keyword or sign comes; it is passed over then."""
        word = self.ahead
        there = word.kind in ("word", "sign") and word.text.lower() == wanted
        if there:
            self._take()
        return there

    def _expect(self, wanted: str) -> None:
        if not self._took(wanted):
            self.fail(f"`{wanted}` was expected, not {self.ahead.shown}")
