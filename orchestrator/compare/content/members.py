"""Files that hold files, member by member: what zip and tar have in common."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from orchestrator.compare.content.port import Desk, Opener, Unreadable, some
from orchestrator.compare.difference import Difference, added, leaf, removed

MOST = 100_000
"""Members."""


@dataclass(frozen=True)
class Member:
    """One of the files within."""

    name: str
    about: tuple[tuple[str, str | int], ...]
    """What is said of it besides its content and is content too: mode, owner, where a link leads."""
    size: int
    opener: Opener | None
    """None where it has no bytes: a folder, a link."""


def by_name(members: Iterable[Member]) -> dict[str, Member]:
    """Members by name; of several with one name the second is called ``name#2``.

    Raises:
        Unreadable: there are too many, or one is truly called as a second of another name would be.
    """
    named: dict[str, Member] = {}
    times: Counter[str] = Counter()
    for member in members:
        times[member.name] += 1
        number = times[member.name]
        called = member.name if number == 1 else f"{member.name}#{number}"
        if called in named:
            raise Unreadable("members whose names cannot be told apart")
        named[called] = member
        if len(named) > MOST:
            raise Unreadable(f"more than {MOST:,} members")
    return named


def compare_members(left: dict[str, Member], right: dict[str, Member], desk: Desk) -> Iterator[Difference]:
    """What differs, by name; the order of the members says nothing."""
    for name in sorted(left.keys() | right.keys()):
        if name not in right:
            yield removed(name, f"{left[name].size} bytes")
        elif name not in left:
            yield added(name, f"{right[name].size} bytes")
        else:
            yield from _compare(name, left[name], right[name], desk)


def _compare(name: str, left: Member, right: Member, desk: Desk) -> Iterator[Difference]:
    if left.name != right.name:
        yield leaf(f"{name} (name)", left.name, right.name)
    if left.about != right.about:
        facts = zip(left.about, right.about, strict=True)
        yield from some(leaf(f"{name} ({what})", one, other) for (what, one), (_, other) in facts)
    if left.opener and right.opener:
        yield from some([desk.member(name, left.opener, right.opener)])
    elif left.opener or right.opener:
        yield Difference(name=name, state="changed", detail="a file on one side only")
