"""Two pickles' nodes side by side. How they number their memo, and where an object stood in memory, says nothing.

What refers to what does: an object that one side has twice and the other once is a difference, though both print alike.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

from orchestrator.compare.content.arrays import Array, compare_arrays
from orchestrator.compare.content.identities import Identities
from orchestrator.compare.content.pickled.nodes import Global, Made, Members, Pairs, Persistent
from orchestrator.compare.content.pickled.numpy import around, array_of, is_dtype
from orchestrator.compare.content.pickled.torch import Storages
from orchestrator.compare.content.port import Budget
from orchestrator.compare.difference import Difference, added, removed
from orchestrator.compare.values import shorten

_MISSING = object()
_NO_STORAGES = Storages({}, Budget(0))
_Part = tuple[str, Any, Any]
"""Path, left, right."""
_Found = tuple[Difference | None, list[_Part]]
"""What differs here, and what is to be compared next."""
_SCALARS = (bool, int, float, str, bytes, bytearray, type(None), Global)


class Comparison:
    """A walk through both, without recursion: pickles may be of any depth."""

    def __init__(self, left: Storages = _NO_STORAGES, right: Storages = _NO_STORAGES) -> None:
        self._storages = (left, right)
        self._objects = Identities()
        self._keys = Identities()
        self._tuples: dict[tuple[int, int], tuple[Any, Any]] = {}
        """Those that were compared, by identity. They are kept: an identity is one only while its object lives."""

    def run(self, left: Any, right: Any) -> Iterator[Difference]:
        """What differs, by path."""
        todo = [("", left, right)]
        while todo:
            name, one, other = todo.pop()
            if one is _MISSING or other is _MISSING:
                yield added(name, kind(other)) if one is _MISSING else removed(name, kind(one))
                continue
            found, parts = self._pair(name, one, other)
            if found is not None:
                yield found
            todo += reversed(parts)

    def _pair(self, name: str, left: Any, right: Any) -> _Found:
        if type(left) is not type(right):
            return _changed(name, left, right), []
        if isinstance(left, _SCALARS):
            return (None if _same(left, right) else _changed(name, left, right)), []
        if isinstance(left, tuple):
            if (id(left), id(right)) in self._tuples:
                return None, []
            self._tuples[id(left), id(right)] = (left, right)
            return None, _items(name, left, right)
        if not (isinstance(left, Made) and is_dtype(left)):
            known = self._objects.pair(id(left), id(right))
            if known is not True:
                return (None if known is None else _alias(name)), []
        return self._object(name, left, right)

    def _object(self, name: str, left: Any, right: Any) -> _Found:
        if isinstance(left, list):
            return None, _items(name, left, right)
        if isinstance(left, Pairs):
            return _entries(name, left.pairs, right.pairs)
        if isinstance(left, Members):
            if left.frozen != right.frozen:
                return _changed(name, left, right), []
            return None, _items(name, _in_order(left.items), _in_order(right.items))
        if isinstance(left, Persistent):
            return self._persistent(name, left, right)
        return self._made(name, left, right)

    def _persistent(self, name: str, left: Persistent, right: Persistent) -> _Found:
        whole = [side.whole(node) for side, node in zip(self._storages, (left, right), strict=True)]
        if whole[0] and whole[1]:
            return self._arrays(name, whole[0], whole[1]), []
        return None, [(f"{name}<persistent>", left.key, right.key)]

    def _made(self, name: str, left: Made, right: Made) -> _Found:
        tensors = [side.tensor(node) for side, node in zip(self._storages, (left, right), strict=True)]
        if tensors[0] and tensors[1]:
            devices = [node.arguments[0].key[3] for node in (left, right)]
            parts = [(f"{name}<device>", *devices), (f"{name}<tensor>", left.arguments[4:], right.arguments[4:])]
            return self._arrays(name, tensors[0], tensors[1]), [*parts, *_afterwards(name, left, right)]
        arrays = array_of(left), array_of(right)
        if arrays[0] and arrays[1]:
            parts = [(f"{name}<array>", around(left), around(right))]
            return compare_arrays(name or "array", arrays[0], arrays[1]), parts
        if str(left.callee) != str(right.callee) and isinstance(left.callee, Global):
            return _changed(name, left, right), []
        parts = [] if isinstance(left.callee, Global) else [(f"{name}<callee>", left.callee, right.callee)]
        parts.append((f"{name}<arguments>", left.arguments, right.arguments))
        parts.append((f"{name}<keywords>", left.keywords, right.keywords))
        return None, [*parts, *_afterwards(name, left, right)]

    def _arrays(self, name: str, left: tuple[str, Array], right: tuple[str, Array]) -> Difference | None:
        if self._keys.pair(left[0], right[0]) is False:
            return _alias(name)
        return compare_arrays(name or "tensor", left[1], right[1])


def kind(node: Any) -> str:
    """A node in a few words."""
    if isinstance(node, Made):
        array = array_of(node)
        return array.text if array else f"{node.callee}(…)"
    if isinstance(node, Pairs):
        return f"a dictionary of {len(node.pairs)}"
    if isinstance(node, Members):
        return f"a {'frozenset' if node.frozen else 'set'} of {len(node.items)}"
    if isinstance(node, list | tuple):
        return f"a {type(node).__name__} of {len(node)}"
    if isinstance(node, bytes | bytearray) and len(node) > 40:
        return f"{len(node)} bytes"
    if type(node) is int and node.bit_length() > 1000:
        return f"an integer of {node.bit_length()} bits"
    return shorten(str(node) if isinstance(node, Global) else repr(node))


def _changed(name: str, left: Any, right: Any) -> Difference:
    sides = kind(left), kind(right)
    detail = "" if sides[0] != sides[1] else f"{sides[0]}, other content"
    return Difference(name=name or "(root)", state="changed", left=sides[0], right=sides[1], detail=detail)


def _alias(name: str) -> Difference:
    detail = "refers to another of its objects than on the other side"
    return Difference(name=name or "(root)", state="changed", detail=detail)


def _same(left: Any, right: Any) -> bool:
    if isinstance(left, float):
        return struct.pack("<d", left) == struct.pack("<d", right)
    return bool(left == right)


def _items(name: str, left: Any, right: Any) -> list[_Part]:
    pairs = enumerate(zip_longest(left, right, fillvalue=_MISSING))
    return [(f"{name}[{i}]", one, other) for i, (one, other) in pairs]


def _entries(name: str, left: list[Any], right: list[Any]) -> _Found:
    """Entries in their order, which Python's dictionaries keep; by key where all keys are scalars."""
    one, other = _by_key(left), _by_key(right)
    if one is None or other is None:
        return None, _items(f"{name}<entries>", left, right)
    parts = [(_below(name, key[1]), one.get(key, _MISSING), other.get(key, _MISSING)) for key in {**one, **other}]
    if one.keys() == other.keys() and list(one) != list(other):
        return Difference(name=name or "(root)", state="changed", detail="the same keys in another order"), parts
    return None, parts


def _by_key(pairs: list[Any]) -> dict[tuple[type, Any], Any] | None:
    if not all(isinstance(key, bool | int | str | bytes | None) for key, _ in pairs):
        return None
    return {(type(key), key): value for key, value in pairs}


def _below(name: str, key: Any) -> str:
    if not isinstance(key, str):
        return f"{name}[{kind(key)}]"
    return f"{name}.{shorten(key)}" if name else shorten(key)


def _in_order(items: list[Any]) -> list[Any]:
    """A set's members, sorted where that is possible: their order says nothing."""
    if not all(isinstance(item, _SCALARS) for item in items):
        return items
    return sorted(items, key=lambda item: (type(item).__name__, repr(item)))


def _afterwards(name: str, left: Made, right: Made) -> list[_Part]:
    """State, items and entries that an object gets once it is made."""
    if len(left.states) == len(right.states) == 1:
        states = [(name, left.states[0], right.states[0])]
    else:
        states = _items(f"{name}<state>", left.states, right.states)
    _, entries = _entries(name, left.pairs, right.pairs)
    return [*states, *_items(name, left.items, right.items), *entries]
