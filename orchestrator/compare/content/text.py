"""Text: the first line that differs, and how many do. Texts of different bytes are never equal by content."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.compare.content.port import Comparator, Desk, Side
from orchestrator.compare.difference import Difference
from orchestrator.compare.lines import first_line

_PROBE = 64 << 10
_LINE = 1 << 20


def knows(side: Side) -> bool:
    """UTF-8 without control characters that no text has, as far as its beginning tells."""
    head = side.head(_PROBE)
    try:
        head.decode()
    except UnicodeDecodeError as error:
        if len(head) < _PROBE or error.start < len(head) - 4:  # a character may be cut at the end
            return False
    return b"\0" not in head


def compare(left: Side, right: Side, desk: Desk) -> Iterator[Difference]:
    """One node: the first line, both ways, and the count."""
    for side in (left, right):
        side.stream.seek(0)
    found = first_line(left.stream, right.stream)
    count, lines = _count(left, right)
    if found is None:  # cannot be: the bytes differ
        return
    measures: dict[str, int | float | str] = {"first_line": found.number, "differing": count, "lines": lines}
    sides = ["(ended)" if text is None else text for text in (found.left, found.right)]
    detail = f"{sides[0]} → {sides[1]} ({count:,} of {lines:,} lines differ)"
    name = f"line {found.number}"
    yield Difference(name=name, state="changed", left=sides[0], right=sides[1], detail=detail, measures=measures)


def _count(left: Side, right: Side) -> tuple[int, int]:
    """Lines that differ, place by place, and lines of the longer text."""
    for side in (left, right):
        side.stream.seek(0)
    differing = lines = 0
    while True:
        one, other = left.stream.readline(_LINE), right.stream.readline(_LINE)
        if not one and not other:
            return differing, lines
        lines += 1
        differing += one != other


TEXT = Comparator("text", knows, compare)
