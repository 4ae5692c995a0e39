"""Values as a difference needs them: when two are the same, and how one is shown in a line."""

from __future__ import annotations

import json
import math
from typing import Any

from orchestrator.digest import canonical
from orchestrator.errors import UsageError

LIMIT = 200
"""Characters of a value, or of a line, that are kept for showing."""

Value = bool | int | float | str | None
"""What stands on one side of a difference: a short value that JSON can carry."""


def same(left: Any, right: Any) -> bool:
    """Whether two values have the same canonical JSON: ``1`` and ``1.0`` do, ``1`` and ``true`` not."""
    return _bytes(left) == _bytes(right)


def brief(value: Any) -> Value:
    """A value shortened for showing; whatever is no scalar becomes its JSON."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else repr(value)
    return shorten(str(value) if isinstance(value, str) else _bytes(value).decode("utf-8", "backslashreplace"))


def shorten(text: str, limit: int = LIMIT) -> str:
    """At most so many characters of a text."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def printable(text: str) -> str:
    """A text on one line: whatever could move a cursor, hide or break a document is escaped."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def size(count: int) -> str:
    """Bytes as a person reads them, ``1.2 MB``: powers of 1000."""
    if count < 1000:
        return f"{count} B"
    power = min(int(math.log10(count) / 3), 4)
    return f"{count / 1000**power:.1f} {' kMGT'[power]}B"


def _bytes(value: Any) -> bytes:
    try:
        return canonical(value)
    except (UsageError, ValueError):  # facts may hold what canonical JSON cannot: NaN, 2**60
        return json.dumps(value, sort_keys=True, separators=(",", ":"), default=repr).encode()
