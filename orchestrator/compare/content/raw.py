"""Whatever no other comparator reads: where the bytes first differ, and how many do."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.compare.content.port import CHUNK, Comparator, Desk, Side, read
from orchestrator.compare.difference import Difference
from orchestrator.compare.lines import common


def compare(left: Side, right: Side, desk: Desk) -> Iterator[Difference]:
    """One node: the first byte."""
    for side in (left, right):
        side.stream.seek(0)
    at = 0
    while True:
        one, other = read(left.stream, CHUNK), read(right.stream, CHUNK)
        if one != other or not one:
            break
        at += len(one)
    same = common(one, other)
    sides = [data[same : same + 1].hex() or "(ended)" for data in (one, other)]
    measures: dict[str, int | float | str] = {"first_byte": at + same}
    yield Difference(name=f"byte {at + same}", state="changed", left=sides[0], right=sides[1], measures=measures)


RAW = Comparator("bytes", lambda side: True, compare)
