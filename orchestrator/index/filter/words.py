"""A filter's text -> its words, each with its place."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from orchestrator.errors import UsageError

MAX_CHARACTERS = 1 << 14

Kind = Literal["text", "name", "number", "sign", "word", "end"]
"""text: in single quotes. name: in double quotes or backticks; where a value stands, double quotes make a text too."""

_WORD = re.compile(
    r"""\s*(?:
      (?P<text>'(?:[^']|'')*')
      | (?P<name>"[^"]*"|`[^`]*`)
      | (?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w.:/+-]))
      | (?P<sign>!=|<>|>=|<=|==|=|<|>|\(|\)|,|\.)
      | (?P<word>[\w/:@+-]+(?:\.[\w/:@+-]+)*)
    )""",
    re.VERBOSE,
)


class FilterError(UsageError):
    """A filter that cannot be right; the message shows where."""

    default_hint = "docs/search.md has the grammar: metrics.test_accuracy > 0.9 and params.lr < 0.1 and tags.team = 'x'"

    def __init__(self, source: str, at: int, message: str, *, hint: str = "") -> None:
        shown = "".join(letter if letter.isprintable() else " " for letter in source)
        start = max(0, at - 60)
        piece = shown[start : at + 60]
        super().__init__(f"filter, column {at + 1}: {message}\n  {piece}\n  {' ' * (at - start)}^", hint=hint)
        self.at = at


@dataclass(frozen=True)
class Word:
    """One word."""

    kind: Kind
    text: str
    """As it is meant: without quotes."""
    at: int
    """How many characters stand before it."""
    source: str = ""
    """As it is written."""

    @property
    def shown(self) -> str:
        """For a message."""
        return "the end" if self.kind == "end" else f"`{self.source}`"


def words(source: str) -> list[Word]:
    """The words of a filter, and one that stands for its end.

    Raises:
        FilterError: somewhere there is none, or the text is too long.
    """
    if len(source) > MAX_CHARACTERS:
        raise FilterError(source, MAX_CHARACTERS, f"a filter has {MAX_CHARACTERS:,} characters at most")
    found: list[Word] = []
    at = 0
    while source[at:].strip():
        at += len(source[at:]) - len(source[at:].lstrip())
        match = _WORD.match(source, at)
        if match is None or match.lastgroup is None:
            quote = source[at] in "'\"`"
            raise FilterError(source, at, f"this quote is never closed: {source[at]}" if quote else "not understood")
        found.append(_word(match.lastgroup, match.group(match.lastgroup), at))
        at = match.end()
    return [*found, Word("end", "", len(source.rstrip()))]


def _word(kind: str, written: str, at: int) -> Word:
    match kind:
        case "text":
            return Word("text", written[1:-1].replace("''", "'"), at, written)
        case "name":
            return Word("name", written[1:-1], at, written)
        case "number":
            return Word("number", written, at, written)
        case "sign":
            return Word("sign", {"==": "=", "<>": "!="}.get(written, written), at, written)
        case _:
            return Word("word", written, at, written)
