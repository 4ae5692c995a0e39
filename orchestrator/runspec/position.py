"""Where things stand in a file, and what is wrong with them."""

from __future__ import annotations

from typing import NamedTuple

Path = tuple[str | int, ...]
"""The keys and indices that lead to a value, as in pydantic's ``loc``."""


class Mark(NamedTuple):
    """A position as editors count: both from 1, columns in characters."""

    line: int
    column: int

    @classmethod
    def after(cls, text: str) -> Mark:
        """The position that follows this text."""
        return cls(text.count("\n") + 1, len(text) - text.rfind("\n"))


class Place(NamedTuple):
    """Where a value stands.

    ``key`` is None outside mappings; ``source`` is how an unquoted scalar is written.
    """

    key: Mark | None
    value: Mark
    source: str | None = None


class Problem(NamedTuple):
    """One thing that is wrong, and where."""

    mark: Mark
    message: str


def escape(text: str, limit: int = 80) -> str:
    """Text of the file as messages show it: on one line, without control characters, never endless."""
    shown = text if len(text) <= limit else text[: limit - 1] + "…"
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in shown)


def quote(text: str) -> str:
    """A name as messages show it: escaped, in backticks."""
    return f"`{escape(text)}`"
