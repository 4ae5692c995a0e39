"""SQL's patterns: ``%`` stands for anything, ``_`` for one character."""

from __future__ import annotations

import re
from functools import lru_cache

ESCAPE = "!"
"""What SQL is told to take as such, so that a pattern never has one of its own: databases differ there."""


def escaped(pattern: str) -> str:
    """A pattern for ``LIKE ? ESCAPE '!'``."""
    return pattern.replace(ESCAPE, ESCAPE * 2)


def like(text: str, pattern: str, *, any_case: bool) -> bool:
    """Whether a whole text is like a pattern. ``any_case``: A to Z are a to z; other letters stay what they are."""
    first, *pieces = _pieces(pattern, any_case)
    if not pieces:
        return first.fullmatch(text) is not None
    found = first.match(text)
    for piece in pieces[:-1]:  # each as far left as it can be: nothing is tried twice
        found = found and piece.search(text, found.end())
    if found is None:
        return False
    *_, last = pattern.split("%")
    start = len(text) - len(last)
    return start >= found.end() and pieces[-1].fullmatch(text, start) is not None


@lru_cache(64)
def _pieces(pattern: str, any_case: bool) -> tuple[re.Pattern[str], ...]:
    def written(piece: str) -> str:
        return "".join("." if letter == "_" else _letter(letter, any_case) for letter in piece)

    return tuple(re.compile(written(piece), re.DOTALL) for piece in pattern.split("%"))


def _letter(letter: str, any_case: bool) -> str:
    if any_case and letter.isascii() and letter.isalpha():
        return f"[{letter.lower()}{letter.upper()}]"
    return re.escape(letter)
