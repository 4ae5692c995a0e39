"""JSON, one document or one on each line. Spaces, and how a number or text is written, say nothing."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import zip_longest
from typing import Any

from orchestrator.compare.content.documents import compare_documents
from orchestrator.compare.content.port import Comparator, Desk, Side, Unreadable
from orchestrator.compare.difference import Difference, added, removed

_MOST = 32 << 20
_LONGEST_LINE = 8 << 20


def knows(side: Side) -> bool:
    """By its name, or by how it begins where the name says nothing."""
    if side.ends_with(".json", ".ipynb"):
        return True
    return "." not in posixpath.basename(side.name) and side.head().lstrip()[:1] in (b"{", b"[")


def knows_lines(side: Side) -> bool:
    """By its name."""
    return side.ends_with(".jsonl", ".ndjson")


def compare(left: Side, right: Side, desk: Desk) -> Iterator[Difference]:
    """Value by value."""
    yield from compare_documents(parsed(left.whole(_MOST)), parsed(right.whole(_MOST)))


def compare_lines(left: Side, right: Side, desk: Desk) -> Iterator[Difference]:
    """Line by line, value by value."""
    for number, (one, other) in enumerate(zip_longest(_lines(left), _lines(right)), 1):
        name = f"line {number}"
        if one is None or other is None:
            yield added(name, "a line") if one is None else removed(name, "a line")
        elif one != other:
            yield from compare_documents(parsed(one), parsed(other), name)


def _lines(side: Side) -> Iterator[bytes]:
    side.stream.seek(0)
    while line := side.stream.readline(_LONGEST_LINE):
        if len(line) == _LONGEST_LINE:
            raise Unreadable(f"a line of {_LONGEST_LINE >> 20} MiB or more")
        yield line.rstrip(b"\r\n")


@dataclass(frozen=True)
class Exact:
    """A number that no float and no integer of Python's is exactly: ``1e-400``, ``-0``."""

    value: Decimal
    negative: bool
    """Of its own, for 0 is -0 to Decimal."""

    def __repr__(self) -> str:
        return str(self.value)


def parsed(data: bytes) -> Any:
    """A document, its numbers as exact as they are written.

    Raises:
        Unreadable: a key stands twice.
        ValueError: it is no JSON.
    """
    return json.loads(data, object_pairs_hook=_object, parse_float=_number, parse_int=_integer)


def _number(text: str) -> float | Exact:
    number, exact = float(text), Decimal(text)
    return number if Decimal(repr(number)) == exact else Exact(exact, exact.is_signed())


def _integer(text: str) -> int | Exact:
    return Exact(Decimal(text), negative=True) if text == "-0" else int(text)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Unreadable("a key that stands twice")
    return found


JSON = Comparator("JSON", knows, compare)
JSON_LINES = Comparator("JSON lines", knows_lines, compare_lines)
