"""The Difference: what differs between two things, as a tree. It judges nothing and prints nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal, TypeVar

from pydantic import Field

from orchestrator.compare.first import FirstLine, FirstPoint
from orchestrator.compare.values import LIMIT, Value, brief, same
from orchestrator.model import Frozen

State = Literal["equal", "content", "changed", "added", "removed"]
"""content: the bytes differ, and a comparator found all that they say equal. That is less than equal."""
T = TypeVar("T")


class Compared(Frozen):
    """How much was laid side by side; where the sides differ in size, the larger one counts."""

    points: int = 0
    files: int = 0
    bytes: int = 0

    @classmethod
    def total(cls, counts: Iterable[Compared]) -> Compared:
        """The sum of these counts."""
        points = files = size = 0
        for count in counts:
            points, files, size = points + count.points, files + count.files, size + count.bytes
        return cls(points=points, files=files, bytes=size)


class Difference(Frozen):
    """One node: a thing both sides may have, how its two versions relate, and the same for its parts."""

    name: str
    """As it was logged: it may hold any character, slashes and newlines too."""
    state: State
    left: Value = None
    right: Value = None
    detail: str = ""
    """One line for a person."""
    measures: dict[str, int | float | str] = Field(default_factory=dict)
    """The numbers behind the detail."""
    compared: Compared = Compared()
    comparator: str = ""
    """The comparator that looked inside two files of different bytes."""
    first: FirstPoint | FirstLine | None = None
    """Where two series, or two streams, first went apart."""
    children: tuple[Difference, ...] = ()

    @property
    def equal(self) -> bool:
        """Whether nothing differs here or below, not one byte."""
        return self.state == "equal"

    @property
    def equal_by_content(self) -> bool:
        """Whether all that is said here and below is equal: bit for bit, or by what a comparator found inside."""
        return self.state in ("equal", "content")

    @property
    def comparators(self) -> frozenset[str]:
        """Those that found content equal, here and below."""
        mine = {self.comparator} if self.state == "content" and self.comparator else set()
        return frozenset(mine.union(*(child.comparators for child in self.children if not child.equal)))

    @property
    def changes(self) -> tuple[Difference, ...]:
        """The children that differ."""
        return tuple(child for child in self.children if not child.equal)

    @property
    def summary(self) -> str:
        """This node in a line."""
        if self.equal or self.detail:
            return self.detail or "equal"
        if self.state in ("changed", "content"):
            return f"{_side(self.left)} → {_side(self.right)}"
        side, value = ("left", self.left) if self.state == "removed" else ("right", self.right)
        return f"only on the {side}: {_side(value)}"

    def child(self, name: str) -> Difference | None:
        """The child of this name."""
        return next((child for child in self.children if child.name == name), None)


def leaf(name: str, left: Any, right: Any, detail: str = "") -> Difference:
    """Two values that are both there: equal or changed."""
    if same(left, right):
        return Difference(name=name, state="equal", left=brief(left), right=brief(right))
    return Difference(
        name=name, state="changed", left=brief(left), right=brief(right), detail=detail or _where(left, right)
    )


def added(name: str, right: Any, detail: str = "", compared: Compared | None = None) -> Difference:
    """Something only the right side has."""
    return Difference(name=name, state="added", right=brief(right), detail=detail, compared=compared or Compared())


def removed(name: str, left: Any, detail: str = "", compared: Compared | None = None) -> Difference:
    """Something only the left side has."""
    return Difference(name=name, state="removed", left=brief(left), detail=detail, compared=compared or Compared())


def group(name: str, children: Iterable[Difference], *, left: Value = None, right: Value = None) -> Difference:
    """A node made of its parts: as far from equal as the farthest of them."""
    parts = tuple(children)
    state = state_of(parts)
    compared = Compared.total(part.compared for part in parts)
    return Difference(name=name, state=state, left=left, right=right, compared=compared, children=parts)


def state_of(parts: Iterable[Difference]) -> State:
    """The state of something made of these parts."""
    states = {part.state for part in parts} - {"equal"}
    if not states:
        return "equal"
    return "content" if states == {"content"} else "changed"


def keyed(
    left: Mapping[str, T], right: Mapping[str, T], compare: Callable[[str, T, T], Difference] = leaf
) -> list[Difference]:
    """The entries of two mappings by name, in order; ``compare`` sees those that both have."""
    nodes = []
    for name in sorted(left.keys() | right.keys()):
        if name not in left:
            nodes.append(added(name, right[name]))
        elif name not in right:
            nodes.append(removed(name, left[name]))
        else:
            nodes.append(compare(name, left[name], right[name]))
    return nodes


def encoding(children: list[Difference], left: str, right: str) -> list[Difference]:
    """The parts of two digests' documents; never all equal where the digests are not."""
    if left == right or any(not child.equal for child in children):
        return children
    detail = "the bytes differ, though nothing that they say does"
    return [*children, Difference(name="(encoding)", state="changed", left=left, right=right, detail=detail)]


def _side(value: Value) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _where(left: Any, right: Any) -> str:
    if not (isinstance(left, str) and isinstance(right, str)) or max(len(left), len(right)) <= LIMIT:
        return ""
    pairs = enumerate(zip(left, right, strict=False))
    at = next((i for i, (one, other) in pairs if one != other), min(len(left), len(right)))
    return f"texts of {len(left)} and {len(right)} characters, the first {at} of them the same"
