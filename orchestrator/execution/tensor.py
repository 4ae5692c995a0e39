"""A TensorProto that holds one number."""

from __future__ import annotations

import struct

from orchestrator.execution.protobuf import BYTES, FIXED32, FIXED64, VARINT, fields, key, pick, varint

_DTYPE, _SHAPE, _CONTENT = key(1, VARINT), key(2, BYTES), key(4, BYTES)
_DIMENSION, _SIZE = key(2, BYTES), key(1, VARINT)

_KINDS = {
    1: ("f", 5, FIXED32),  # float
    2: ("d", 6, FIXED64),  # double
    3: ("i", 7, VARINT),  # int32
    4: ("B", 7, VARINT),  # uint8
    5: ("h", 7, VARINT),  # int16
    6: ("b", 7, VARINT),  # int8
    9: ("q", 10, VARINT),  # int64
    10: ("?", 11, VARINT),  # bool
    14: ("bfloat16", 13, VARINT),
    17: ("H", 7, VARINT),  # uint16
    19: ("e", 13, VARINT),  # half
    22: ("I", 16, VARINT),  # uint32
    23: ("Q", 17, VARINT),  # uint64
}
"""dtype -> its form in ``struct``, and the field that lists its values where they are not in ``tensor_content``."""


def number(tensor: memoryview) -> float | None:
    """The one number that a tensor holds; None where it holds none, several, or something else.

    Raises:
        IndexError, ValueError: it is damaged.
    """
    head = pick(tensor, (_DTYPE, _SHAPE, _CONTENT))
    kind = _KINDS.get(varint(head[_DTYPE])[0]) if _DTYPE in head else None
    if kind is None or not (_SHAPE not in head or _is_one(head[_SHAPE])):
        return None
    form, listed, how = kind
    size = 2 if form == "bfloat16" else struct.calcsize(form)
    raw = bytes(head[_CONTENT]) if _CONTENT in head else _first(tensor, listed, how, size)
    if len(raw) != size:
        return None
    if form == "bfloat16":  # the upper half of a float
        return _unpack("f", b"\0\0" + raw)
    return _unpack(form, raw)


def _unpack(form: str, raw: bytes) -> float:
    return float(struct.unpack("<" + form, raw)[0])


def _is_one(shape: memoryview) -> bool:
    """Whether each dimension is 1, or there is none."""
    sizes = (pick(dimension, (_SIZE,)).get(_SIZE) for found, dimension in fields(shape) if found == _DIMENSION)
    return all(size is not None and varint(size)[0] == 1 for size in sizes)


def _first(tensor: memoryview, listed: int, how: int, size: int) -> bytes:
    """The bytes of the one value in a list (packed or not); none where it has several."""
    found = pick(tensor, (key(listed, how), key(listed, BYTES)))
    value = next(iter(found.values()), memoryview(b""))
    if how != VARINT or not value:
        return bytes(value)
    number, end = varint(value)
    return number.to_bytes(8, "little")[:size] if end == len(value) else b""
