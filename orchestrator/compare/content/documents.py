"""Trees of mappings, lists and scalars, as JSON and YAML have them: what differs, by path."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from itertools import zip_longest
from typing import Any

from orchestrator.compare.difference import Difference, added, removed
from orchestrator.compare.values import brief

_MISSING = object()


def compare_documents(left: Any, right: Any, name: str = "") -> Iterator[Difference]:
    """The leaves that differ. The order of a mapping says nothing; 1, 1.0 and true are three things.

    Without recursion, and each pair of shared parts once: documents may be deep, and refer to their own parts.
    """
    todo = [(name, left, right)]
    seen: dict[tuple[int, int], tuple[Any, Any]] = {}
    while todo:
        path, one, other = todo.pop()
        if one is _MISSING or other is _MISSING:
            yield added(path, _short(other)) if one is _MISSING else removed(path, _short(one))
        elif isinstance(one, list | Mapping) and type(one) is type(other):
            if (id(one), id(other)) not in seen:
                seen[id(one), id(other)] = (one, other)
                todo += reversed(_parts(path, one, other))
        elif not _same(one, other):
            yield Difference(name=path or "(root)", state="changed", left=_short(one), right=_short(other))


def _parts(path: str, left: Any, right: Any) -> list[tuple[str, Any, Any]]:
    if isinstance(left, list):
        pairs = enumerate(zip_longest(left, right, fillvalue=_MISSING))
        return [(f"{path}[{i}]", one, other) for i, (one, other) in pairs]
    keys = sorted(left.keys() | right.keys(), key=str)
    return [(f"{path}.{key}" if path else str(key), left.get(key, _MISSING), right.get(key, _MISSING)) for key in keys]


def _same(left: Any, right: Any) -> bool:
    if type(left) is not type(right):
        return False
    if isinstance(left, float):
        return struct.pack("<d", left) == struct.pack("<d", right)
    return bool(left == right)


def _short(value: Any) -> bool | int | float | str | None:
    if isinstance(value, list | Mapping):
        return f"a {'list' if isinstance(value, list) else 'mapping'} of {len(value)}"
    return brief(value if isinstance(value, bool | int | float | str | None) else repr(value))
