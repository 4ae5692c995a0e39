"""TFRecord, the frame of an event file: length, its checksum, data, its checksum; again and again.

Both checksums are masked CRC-32C. That of the length is checked, so that no damage is taken for a frame; that of the
data is not: in Python it would take longer than all the rest.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from functools import lru_cache
from os import SEEK_CUR, fstat
from typing import IO

MAX_RECORD = 64 << 20
"""Bytes. An image may be larger, a scalar is not."""

_HEAD = struct.Struct("<QI")
_CRC = 4


def records(stream: IO[bytes]) -> Iterator[bytes | None]:
    """The data of each record; None in place of one that is larger than ``MAX_RECORD``.

    Raises:
        ValueError: from here on the file is damaged or cut short; all before has been yielded.
        OSError: it cannot be read.
    """
    size = fstat(stream.fileno()).st_size
    head = stream.read(_HEAD.size)
    while head:
        length = _length(head)
        if length > MAX_RECORD:
            if length + _CRC > size - stream.tell():
                raise ValueError("cut short")
            yield None
            stream.seek(length + _CRC, SEEK_CUR)
            head = stream.read(_HEAD.size)
            continue
        data = stream.read(length + _CRC + _HEAD.size)  # the next head with it: one call a record
        if len(data) < length + _CRC:
            raise ValueError("cut short")
        yield data[:length]
        head = data[length + _CRC :]


@lru_cache(4096)
def _length(head: bytes) -> int:
    """The length that a head tells. Most records of a file have one of a few lengths: a checksum is computed once."""
    if len(head) < _HEAD.size:
        raise ValueError("cut short")
    length, crc = _HEAD.unpack(head)
    if masked_crc(head[:8]) != crc:
        raise ValueError("damaged")
    return int(length)


def masked_crc(data: bytes) -> int:
    """CRC-32C, rotated and offset as TFRecord has it: a record that holds records does not look like its parts."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = _TABLE[(crc ^ byte) & 0xFF] ^ crc >> 8
    crc ^= 0xFFFFFFFF
    return (crc >> 15 | crc << 17) + 0xA282EAD8 & 0xFFFFFFFF


def _remainder(byte: int) -> int:
    for _ in range(8):
        byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
    return byte


_TABLE = tuple(map(_remainder, range(256)))
