"""Protocol buffers, as far as an event needs them.

A field is known by its key, the number and the kind of value in one: a field of another kind than expected is another
field. Every value is a view of its bytes, so nothing is copied, and a list of one number reads like the number itself.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5


def key(number: int, kind: int) -> int:
    """The key of a field."""
    return number << 3 | kind


def varint(data: bytes | memoryview, at: int = 0) -> tuple[int, int]:
    """The unsigned number of up to 64 bits that begins at ``at``, and where it ends.

    Raises:
        IndexError: the data end before it does.
        ValueError: it has no end within ten bytes.
    """
    byte = data[at]
    number = byte & 0x7F
    shift = 7
    while byte > 0x7F:
        at += 1
        byte = data[at]
        number |= (byte & 0x7F) << shift
        shift += 7
        if shift > 70:
            raise ValueError("a number of more than ten bytes")
    return number & 0xFFFF_FFFF_FFFF_FFFF, at + 1


def signed(number: int) -> int:
    """A 64-bit number, read as two's complement."""
    return number - (1 << 64) if number >> 63 else number


def write_varint(number: int) -> bytes:
    """The shortest form of a number that is not negative."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def fields(data: memoryview) -> Iterator[tuple[int, memoryview]]:
    """The fields of a message in order: key and value.

    Raises:
        IndexError, ValueError: here the message is damaged.
    """
    at = 0
    while at < len(data):
        found, at = varint(data, at)
        start, at = _value(data, found & 7, at)
        if at > len(data):
            raise ValueError("a field is cut short")
        yield found, data[start:at]


def _value(data: memoryview, kind: int, at: int) -> tuple[int, int]:
    """From where to where the value of a field goes that follows its key."""
    if kind == BYTES:
        length, at = varint(data, at)
        return at, at + length
    if kind == VARINT:
        return at, varint(data, at)[1]
    if kind == FIXED32:
        return at, at + 4
    if kind == FIXED64:
        return at, at + 8
    raise ValueError(f"no kind of field: {kind}")


def pick(data: memoryview, wanted: Collection[int]) -> dict[int, memoryview]:
    """The fields with these keys; of several with one key the last, as the format has it. Raises as ``fields``."""
    return {found: value for found, value in fields(data) if found in wanted}
