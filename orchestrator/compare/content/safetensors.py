"""safetensors: a header in JSON, then the tensors' bytes. The order of both says nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from math import prod
from typing import Any

from orchestrator.compare.content.arrays import ELEMENTS, Array, Element, compare_arrays
from orchestrator.compare.content.port import Comparator, Desk, Side, Unreadable, exactly, some
from orchestrator.compare.content.sections import Section
from orchestrator.compare.difference import Difference, added, group, keyed, removed

_MOST_HEADER = 16 << 20
_ELEMENTS = {
    "F64": ELEMENTS["float64"],
    "F32": ELEMENTS["float32"],
    "F16": ELEMENTS["float16"],
    "BF16": ELEMENTS["bfloat16"],
    "I64": ELEMENTS["int64"],
    "I32": ELEMENTS["int32"],
    "I16": ELEMENTS["int16"],
    "I8": ELEMENTS["int8"],
    "U64": ELEMENTS["uint64"],
    "U32": ELEMENTS["uint32"],
    "U16": ELEMENTS["uint16"],
    "U8": ELEMENTS["uint8"],
    "BOOL": Element("bool", "?"),
    "F8_E4M3": ELEMENTS["float8_e4m3fn"],
    "F8_E5M2": ELEMENTS["float8_e5m2"],
}


def knows(side: Side) -> bool:
    """By the beginning of its header: its length, then JSON."""
    head = side.head(10)
    length = int.from_bytes(head[:8], "little")
    return len(head) == 10 and head[8:9] == b"{" and 2 <= length <= side.size - 8


def compare(left: Side, right: Side, desk: Desk) -> Iterator[Difference]:
    """Metadata, then tensor by tensor."""
    (metadata, one), (other_metadata, other) = _header(left), _header(right)
    yield from some([group("__metadata__", keyed(metadata, other_metadata))])
    for name in sorted(one.keys() | other.keys()):
        if name not in other:
            yield removed(name, one[name].text)
        elif name not in one:
            yield added(name, other[name].text)
        else:
            yield from some([compare_arrays(name, one[name], other[name])])


def _header(side: Side) -> tuple[dict[str, Any], dict[str, Array]]:
    length = int.from_bytes(side.head(8), "little")
    if length > _MOST_HEADER:
        raise Unreadable(f"a header of more than {_MOST_HEADER >> 20} MiB")
    header = json.loads(exactly(side.stream, length))
    metadata = header.pop("__metadata__", {})
    sections = {name: _section(side, 8 + length, entry) for name, entry in header.items()}
    if sum(section.size for section in sections.values()) != side.size - 8 - length:
        raise Unreadable("bytes that belong to no tensor")
    return metadata, {name: _tensor(sections[name], entry) for name, entry in header.items()}


def _section(side: Side, data: int, entry: dict[str, Any]) -> Section:
    start, end = entry["data_offsets"]
    if not (_is_size(start) and _is_size(end) and data + end <= side.size):
        raise Unreadable("a tensor that does not lie within the file")
    return Section(side.stream, data + start, data + end)


def _tensor(section: Section, entry: dict[str, Any]) -> Array:
    element = _ELEMENTS.get(entry["dtype"])
    if element is None:
        raise Unreadable(f"elements of type {entry['dtype']!r}")
    shape = tuple(entry["shape"])
    if not all(map(_is_size, shape)) or section.size != prod(shape) * element.size:
        raise Unreadable("a tensor of another size than its shape")
    return Array(element, shape, lambda: section.pieces(element.size))


def _is_size(number: object) -> bool:
    return type(number) is int and number >= 0


SAFETENSORS = Comparator("safetensors", knows, compare)
