"""A Difference as the nodes of a page: bounded, whatever two runs have become."""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.compare.difference import Difference

_MARKS = {"equal": "=", "content": "≈", "changed": "~", "added": "+", "removed": "−"}
_WORDS = {"equal": "equal", "content": "equal by content", "changed": "changed", "added": "added", "removed": "removed"}
_WIDE, _DEEP, _ALL = 100, 24, 2000


@dataclass(frozen=True)
class Node:
    """One line, and what is below it."""

    state: str
    mark: str
    word: str
    name: str
    text: str
    parts: tuple[Node, ...]
    more: int
    """Parts that differ, and are not shown."""
    equal: int
    """Parts that do not differ."""
    first: str


def node(difference: Difference) -> Node:
    """The tree of what differs; a node that is equal has no parts."""
    return _node(difference, [_ALL], 0)


def _node(item: Difference, left: list[int], depth: int) -> Node:
    left[0] -= 1
    parts: list[Node] = []
    changes = item.changes
    if depth < _DEEP:
        for change in changes[:_WIDE]:
            if left[0] <= 0:
                break
            parts.append(_node(change, left, depth + 1))
    return Node(
        state=item.state,
        mark=_MARKS[item.state],
        word=_WORDS[item.state],
        name=item.name,
        text="" if item.children and not item.detail else item.summary,
        parts=tuple(parts),
        more=len(changes) - len(parts),
        equal=len(item.children) - len(changes),
        first=item.first.text if item.first else "",
    )
