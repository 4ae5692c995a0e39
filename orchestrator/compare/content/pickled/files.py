"""Files that are pickles: plain ones, joblib's, and ``torch.save`` as it was before it wrote zips."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

from orchestrator.compare.content.pickled.compare import Comparison
from orchestrator.compare.content.pickled.machine import Bounded, Machine
from orchestrator.compare.content.pickled.nodes import Global, Persistent
from orchestrator.compare.content.pickled.numpy import take_raw
from orchestrator.compare.content.pickled.torch import Bytes, Storages
from orchestrator.compare.content.port import Comparator, Desk, Side, Unreadable, exactly
from orchestrator.compare.content.sections import Section
from orchestrator.compare.difference import Difference, added, removed

_MAGIC = 0x1950A86A20F9469CFC6C
_LEGACY_HEAD = b"\x80\x02\x8a\x0a" + _MAGIC.to_bytes(10, "little") + b"."
_MOST_PICKLES = 10_000
_MOST = 1 << 30
_PROTOCOLS = range(2, 6)
_ENDINGS = (".pkl", ".pickle", ".joblib", ".p")
_ELEMENT_SIZES = {"Double": 8, "Long": 8, "ComplexFloat": 8, "ComplexDouble": 16, "Float": 4, "Int": 4}
_ELEMENT_SIZES |= {"Half": 2, "BFloat16": 2, "Short": 2, "Char": 1, "Byte": 1, "Bool": 1, "Untyped": 1}


def knows(side: Side) -> bool:
    """By its protocol; the two oldest say none, and are known by their names."""
    head = side.head(2)
    return (len(head) == 2 and head[0] == 0x80 and head[1] in _PROTOCOLS) or side.ends_with(*_ENDINGS)


def knows_legacy_torch(side: Side) -> bool:
    """By torch's magic number, which is a pickle of its own."""
    return side.head(len(_LEGACY_HEAD)) == _LEGACY_HEAD


def compare(left: Side, right: Side, desk: Desk) -> Iterator[Difference]:
    """Pickle by pickle, for a file may hold several."""
    one, other = _pickles(left), _pickles(right)
    comparison = Comparison()
    for number, (before, after) in enumerate(zip_longest(one, other, fillvalue=None)):
        if before is None:
            yield added(f"pickle {number}", "a pickle")
        elif after is None:
            yield removed(f"pickle {number}", "a pickle")
        else:
            yield from comparison.run(before[0], after[0])


def compare_legacy_torch(left: Side, right: Side, desk: Desk) -> Iterator[Difference]:
    """What was saved, tensor by tensor. Storages are called after addresses and sorted by them: no content."""
    (one, storages), (other, other_storages) = _legacy(left, desk), _legacy(right, desk)
    comparison = Comparison(storages, other_storages)
    for before, after in zip(one, other, strict=True):
        yield from comparison.run(before, after)


def _pickles(side: Side) -> list[tuple[Any]]:
    if side.size > _MOST:
        raise Unreadable(f"a pickle of more than {_MOST >> 20} MiB")
    stream = Bounded(side.stream, side.size)
    side.stream.seek(0)
    found: list[tuple[Any]] = []
    while stream.tell() < side.size:
        found.append((Machine(stream, take_raw).run(),))
        if len(found) > _MOST_PICKLES:
            raise Unreadable(f"more than {_MOST_PICKLES:,} pickles")
    return found


def _legacy(side: Side, desk: Desk) -> tuple[tuple[Any, ...], Storages]:
    """What was saved, behind what torch says of itself; and the storages."""
    side.stream.seek(0)
    stream = Bounded(side.stream, side.size)
    magic, version, system, saved, keys = (Machine(stream).run() for _ in range(5))
    if magic != _MAGIC or not isinstance(keys, list):
        raise Unreadable("not what torch writes")
    sizes = _element_sizes(saved)
    storages = {str(key): _storage(side, sizes.get(str(key), 0)) for key in keys}
    if side.stream.tell() != side.size:
        raise Unreadable("bytes behind the last storage")
    return (version, system, saved), Storages(storages, desk.budget)


def _storage(side: Side, element: int) -> Bytes:
    start = side.stream.tell() + 8
    count = int.from_bytes(exactly(side.stream, 8), "little", signed=True)
    if count < 0 or not element or start + count * element > side.size:
        raise Unreadable("a storage that is cut short, or of a type that is not known")
    section = Section(side.stream, start, start + count * element)
    side.stream.seek(section.end)
    return Bytes(section.size, section.opened)


def _element_sizes(saved: Any) -> dict[str, int]:
    """The size of each storage's elements by key: only where it is referred to does its type stand."""
    sizes: dict[str, int] = {}
    todo, seen = [saved], set()
    while todo:
        node = todo.pop()
        if isinstance(node, str | bytes | int | float | None) or id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, Persistent) and isinstance(node.key, tuple) and len(node.key) > 2:
            type_ = node.key[1]
            name = type_.name.removesuffix("Storage") if isinstance(type_, Global) else ""
            sizes[str(node.key[2])] = _ELEMENT_SIZES.get(name, 0)
        todo += parts(node)
    return sizes


def parts(node: Any) -> list[Any]:
    """The nodes within a node."""
    if isinstance(node, list | tuple):
        return list(node)
    fields = vars(node) if hasattr(node, "__dict__") else {}
    return [
        part
        for value in fields.values()
        if value is not None
        for part in (value if isinstance(value, list) else [value])
    ]


PICKLE = Comparator("pickle", knows, compare)
LEGACY_TORCH = Comparator("torch (old format)", knows_legacy_torch, compare_legacy_torch)
