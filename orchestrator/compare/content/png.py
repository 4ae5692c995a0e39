"""PNG: the pixels. Texts and times, and how well the picture was packed, are not content."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from orchestrator.compare.content.arrays import Array, Element, compare_arrays
from orchestrator.compare.content.png_filters import unfiltered
from orchestrator.compare.content.port import Comparator, Desk, Side, Unreadable, exactly, some
from orchestrator.compare.difference import Difference, keyed

_MAGIC = b"\x89PNG\r\n\x1a\n"
_NOT_CONTENT = frozenset({"tEXt", "zTXt", "iTXt", "tIME", "eXIf", "IDAT", "IEND"})
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_DEPTHS = (1, 2, 4, 8, 16)
_MOST = 256 << 20
_MOST_FILTERED = 16 << 20
"""Bytes of pixels that are unfiltered here: it takes a second for each 5 MB."""


@dataclass
class _Picture:
    """Size and kind, then what is not unpacked yet."""

    width: int
    height: int
    depth: int
    channels: int
    interlaced: int
    chunks: dict[str, str] = field(default_factory=dict)
    """What else belongs to the picture: palette, transparency, colour space. By type, in hexadecimal."""
    packed: bytearray = field(default_factory=bytearray)

    @property
    def row(self) -> int:
        """Bytes of a row, without its filter."""
        return (self.width * self.channels * self.depth + 7) // 8

    @property
    def pixel(self) -> int:
        """Bytes from one pixel to the next, as the filters count; at least 1."""
        return max(self.channels * self.depth // 8, 1)


def knows(side: Side) -> bool:
    """By its first bytes."""
    return side.head(8) == _MAGIC


def compare(left: Side, right: Side, desk: Desk) -> Iterator[Difference]:
    """Size and kind, palette and the like, then the pixels."""
    one, other = _read(left), _read(right)
    facts = [_facts(picture) for picture in (one, other)]
    yield from some(keyed(facts[0], facts[1]))
    yield from some(keyed(one.chunks, other.chunks))
    if facts[0] == facts[1]:
        yield from _pixels(one, other, desk)


def _pixels(one: _Picture, other: _Picture, desk: Desk) -> Iterator[Difference]:
    rows = [_unpacked(picture, desk) for picture in (one, other)]
    if rows[0] == rows[1]:
        return
    if one.interlaced or len(rows[0]) > _MOST_FILTERED:
        raise Unreadable("an interlaced picture, or a large one")
    sides = [
        _array(picture, unfiltered(data, one.row, one.pixel)) for picture, data in zip((one, other), rows, strict=True)
    ]
    yield from some([compare_arrays("pixels (row, column, channel)", *sides)])


def _array(picture: _Picture, pixels: bytes) -> Array:
    if picture.depth < 8:  # several pixels a byte
        return Array(Element("bytes", "u1"), (picture.height, picture.row), lambda: iter([pixels]))
    shape = (picture.height, picture.width, picture.channels)
    element = Element("uint16", ">u2") if picture.depth == 16 else Element("uint8", "u1")
    return Array(element, shape, lambda: iter([pixels]))


def _facts(picture: _Picture) -> dict[str, int]:
    names = ("width", "height", "depth", "channels", "interlaced")
    return {name: getattr(picture, name) for name in names}


def _read(side: Side) -> _Picture:
    side.stream.seek(len(_MAGIC))
    kind, data = _chunk(side)
    if kind != "IHDR" or len(data) != 13:
        raise Unreadable("no header")
    width, height, depth, colour, packing, filtering, interlaced = struct.unpack(">IIBBBBB", data)
    if depth not in _DEPTHS or colour not in _CHANNELS or packing or filtering or not width or not height:
        raise Unreadable("a header that says what PNG has not")
    picture = _Picture(width, height, depth, _CHANNELS[colour], interlaced, {"colour": str(colour)})
    while kind != "IEND":
        kind, data = _chunk(side)
        if kind == "IDAT":
            picture.packed += data
        elif kind not in _NOT_CONTENT:
            picture.chunks[kind] = picture.chunks.get(kind, "") + data.hex()
    if side.stream.read(1):
        raise Unreadable("bytes behind its end")
    return picture


def _chunk(side: Side) -> tuple[str, bytes]:
    length, kind = struct.unpack(">I4s", exactly(side.stream, 8))
    if length > side.size:
        raise Unreadable("cut short")
    data, crc = exactly(side.stream, length), exactly(side.stream, 4)
    if zlib.crc32(kind + data) != int.from_bytes(crc, "big"):
        raise Unreadable("damaged")
    return kind.decode("latin-1"), data


def _unpacked(picture: _Picture, desk: Desk) -> bytes:
    """The rows, each behind its filter."""
    size = _interlaced_size(picture) if picture.interlaced else picture.height * (picture.row + 1)
    if size > _MOST:
        raise Unreadable(f"more than {_MOST >> 20} MiB of pixels")
    desk.budget.spend(size)
    unpacker = zlib.decompressobj()
    data = unpacker.decompress(bytes(picture.packed), size + 1)
    if len(data) > size or (len(data) < size and not picture.interlaced):
        raise Unreadable("more or fewer pixels than the header says")
    return data


def _interlaced_size(picture: _Picture) -> int:
    """At most: seven passes, each with a filter for every row."""
    return picture.height * (picture.row + 8) * 2


PNG = Comparator("PNG pixels", knows, compare)
